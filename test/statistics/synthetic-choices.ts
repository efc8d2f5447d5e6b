/** What made-up policies made of a job: of one arm, of all arms in some measure, over all known arms, and as older rows say. */
import type { Draw } from '../../shared/domain/rng.ts'
import { ARMS, lognormal, type SyntheticArm, weighted } from './synthetic-fleet.ts'

type Share = { arm: string; probability: number }

/** @param isOld in the form of rows from before the distribution was recorded. */
export function choicesJson(
  feasible: readonly SyntheticArm[],
  { known, isOld, withGreedy }: { known: boolean; isOld: boolean; withGreedy: boolean },
  draw: Draw,
): string {
  const onOne = (list: readonly SyntheticArm[]): Share[] => {
    const favourite = weighted(list, ({ speed }) => speed ** 3, draw).arm
    return list.map(({ arm }) => ({ arm, probability: arm === favourite ? 1 : 0 }))
  }
  const spread = (list: readonly SyntheticArm[]): Share[] => {
    const raw = list.map(({ arm, speed }) => ({ arm, weight: 0.2 + speed * lognormal(draw, 1) }))
    const sum = raw.reduce((all, { weight }) => all + weight, 0)
    return raw.map(({ arm, weight }) => ({ arm, probability: weight / sum }))
  }
  const evenly = (list: readonly SyntheticArm[]): Share[] =>
    list.map(({ arm }) => ({ arm, probability: 1 / list.length }))
  const overKnown = draw() < 0.5 ? onOne(ARMS) : spread(ARMS)
  const all = [
    ...(known ? [choice('thompson', 'known', overKnown, draw)] : []),
    choice('thompson', 'feasible', spread(feasible), draw),
    choice('uniform', 'feasible', evenly(feasible), draw),
    ...(withGreedy ? [choice('greedy', 'feasible', onOne(feasible), draw)] : []),
  ]
  const older = ({ policy, version, set, arm, probability }: (typeof all)[number]) => ({
    policy,
    version,
    set,
    arm,
    probability,
  })
  return JSON.stringify(isOld ? all.map(older) : all)
}

function choice(policy: string, set: 'known' | 'feasible', shares: readonly Share[], draw: Draw) {
  const rest = Math.min(...shares.map(({ probability }) => probability))
  const { arm, probability } = weighted(shares, (share) => share.probability, draw)
  const probabilities = shares.filter((share) => share.probability > rest)
  return { policy, version: '1', parameters: {}, set, arm, probability, rest, probabilities }
}
