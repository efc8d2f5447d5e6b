/** The estimators in TypeScript against the independent computation, on the synthetic log. */
import { describe, expect, test } from 'vitest'
import { compared } from '../../shared/domain/evaluation/comparison.ts'
import { bernsteinSequence } from '../../shared/domain/evaluation/confidence-sequence.ts'
import { estimatesOf, type Term, weightsOf } from '../../shared/domain/evaluation/estimate.ts'
import type { LoggedJob } from '../../shared/domain/evaluation/logged-job.ts'
import {
  crossFitPropensities,
  propensitiesBySource,
} from '../../shared/domain/evaluation/propensity-model.ts'
import { holm } from '../../shared/domain/evaluation/quantile.ts'
import { crossFitRewards } from '../../shared/domain/evaluation/reward-model.ts'
import { limitsOf } from '../../shared/domain/evaluation/settings.ts'
import { loggedTermsOf, termsOf } from '../../shared/domain/evaluation/terms.ts'
import { comparisonsOf, grouped, valuesOf } from './independent/answers.ts'
import { curvesOf } from './independent/curve.ts'
import { evaluableJobs, type IndependentJob, REWARDS, type RewardName } from './independent/jobs.ts'
import { evaluationOf, type IndependentTerm } from './independent/terms.ts'
import { differences, type Figures, named } from './nearly.ts'
import { syntheticLog } from './synthetic-log.ts'

const { jobs, runs } = evaluableJobs(syntheticLog('three ways', { jobs: 5000, pipelines: 1200 }))
const { terms, contextOf, propensityOf, q, targetsOf } = evaluationOf(jobs, runs)
const targetsOfJob = new Map(jobs.map((job) => [job.id, targetsOf(job)]))
/** What a reward is divided by to lie in [0, 1]. */
const RANGE: Partial<Record<string, number>> = { spec: 10, speed: 1, success: 1 }

function loggedJob(job: IndependentJob, reward: RewardName): LoggedJob {
  const { id, cluster, fold, jobKey, startedAt, action, feasible, recorded } = job
  const { free, previousArm } = contextOf(job)
  return {
    id,
    cluster,
    fold,
    jobKey,
    startedAt,
    action,
    feasible,
    free,
    previousArm,
    recordedPropensity: recorded,
    reward: job.rewards[reward],
  }
}

/** The jobs that a target was asked about, with one reward; as `grouped` has them. */
const asked = new Map(
  REWARDS.map((reward) => {
    const all = jobs.map((job) => loggedJob(job, reward))
    return [reward, { all, model: crossFitRewards(all) }]
  }),
)
const propensityModel = crossFitPropensities(jobs.map((job) => loggedJob(job, 'spec')))

function domainTerms(list: readonly IndependentTerm[]): Term[] {
  const { target, rewardName, source } = list[0] as IndependentTerm
  const model = asked.get(rewardName)?.model ?? (() => Number.NaN)
  const logged = list.map(({ job }) => loggedJob(job, rewardName))
  const ofSource = propensitiesBySource(propensityModel)[source]
  if (target === 'logged') return loggedTermsOf(logged, ofSource, model)
  const probabilities = ({ id }: LoggedJob) =>
    targetsOfJob.get(id)?.find((one) => one.target === target)?.probabilities ?? new Map()
  return termsOf(logged, probabilities, ofSource, model)
}

const groups = grouped(terms).map(([group, list]) => ({ ...group, list, own: domainTerms(list) }))
const nameOf = (row: { target: string; rewardName: string; source: string; period: string }) =>
  `${row.target} ${row.rewardName} ${row.source} ${row.period}`

describe('the domain', () => {
  test('estimates the same propensities and rewards', () => {
    const cells = jobs.flatMap((job) => job.feasible.map((arm) => ({ job, arm })))
    const cellName = ({ job, arm }: { job: IndependentJob; arm: string }) => `${job.id} ${arm}`
    const ours = named(cells, cellName, ({ job, arm }) => ({
      probability: propensityOf({ ...contextOf(job), fold: job.fold, arm }),
      ...Object.fromEntries(REWARDS.map((reward) => [reward, q(reward, job, arm)])),
    }))
    const theirs = named(cells, cellName, ({ job, arm }) => ({
      probability: propensityModel(loggedJob(job, 'spec'), arm),
      ...Object.fromEntries(
        REWARDS.map((reward) => [reward, asked.get(reward)?.model(job.fold, job.jobKey, arm) ?? null]),
      ),
    }))
    expect(differences(ours, theirs)).toEqual([])
  })

  test('has the same terms', () => {
    const figures = ({ weight, reward, feasible, modelPolicy, modelAction }: Term): Figures => ({
      weight,
      reward,
      feasible,
      modelPolicy,
      modelAction,
    })
    for (const { list, own } of groups.filter(({ period }) => period === 'all')) {
      const name = (_: unknown, index: number) => String(index)
      const ours = new Map(list.map((term, index) => [name(term, index), figures(term)]))
      const theirs = new Map(own.map((term, index) => [name(term, index), figures(term)]))
      expect(differences(ours, theirs)).toEqual([])
    }
  })

  test('gives the same values', () => {
    const ours = named(
      valuesOf(terms),
      (answer) => `${nameOf(answer)} ${answer.estimator}`,
      ({ estimator, value, standardError, interval, ...answer }) => ({
        value,
        standardError,
        low: interval?.low ?? null,
        high: interval?.high ?? null,
        sequenceLow: estimator === 'naive_match' ? null : (interval?.sequenceLow ?? null),
        sequenceHigh: estimator === 'naive_match' ? null : (interval?.sequenceHigh ?? null),
        meanWeight: answer.meanWeight,
        maxWeight: answer.maxWeight,
        effectiveSampleSize: answer.effectiveSampleSize,
        feasibleShare: answer.feasibleShare,
      }),
    )
    const theirs = new Map(
      groups.flatMap((group) =>
        Object.entries(estimatesOf(group.own, limitsOf(group.target))).map(
          ([estimator, estimate]): [string, Figures] => [
            `${nameOf(group)} ${estimator}`,
            { ...estimate, ...weightsOf(group.own) },
          ],
        ),
      ),
    )
    expect(differences(ours, theirs)).toEqual([])
  })

  test('compares with the same results', () => {
    const byName = new Map(groups.map((group) => [nameOf(group), group]))
    const pairs = comparisonsOf(terms).filter(({ period }) => period === 'all')
    const ours = named(pairs, pairName, ({ difference, standardError, interval, pValue, pHolm }) => ({
      difference,
      standardError,
      ...(interval ?? { low: null, high: null, sequenceLow: null, sequenceHigh: null }),
      pValue,
      pHolm,
    }))
    const results = pairs.map((pair) => {
      const a = byName.get(nameOf(pair))
      const b = byName.get(nameOf({ ...pair, target: pair.against }))
      const ofBoth = (one: typeof a, other: typeof a) => {
        const ids = new Set(other?.list.map(({ job }) => job.id))
        return (one?.own ?? []).filter((_, index) => ids.has(one?.list[index]?.job.id ?? ''))
      }
      return {
        pair,
        ...compared(ofBoth(a, b), ofBoth(b, a), pair.estimator, limitsOf(pair.target, pair.against)),
      }
    })
    const families = Map.groupBy(
      results,
      ({ pair: { rewardName, source, period, estimator } }) =>
        `${rewardName} ${source} ${period} ${estimator}`,
    )
    const theirs = new Map(
      [...families.values()].flatMap((family) => {
        const adjusted = holm(family.map(({ pValue }) => pValue))
        return family.map(({ pair, ...comparison }, index): [string, Figures] => [
          pairName(pair),
          { ...comparison, pHolm: adjusted[index] ?? null },
        ])
      }),
    )
    expect(differences(ours, theirs)).toEqual([])
  })

  test('has the same empirical Bernstein sequences', () => {
    const ours = named(
      curvesOf(terms).filter(({ low }) => low !== null),
      ({ target, rewardName, source, day }) => `${target} ${rewardName} ${source} ${day}`,
      ({ low, high }) => ({ low, high }),
    )
    const theirs = new Map<string, Figures>()
    for (const { target, rewardName, source, period, list } of groups) {
      if (period !== 'all' || source === 'uniform') continue
      const range = RANGE[rewardName]
      if (range === undefined) continue
      const ordered = [...list].sort(
        (a, b) => a.job.decidedAt - b.job.decidedAt || (a.job.id < b.job.id ? -1 : 1),
      )
      const sequence = bernsteinSequence()
      for (const { job, weight, reward } of ordered) {
        sequence.add(weight, reward / range)
        const { low, high } = sequence.bounds()
        theirs.set(`${target} ${rewardName} ${source} ${job.day}`, { low: low * range, high: high * range })
      }
    }
    expect(differences(ours, theirs)).toEqual([])
  })
})

function pairName({ against, estimator, ...pair }: ReturnType<typeof comparisonsOf>[number]): string {
  return `${nameOf(pair)} ${against} ${estimator}`
}
