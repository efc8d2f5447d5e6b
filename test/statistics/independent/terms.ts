/** What each target would have done with each job, and what every estimator is a sum of. */
import { contextsOf } from './contexts.ts'
import type { EvaluatedRow } from './estimators.ts'
import { type ArmRun, HIGHER_IS_BETTER, type IndependentJob, REWARDS, type RewardName } from './jobs.ts'
import { meanRewards, propensityModel, rewardModel } from './models.ts'

export const SOURCES = ['recorded', 'estimated', 'uniform'] as const
export type Source = (typeof SOURCES)[number]

export type Target = { target: string; decided: string; probabilities: ReadonlyMap<string, number> }

export type IndependentTerm = EvaluatedRow<number> & {
  job: IndependentJob
  target: string
  decided: string
  rewardName: RewardName
  source: Source
}

/** Everything that the answers are made of. */
export function evaluationOf(jobs: readonly IndependentJob[], runs: readonly ArmRun[]) {
  const contextOf = contextsOf(jobs, runs)
  const propensityOf = propensityModel(jobs, contextOf)
  const models = new Map(REWARDS.map((reward) => [reward, rewardModel(jobs, reward)]))
  const q = (reward: RewardName, { fold, jobKey }: Pick<IndependentJob, 'fold' | 'jobKey'>, arm: string) =>
    models.get(reward)?.(fold, jobKey, arm) ?? Number.NaN
  const meanReward = meanRewards(jobs)

  function propensity(job: IndependentJob, source: Source): number | null {
    if (source === 'recorded' || job.recorded !== null) return job.recorded
    if (source === 'uniform') return 1 / job.feasible.length
    return propensityOf({ ...contextOf(job), fold: job.fold, arm: job.action })
  }

  const targetsOf = (job: IndependentJob): Target[] => [
    oneArm('logged', 'logged', job.action),
    ...shadowTargets(job),
    oneArm(
      'reward-greedy/rescored',
      'rescored',
      best(job, (arm) => meanReward({ fold: job.fold, arm })),
    ),
    oneArm(
      'model-greedy/rescored',
      'rescored',
      best(job, (arm) => q('spec', job, arm)),
    ),
  ]

  /** What a target would have of a reward: from arms with room by the model, from full ones what became of the job. */
  function termsOfJob(job: IndependentJob): IndependentTerm[] {
    const { free } = contextOf(job)
    return targetsOf(job).flatMap(({ target, decided, probabilities }) => {
      const onFeasible = [...probabilities].filter(([arm]) => job.feasible.includes(arm))
      const open = onFeasible.filter(([arm]) => free.includes(arm))
      const left = massOf(onFeasible.filter(([arm]) => !free.includes(arm)))
      return REWARDS.flatMap((rewardName) => {
        const reward = job.rewards[rewardName]
        if (reward === null) return []
        if (target.endsWith('/known') && !HIGHER_IS_BETTER.includes(rewardName)) return []
        const modelAction = q(rewardName, job, job.action)
        const modelPolicy = open.reduce((sum, [arm, share]) => sum + share * q(rewardName, job, arm), 0)
        return SOURCES.flatMap((source) => {
          const behaviour = propensity(job, source)
          if (behaviour === null) return []
          return {
            job,
            target,
            decided,
            rewardName,
            source,
            cluster: job.cluster,
            weight: target === 'logged' ? 1 : (probabilities.get(job.action) ?? 0) / behaviour + left,
            reward,
            feasible: massOf(onFeasible),
            modelPolicy: modelPolicy + left * modelAction,
            modelAction,
          }
        })
      })
    })
  }

  return { contextOf, propensityOf, q, propensity, targetsOf, terms: jobs.flatMap(termsOfJob) }
}

const massOf = (shares: readonly (readonly [string, number])[]) =>
  shares.reduce((sum, [, share]) => sum + share, 0)

const oneArm = (target: string, decided: string, arm: string): Target => ({
  target,
  decided,
  probabilities: new Map([[arm, 1]]),
})

/** The feasible arm with the highest score; ties go to the smallest, and so does a job of which nothing is known. */
function best({ feasible }: IndependentJob, score: (arm: string) => number | undefined): string {
  const scored = [...feasible].sort().map((arm) => ({ arm, score: score(arm) ?? Number.NEGATIVE_INFINITY }))
  const highest = Math.max(...scored.map((one) => one.score))
  return scored.find((one) => one.score === highest)?.arm as string
}

function shadowTargets({ choices, feasible, refused }: IndependentJob): Target[] {
  return choices.flatMap(({ policy, set, arm, rest, probabilities }) => {
    const target = set === 'known' ? `${policy}/known` : policy
    if (rest === undefined) return arm === null ? [] : [oneArm(target, 'shadow', arm)]
    const listed = new Map(probabilities?.map((one) => [one.arm, one.probability]))
    const offered = set === 'known' ? [...feasible, ...refused] : feasible
    const all = new Set([...offered, ...listed.keys()])
    const shares = [...all].map((one): [string, number] => [one, listed.get(one) ?? rest])
    return [{ target, decided: 'shadow', probabilities: new Map(shares.filter(([, share]) => share > 0)) }]
  })
}
