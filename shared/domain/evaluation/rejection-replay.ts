/**
 * What if the policy had been in control? Replay of a learning policy on what was logged.
 * Source: Li, Chu, Langford & Wang (2011), Unbiased offline evaluation of contextual-bandit-based news article recommendation
 * algorithms; with the rejection of unequal propensities of Dudík, Erhan, Langford & Li (2012), Sample-efficient
 * nonstationary policy evaluation for contextual bandits.
 *
 * Job by job, in the order of their starts: with probability m/p the job is looked at, p the propensity of its logged action
 * and m the smallest of the log; the policy draws an arm from its probabilities over the feasible arms; where that is the
 * logged action, the job is kept. So whatever the policy draws is kept with the same probability p · m/p = m, and the kept
 * jobs are distributed as those of a run in which the policy decided. It learns from kept jobs alone, and from each only once
 * it has ended before the job at hand started.
 *
 * What a finite log does to it: of n jobs about m · n are kept, by chance alone, so that the mean reward is that of the *first*
 * m · n jobs of learning, without bias; a policy that is still learning then is worth more over a long time than this says.
 * Beyond that it is biased:
 * - where a propensity was below m (`belowSmallest` counts such jobs): what is kept of them falls short by p/m, so that the
 *   result leans towards what was logged often; the smaller m, the less of that, and the fewer jobs are kept;
 * - by propensities that are not exact;
 * - kept jobs lie further apart in time than those of a real run: drift per job is faster, and outcomes come in less late;
 * - and it says nothing of the queues that would have formed: of moving all jobs rather than one.
 * Chance decides which jobs are kept: several seeds show how much it does.
 */
import type { Instant, JobEvent } from '../event.ts'
import { startFold } from '../fold.ts'
import { choiceOf, drawIndex, type Policy } from '../policy.ts'
import { rewardOf } from '../reward.ts'
import type { Draw } from '../rng.ts'
import { EMPTY_STATE } from '../state.ts'
import type { Term } from './cluster-sums.ts'
import { type Estimate, estimatesOf } from './estimate.ts'
import { clusterOf } from './logged-job.ts'

/** One finish per job; its `arm` is the logged action. */
export type ReplayedJob = { finish: JobEvent; feasible: readonly string[]; propensity: number }

export type ReplaySettings = {
  policy: Policy
  draw: Draw
  /** m, in (0, 1]: at most the propensity of any feasible arm of any job, for a result without bias. */
  smallestPropensity: number
  /** As of a fold. */
  lateAfterMs: number
  /** Null where it is not known: the job is left out. Default: the reward as the product defines it. */
  rewardOf?: (finish: JobEvent) => number | null
}

/** `value` is the mean reward of the first `kept` jobs, the last of which started at `at`. */
export type ReplayPoint = { kept: number; at: Instant; value: number }

export type Replay = Pick<Estimate, 'value' | 'standardError' | 'low' | 'high'> & {
  /** That were replayed: whose reward is known, and whose action is feasible. */
  jobs: number
  kept: number
  belowSmallest: number
  /** At most CURVE_POINTS, evenly spaced by kept jobs, and the last one. */
  curve: ReplayPoint[]
}

export const CURVE_POINTS = 200

export function rejectionReplay(jobs: Iterable<ReplayedJob>, settings: ReplaySettings): Replay {
  const replay = startReplay(settings)
  for (const job of jobs) replay.add(job)
  return replay.result()
}

/** A replay in progress, for jobs that come one by one. */
export function startReplay(settings: ReplaySettings): { add(job: ReplayedJob): void; result(): Replay } {
  const { policy, draw, smallestPropensity, lateAfterMs, rewardOf: rewardOfJob = specRewardOf } = settings
  const learned = startFold(EMPTY_STATE, lateAfterMs)
  const kept: Term[] = []
  const curve = startCurve()
  let pending: JobEvent[] = []
  let jobs = 0
  let belowSmallest = 0
  const learnUntil = (at: Instant) => {
    const ended = pending.filter(({ occurredAt }) => occurredAt <= at)
    if (ended.length === 0) return
    pending = pending.filter(({ occurredAt }) => occurredAt > at)
    learned.add(ended)
  }
  return {
    add({ finish, feasible, propensity }) {
      const reward = rewardOfJob(finish)
      if (reward === null || finish.arm === null || !feasible.includes(finish.arm)) return
      jobs += 1
      if (propensity < smallestPropensity) belowSmallest += 1
      // First the chance that does not depend on the policy: it spares most of its arithmetic.
      if (draw() * propensity >= smallestPropensity) return
      const startedAt = finish.startedAt ?? finish.occurredAt
      learnUntil(startedAt)
      const choice = choiceOf(learned.state, feasible)
      const picked = choice.arms[drawIndex(policy.probabilities(choice), draw)]
      if (picked?.arm !== finish.arm) return
      pending.push(finish)
      kept.push({
        cluster: clusterOf(finish),
        weight: 1,
        reward,
        feasible: 1,
        modelPolicy: 0,
        modelAction: 0,
      })
      curve.add(startedAt, reward)
    },
    result() {
      const { value, standardError, low, high } = estimatesOf(kept).ips
      return {
        jobs,
        kept: kept.length,
        belowSmallest,
        value,
        standardError,
        low,
        high,
        curve: curve.points(),
      }
    },
  }
}

/** 0 of what failed or was canceled; null of a success of unknown duration. */
export function specRewardOf({ status, durationSeconds, costPerHourEur }: JobEvent): number | null {
  if (status !== 'success') return 0
  return durationSeconds === null ? null : rewardOf(true, durationSeconds, costPerHourEur)
}

/** Every `stride`-th point; the stride doubles when there are too many. */
function startCurve(): { add(at: Instant, reward: number): void; points(): ReplayPoint[] } {
  let points: ReplayPoint[] = []
  let stride = 1
  let total = 0
  let last: ReplayPoint | undefined
  return {
    add(at, reward) {
      total += reward
      const kept = (last?.kept ?? 0) + 1
      last = { kept, at, value: total / kept }
      if (kept % stride !== 0) return
      points.push(last)
      if (points.length < CURVE_POINTS) return
      stride *= 2
      points = points.filter((point) => point.kept % stride === 0)
    },
    points: () => (last === undefined || points.at(-1) === last ? [...points] : [...points, last]),
  }
}
