/** The targets of a log, or of its first part: their terms by every source of propensities, and their truth. */
import type { Term } from '../../domain/evaluation/cluster-sums.ts'
import type { LoggedJob } from '../../domain/evaluation/logged-job.ts'
import { crossFitPropensities, type PropensityModel } from '../../domain/evaluation/propensity-model.ts'
import { crossFitRewards, type RewardModel } from '../../domain/evaluation/reward-model.ts'
import { loggedTermsOf, termsOf } from '../../domain/evaluation/terms.ts'
import { SPEC_RANGE } from '../logged-jobs.ts'
import { expectedOf, type Sample } from './sample.ts'
import { type Pick, SHADOW_TARGETS } from './shadow.ts'

/** `true`: as the logger drew; `estimated`: the product's model; `assumed`: 1/feasible count. */
export const SOURCES = ['true', 'estimated', 'assumed'] as const
export type Source = (typeof SOURCES)[number]

/** The product's contextual one: the best by the model of the reward, learned from the other folds. */
const RESCORED = 'model-greedy/rescored'
export const TARGETS = [...SHADOW_TARGETS, RESCORED, 'logged'] as const
export type TargetName = (typeof TARGETS)[number]

export type Prefix = {
  /** None with a recorded propensity. */
  jobs: readonly LoggedJob[]
  /** With that of the source as the recorded one. */
  bySource: Readonly<Record<Source, readonly LoggedJob[]>>
  model: PropensityModel
  terms(target: TargetName, source: Source): Term[]
  /** By place: what the target was to be expected to earn. */
  truths(target: TargetName): Float64Array
}

/** The first `count` jobs, and what is learned from them alone. */
export function prefixOf({ jobs, exact, expected, picks }: Sample, count: number): Prefix {
  const its = jobs.slice(0, count)
  const q = crossFitRewards(its)
  const model = crossFitPropensities(its)
  const drawnBy = (propensityOf: (job: LoggedJob) => number) =>
    its.map((job) => ({ ...job, recordedPropensity: propensityOf(job) }))
  const bySource: Record<Source, LoggedJob[]> = {
    true: exact.slice(0, count),
    estimated: drawnBy((job) => model(job, job.action)),
    assumed: drawnBy(({ feasible }) => 1 / feasible.length),
  }
  const rescored = rescoredBy(q)
  const terms = new Map<string, Term[]>()
  const truths = new Map<TargetName, Float64Array>()
  const pickAt = (target: Exclude<TargetName, 'logged'>, place: number): Pick =>
    target === RESCORED ? rescored(its[place] as LoggedJob) : (picks[target][place] as Pick)

  return {
    jobs: its,
    bySource,
    model,
    terms(target, source) {
      const name = `${target} ${source}`
      const known = terms.get(name) ?? termsBy(target, source)
      terms.set(name, known)
      return known
    },
    truths(target) {
      const known = truths.get(target) ?? truthsOf(target)
      truths.set(target, known)
      return known
    },
  }

  function termsBy(target: TargetName, source: Source): Term[] {
    if (target === 'logged') return loggedTermsOf(bySource[source], recorded, q)
    let place = -1
    const next = () => {
      place += 1
      return pickAt(target, place)
    }
    return termsOf(bySource[source], next, recorded, q)
  }

  function truthsOf(target: TargetName): Float64Array {
    return Float64Array.from(its, (job, place) => {
      const rewards = expected[place] as ReadonlyMap<string, number>
      return target === 'logged'
        ? (rewards.get(job.action) as number)
        : expectedOf(pickAt(target, place), job, rewards)
    })
  }
}

const recorded = (job: LoggedJob) => job.recordedPropensity

/** Equal to nine decimals of the product's reward is equal, as in the view `policy_picks`; ties to the first arm, the smallest. */
function rescoredBy(q: RewardModel): (job: LoggedJob) => Pick {
  const known = new Map<string, Pick>()
  return ({ fold, jobKey, feasible }) => {
    const name = `${fold} ${jobKey}`
    let pick = known.get(name)
    if (pick === undefined) {
      const of = (arm: string) => Math.round(SPEC_RANGE * 1e9 * q(fold, jobKey, arm))
      pick = new Map([[feasible.reduce((best, arm) => (of(arm) > of(best) ? arm : best)), 1]])
      known.set(name, pick)
    }
    return pick
  }
}
