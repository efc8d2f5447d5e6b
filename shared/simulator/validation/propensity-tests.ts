/**
 * Would the log have found a source of propensities wrong? As the view `propensity_check`, for a log of which nothing was
 * routed: chi-square over (feasible set, arm) of 1/k, the mean weight of drawing uniformly, and for the model how far what was
 * chosen is from what was predicted.
 */
import type { LoggedJob } from '../../domain/evaluation/logged-job.ts'
import type { PropensityModel } from '../../domain/evaluation/propensity-model.ts'
import { normalTail } from '../../domain/evaluation/quantile.ts'
import { EVALUATION } from '../../domain/evaluation/settings.ts'

/** Below it, 1/k is refuted. */
const LEAST_P = 0.001
/** Feasible sets where fewer are expected of an arm are left out. Source: Cochran (1954). */
const FEWEST_EXPECTED = 5
const FEWEST_IN_BIN = 100
const BINS = 10
/** So far from 1 the mean weight by an assumption may be, however sure it is. */
const SMALL = 0.02
const ERRORS = 3

export type CheckedSource = {
  /** Of the counts against 1/k; null where there are too few to test. */
  pValue: number | null
  meanWeight: number
  worstGap: number
  isPassed: boolean
}

/** @param jobs with the propensity that is assumed as the recorded one. */
export function checkAssumed(jobs: readonly LoggedJob[]): CheckedSource {
  const pValue = evennessOf(jobs)
  const { mean, isRight } = uniformWeight(jobs, SMALL)
  const worstGap = worstGapOf(jobs, ({ feasible }) => feasible.map((arm) => [arm, 1 / feasible.length]))
  return { pValue, meanWeight: mean, worstGap, isPassed: isRight && pValue !== null && pValue >= LEAST_P }
}

/** @param jobs with the propensity that is estimated as the recorded one. */
export function checkEstimated(jobs: readonly LoggedJob[], model: PropensityModel): CheckedSource {
  const { mean, isRight } = uniformWeight(jobs, EVALUATION.mostWeightGap)
  const worstGap = worstGapOf(jobs, (job) => job.free.map((arm) => [arm, model(job, arm)]))
  return { pValue: null, meanWeight: mean, worstGap, isPassed: isRight && worstGap <= EVALUATION.mostGap }
}

/** P(a chi-square as large), through Wilson and Hilferty (1931). */
function evennessOf(jobs: readonly LoggedJob[]): number | null {
  let chiSquare = 0
  let degrees = 0
  for (const [feasible, its] of Map.groupBy(jobs, (job) => job.feasible)) {
    const mean = its.length / feasible.length
    if (feasible.length < 2 || mean < FEWEST_EXPECTED) continue
    const counts = new Map<string, number>()
    for (const { action } of its) counts.set(action, (counts.get(action) ?? 0) + 1)
    for (const arm of feasible) chiSquare += ((counts.get(arm) ?? 0) - mean) ** 2 / mean
    degrees += feasible.length - 1
  }
  if (degrees === 0) return null
  const spread = 2 / (9 * degrees)
  const z = (Math.cbrt(chiSquare / degrees) - (1 - spread)) / Math.sqrt(spread)
  return z >= 0 ? normalTail(z) / 2 : 1 - normalTail(-z) / 2
}

/** (1/p + arms without room)/k, whose mean is 1 if the propensities are right; its error is by pipeline (CR1). */
function uniformWeight(jobs: readonly LoggedJob[], mostGap: number): { mean: number; isRight: boolean } {
  const clusters = new Map<string, { jobs: number; weight: number }>()
  let total = 0
  for (const { cluster, feasible, free, recordedPropensity } of jobs) {
    const sums = clusters.get(cluster) ?? { jobs: 0, weight: 0 }
    clusters.set(cluster, sums)
    const weight = (1 / (recordedPropensity as number) + feasible.length - free.length) / feasible.length
    sums.jobs += 1
    sums.weight += weight
    total += weight
  }
  const mean = total / jobs.length
  let squares = 0
  for (const sums of clusters.values()) squares += (sums.weight - sums.jobs * mean) ** 2
  const error = Math.sqrt((clusters.size / (clusters.size - 1)) * squares) / jobs.length
  return { mean, isRight: Math.abs(mean - 1) <= Math.max(mostGap, ERRORS * error) }
}

/** Of ten bins of predicted probability: |share chosen − share predicted|, where there is enough to tell. */
function worstGapOf(
  jobs: readonly LoggedJob[],
  predictionsOf: (job: LoggedJob) => readonly (readonly [arm: string, probability: number])[],
): number {
  const bins = Array.from({ length: BINS }, () => ({ candidates: 0, predicted: 0, chosen: 0 }))
  for (const job of jobs) {
    for (const [arm, probability] of predictionsOf(job)) {
      const place = Math.min(BINS - 1, Math.floor(BINS * probability + 1e-9))
      const bin = bins[place] as (typeof bins)[number]
      bin.candidates += 1
      bin.predicted += probability
      if (arm === job.action) bin.chosen += 1
    }
  }
  const gaps = bins.flatMap(({ candidates, predicted, chosen }) =>
    candidates < FEWEST_IN_BIN ? [] : [Math.abs(chosen - predicted) / candidates],
  )
  return gaps.reduce((worst, gap) => Math.max(worst, gap), 0)
}
