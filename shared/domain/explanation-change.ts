/**
 * What would have changed a pick: how far the statistics are from another one. For policies that take the best score; one
 * that draws has no such edge.
 */
import type { ArmStatistics, Choice, Policy } from './policy.ts'

/** Rewards are in [0, 10], and so are their means. */
const MOST_REWARD = 10
/** No one waits for more jobs than this. */
export const MOST_JOBS = 1_000_000

export type RankedArm = { arm: string; score: number; meanReward: number | null }

export type NextBest = {
  pick: string
  runnerUp: string
  /** In score; null when one of the two was never tried. */
  gap: number | null
  /** The runner-up is taken when its mean reward rises by more; null when it cannot rise so far. */
  rise: number | null
  /** … or when the pick's falls by more; null when it cannot fall so far. */
  fall: number | null
}

export type Change = {
  /** The fewest more jobs of the pick, at the mean it has, and the arm that is taken then; null up to a million. */
  moreJobs: { jobs: number; arm: string } | null
  /** Who is picked once the pick has failed once more. */
  afterFailure: string
}

/**
 * The pick and the next best, of scores that each grow as the arm's mean reward does; undefined of fewer than two arms.
 * @param ranked best first; Infinity and -Infinity are the scores of arms never tried.
 */
export function nextBestOf(ranked: readonly RankedArm[]): NextBest | undefined {
  const [pick, next] = ranked
  if (pick === undefined || next === undefined) return undefined
  const gap = Number.isFinite(pick.score) && Number.isFinite(next.score) ? pick.score - next.score : null
  return {
    pick: pick.arm,
    runnerUp: next.arm,
    gap,
    rise: gap !== null && (next.meanReward ?? 0) + gap <= MOST_REWARD ? gap : null,
    fall: gap !== null && (pick.meanReward ?? MOST_REWARD) - gap >= 0 ? gap : null,
  }
}

/**
 * What more jobs of the pick would change, by asking the policy again. Only for a policy that reads nothing but the
 * number of observations and their mean: UCB1. Undefined of fewer than two arms.
 */
export function changeOf(choice: Choice, policy: Policy): Change | undefined {
  if (choice.arms.length < 2) return undefined
  const place = bestOf(choice, policy)
  const { observations, meanReward } = choice.arms[place] as ArmStatistics
  const failed = withPick(choice, place, 1, (observations * meanReward) / (observations + 1))
  return {
    moreJobs: observations === 0 ? null : moreJobsOf(choice, policy, place),
    afterFailure: armAt(failed, bestOf(failed, policy)),
  }
}

/**
 * More jobs of the pick only bring its score down and the others' up, so halving finds where it turns: ln(t + k) / (n + k)
 * falls with k from t = 2 and n = 1 on, which two tried arms have.
 */
function moreJobsOf(choice: Choice, policy: Policy, place: number): Change['moreJobs'] {
  const { meanReward } = choice.arms[place] as ArmStatistics
  const after = (jobs: number) => bestOf(withPick(choice, place, jobs, meanReward), policy)
  const found = (jobs: number) => ({ jobs, arm: armAt(choice, after(jobs)) })
  let stays = 0
  let step = 1
  while (after(stays + step) === place) {
    stays += step
    if (stays >= MOST_JOBS) return null
    step = Math.min(2 * step, MOST_JOBS - stays)
  }
  let goes = stays + step
  while (goes - stays > 1) {
    const middle = Math.floor((stays + goes) / 2)
    if (after(middle) === place) stays = middle
    else goes = middle
  }
  return found(goes)
}

function withPick(
  { arms, totalObservations }: Choice,
  place: number,
  jobs: number,
  meanReward: number,
): Choice {
  const pick = arms[place] as ArmStatistics
  const observations = pick.observations + jobs
  return {
    arms: arms.with(place, { ...pick, observations, meanReward }),
    totalObservations: totalObservations + jobs,
  }
}

const bestOf = (choice: Choice, policy: Policy): number => policy.probabilities(choice).indexOf(1)
const armAt = ({ arms }: Choice, place: number): string => (arms[place] as ArmStatistics).arm
