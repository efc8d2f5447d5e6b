/** Logged jobs and a target policy → the terms of its estimates, as the view `policy_terms`. */
import type { Term } from './cluster-sums.ts'
import type { LoggedJob } from './logged-job.ts'
import type { PropensityOf } from './propensity-model.ts'
import type { RewardModel } from './reward-model.ts'

/** A policy's probability of each arm that has one above 0; infeasible arms may be among them, and earn nothing. */
export type Target = (job: LoggedJob) => ReadonlyMap<string, number>

/**
 * A pick that had no room at that moment is left to GitLab, which can never choose it then, so that the log says nothing of
 * it: what was done takes its place, with the weight 1 and its own q. A routed job waits; for it every arm has room.
 *
 * In the order of the jobs. Jobs whose reward or propensity is not known are left out: the same ones for every target, so
 * that the terms of two targets are of the same jobs at the same index.
 */
export function termsOf(
  jobs: Iterable<LoggedJob>,
  target: Target,
  propensityOf: PropensityOf,
  q: RewardModel,
): Term[] {
  return rowsOf(jobs, propensityOf, q, (job, propensity) => {
    const probabilities = target(job)
    let feasible = 0
    let left = 0
    let modelPolicy = 0
    for (const [arm, probability] of probabilities) {
      if (!job.feasible.includes(arm)) continue
      feasible += probability
      if (job.free.includes(arm)) modelPolicy += probability * q(job.fold, job.jobKey, arm)
      else left += probability
    }
    return {
      weight: (probabilities.get(job.action) ?? 0) / propensity + left,
      feasible,
      modelPolicy: modelPolicy + left * q(job.fold, job.jobKey, job.action),
    }
  })
}

/** What was done, as a target: every weight is 1, so that its value is the mean reward by all estimators but `dm`'s model. */
export function loggedTermsOf(jobs: Iterable<LoggedJob>, propensityOf: PropensityOf, q: RewardModel): Term[] {
  return rowsOf(jobs, propensityOf, q, ({ fold, jobKey, action }) => ({
    weight: 1,
    feasible: 1,
    modelPolicy: q(fold, jobKey, action),
  }))
}

function rowsOf(
  jobs: Iterable<LoggedJob>,
  propensityOf: PropensityOf,
  q: RewardModel,
  underPolicy: (job: LoggedJob, propensity: number) => Pick<Term, 'weight' | 'feasible' | 'modelPolicy'>,
): Term[] {
  const terms: Term[] = []
  for (const job of jobs) {
    const propensity = propensityOf(job)
    const { cluster, fold, jobKey, action, reward } = job
    if (reward === null || propensity === null) continue
    const { weight, feasible, modelPolicy } = underPolicy(job, propensity)
    terms.push({ cluster, weight, reward, feasible, modelPolicy, modelAction: q(fold, jobKey, action) })
  }
  return terms
}
