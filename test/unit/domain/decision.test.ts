import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decide, projectNamesOf, shadowTargets } from '../../../shared/domain/decision.ts'
import type { Fleet } from '../../../shared/domain/fleet.ts'
import { policies } from '../../../shared/domain/policies/index.ts'
import { type BanditState, EMPTY_STATE } from '../../../shared/domain/state.ts'
import { armOf, finishedEvent, fleetWith, NOON, startedEvent, stateOf } from '../../support/builders.ts'
import { finishesArb, fleetArb, nameArb } from '../arbitraries.ts'

const arms = ['a', 'b', 'c'].map((name) => armOf({ name, tags: name === 'c' ? ['shell'] : ['docker', name] }))
const fleet = fleetWith(...arms)
const start = startedEvent({ jobId: 1, arm: 'a', runnerTags: ['docker'] })

/** `seconds` of one success each; 54 s earn 1, 114 s 0.5, 24 s 2. */
const successes = (arm: string, ...seconds: number[]) =>
  seconds.map((durationSeconds) => finishedEvent({ arm, durationSeconds, jobName: 'other' }))

describe('a decision', () => {
  // t = 7, ln 7 = 1.945910. a: 1 + 2 sqrt(ln 7 / 3) = 2.6108; b: 0.5 + 2 sqrt(ln 7 / 2) = 2.4728;
  // c: 2 + 2 sqrt(ln 7 / 2) = 3.9728. c has not got the tag of the runner that has the job.
  const state = stateOf([
    ...successes('a', 54, 54, 54),
    ...successes('b', 114, 114),
    ...successes('c', 24, 24),
  ])
  const decision = decide('id', start, state, fleet)

  test('names the pick of the pure bandit and that among the feasible arms', () => {
    expect(decision).toMatchObject({ mabRunner: 'c', nsaiRunner: 'a', knownCount: 3, stateObservations: 7 })
    expect(decision.feasible).toEqual([
      { arm: 'a', observations: 3, meanReward: 1 },
      { arm: 'b', observations: 2, meanReward: 0.5 },
    ])
    expect(decision.refused.map(({ arm, code }) => [arm, code])).toEqual([['c', 'tags_unknown']])
    expect(decision.stateAsOfAt).toBe(NOON)
  })

  test('tells how sure the state is of the feasible pick: more than half, and not all', () => {
    expect(decision.nsaiConfidence).toBeGreaterThan(0.5)
    expect(decision.nsaiConfidence).toBeLessThan(1)
  })

  // The width of UCB1-Tuned: rewards of an arm do not vary, so it is sqrt(ln 7 / n · sqrt(2 ln 7 / n)); a: 0.8595,
  // b: 1.1650. So a: 1 ± 0.8595 and b: 0.5 ± 1.1650, and a is ahead both ways.
  test('records what every policy picked from which set with which probability', () => {
    expect(decision.choices.map(({ policy, set }) => [policy, set])).toEqual([
      ['ucb1', 'known'],
      ['ucb1', 'feasible'],
      ['ucb1-tuned', 'feasible'],
      ['thompson', 'feasible'],
      ['greedy', 'feasible'],
      ['uniform', 'feasible'],
    ])
    const named = decision.choices.map(({ policy, set }) => (set === 'known' ? `${policy}/known` : policy))
    expect(named.sort(), 'what an evaluation may be asked about').toEqual([...shadowTargets].sort())
    const choiceOf = (name: string) => decision.choices.findLast(({ policy }) => policy === name)
    expect(decision.choices[0]).toEqual({
      policy: 'ucb1',
      version: '1',
      parameters: { c: 2 },
      set: 'known',
      arm: 'c',
      probability: 1,
      rest: 0,
      probabilities: [{ arm: 'c', probability: 1 }],
    })
    for (const name of ['ucb1', 'ucb1-tuned', 'greedy']) {
      expect(choiceOf(name)).toMatchObject({ version: '1', arm: 'a', probability: 1 })
    }
    expect(choiceOf('uniform')).toMatchObject({ arm: expect.stringMatching(/^[ab]$/), probability: 0.5 })
    const { arm, probability = 0 } = choiceOf('thompson') ?? {}
    expect(arm).toMatch(/^[ab]$/)
    // a is the faster one, and both have succeeded every time.
    expect(arm === 'a' ? probability : 1 - probability).toBeGreaterThan(0.5)
    expect(probability).toBeLessThan(1)
  })

  test('records the whole distribution of every policy, so that any arm can be weighed afterwards', () => {
    for (const { arm, probability, rest, probabilities, set } of decision.choices) {
      const offered = set === 'known' ? ['a', 'b', 'c'] : ['a', 'b']
      const listed = new Map(probabilities.map((one) => [one.arm, one.probability]))
      const all = offered.map((name) => listed.get(name) ?? rest)
      expect(all.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 12)
      expect(listed.get(arm ?? '') ?? rest).toBe(probability)
    }
  })

  test('is the same again for the same id, and draws anew for another', () => {
    expect(decide('id', start, state, fleet)).toEqual(decision)
    const drawn = Array.from(
      { length: 60 },
      (_, id) => decide(`id ${id}`, start, state, fleet).choices.at(-1)?.arm,
    )
    expect(new Set(drawn)).toEqual(new Set(['a', 'b']))
  })

  test('is possible when no arm is known at all', () => {
    const nothing = { arm: null, probability: 0, rest: 0, probabilities: [] }
    const nobody = { ...start, arm: null, runnerTags: [] }
    expect(decide('id', nobody, EMPTY_STATE, fleetWith())).toEqual({
      seed: 'id',
      mabRunner: null,
      nsaiRunner: null,
      nsaiConfidence: null,
      knownCount: 0,
      feasible: [],
      refused: [],
      choices: [
        { policy: 'ucb1', version: '1', parameters: { c: 2 }, set: 'known', ...nothing },
        ...policies.map(({ name, version, parameters }) => {
          return { policy: name, version, parameters, set: 'feasible', ...nothing }
        }),
      ],
      stateAsOfAt: null,
      stateObservations: 0,
    })
  })

  const anyCase = fc.record({ fleet: fleetArb, events: finishesArb, arm: nameArb, managed: fc.boolean() })
  const decided = ({
    fleet,
    events,
    arm,
    managed,
  }: {
    fleet: Fleet
    events: ReturnType<typeof finishedEvent>[]
    arm: string
    managed: boolean
  }) => {
    const state: BanditState = stateOf(events)
    const actual = managed ? ([...fleet.arms.keys()][0] ?? arm) : arm
    return { actual, ...decide('id', { ...start, arm: actual }, state, fleet) }
  }

  test('always counts the actual runner among the feasible ones, whatever fleet.yaml says of it', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const { actual, feasible, refused } = decided(given)
        expect(feasible.map(({ arm }) => arm)).toContain(actual)
        expect(refused.map(({ arm }) => arm)).not.toContain(actual)
      }),
    )
  })

  test('always splits the known arms and picks from the set it says', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const { feasible, refused, knownCount, nsaiRunner, nsaiConfidence, choices } = decided(given)
        expect(feasible.length + refused.length).toBe(knownCount)
        const offered = feasible.map(({ arm }) => arm)
        expect(offered).toContain(nsaiRunner)
        expect(offered).toEqual(offered.toSorted())
        expect(nsaiConfidence).toBeGreaterThan(0)
        expect(nsaiConfidence).toBeLessThanOrEqual(1)
        for (const { set, arm } of choices) if (set === 'feasible') expect(offered).toContain(arm)
      }),
    )
  })
})

test('a project goes by its path, its id and the last part of its path', () => {
  expect(projectNamesOf(42, 'group/sub/app')).toEqual(['group/sub/app', '42', 'app'])
  expect(projectNamesOf(42, null)).toEqual(['42'])
  // Not by a last part that would pass for the id of another project.
  expect(projectNamesOf(42, 'group/101')).toEqual(['group/101', '42'])
})
