/** The JSON that decisions hold of arms and policies: as the product writes it, as older versions did, and off the mark. */
import type { Draw } from '../../shared/domain/rng.ts'

export const ARMS = ['a', 'b', 'Läufer ☕']
/** Told of arms by nobody but a fleet file that changed in between. */
const STRANGE_ARMS = ['it\'s "one" \\ of [these]', 'NULL']

const POLICIES: readonly [policy: string, set: string][] = [
  ['ucb1', 'known'],
  ['ucb1', 'feasible'],
  ['thompson', 'feasible'],
  ['uniform', 'feasible'],
]

/** A list of feasible arms; empty now and then, or no JSON. */
export function feasible(draw: Draw): string {
  const kind = draw()
  if (kind < 0.03) return '[]'
  if (kind < 0.06) return 'NULL'
  const arms = [...ARMS.filter(() => draw() < 0.8), ...STRANGE_ARMS.filter(() => draw() < 0.1)]
  return JSON.stringify(shuffled(arms, draw).map((arm) => ({ arm, observations: 1, mean_reward: draw() })))
}

export function choices(draw: Draw): string {
  return JSON.stringify(POLICIES.filter(() => draw() < 0.8).map((policy) => choice(policy, draw)))
}

function choice([policy, set]: readonly [string, string], draw: Draw): object {
  const pick = {
    policy,
    version: '1',
    set,
    arm: oneOf([...ARMS, null], draw),
    probability: oneOf([0, 1e-7, 1 / 3, 0.5, 1], draw),
  }
  const [first = null, second = null] = shuffled(ARMS, draw)
  switch (Math.floor(draw() * 4)) {
    case 0:
      return pick
    case 1:
      return { ...pick, rest: 0, probabilities: [{ arm: first, probability: 1 }] }
    case 2:
      return { ...pick, rest: 1 / 3, probabilities: [] }
    default: {
      const rest = draw() * 0.1
      const more = 0.9 * draw()
      return {
        ...pick,
        rest,
        probabilities: [
          { arm: first, probability: more + rest },
          { arm: second, probability: 0.9 - more + rest },
        ],
      }
    }
  }
}

/** Undefined only of an empty list. */
export function oneOf<T>(list: readonly T[], draw: Draw): T | undefined {
  return list[Math.floor(draw() * list.length)]
}

export function shuffled<T>(list: readonly T[], draw: Draw): T[] {
  return list
    .map((item) => ({ item, position: draw() }))
    .sort((a, b) => a.position - b.position)
    .map(({ item }) => item)
}
