/**
 * What a difference would be without one pipeline, or without one job of it: whether an answer hangs on a single one. What
 * was learned from all jobs (propensities, the model of the reward) stays as it is.
 */
import { asymptoticHalfWidth } from './confidence-sequence.ts'
import { tQuantile } from './quantile.ts'
import { EVALUATION } from './settings.ts'

/** Of one pipeline: its jobs, and the sum over these of what each has beyond the mean difference of all. */
export type Cluster = { jobs: number; beyond: number }

/** Of all pipelines. The sum of all `beyond` is 0. */
export type ClusterTotals = {
  clusters: number
  jobs: number
  /** The mean over all jobs, in units of the reward. */
  difference: number
  /** Σ beyond², Σ beyond · jobs and Σ jobs², each over pipelines. */
  squares: number
  products: number
  jobsSquared: number
}

export type Difference = {
  difference: number
  low: number
  high: number
  sequenceLow: number
  sequenceHigh: number
}

/**
 * The paired difference, with its CR1 intervals, without the pipelines `gone` and with `changed` in their place: none, or
 * what is left of one that loses a job.
 *
 * @returns undefined where fewer than two pipelines are left.
 */
export function differenceWithout(
  totals: ClusterTotals,
  gone: readonly Cluster[],
  changed: readonly Cluster[] = [],
): Difference | undefined {
  const left = changed.filter(({ jobs }) => jobs > 0)
  const over = (term: (cluster: Cluster) => number) => sum(left.map(term)) - sum(gone.map(term))
  const clusters = totals.clusters + left.length - gone.length
  const jobs = totals.jobs + over((cluster) => cluster.jobs)
  if (clusters < 2 || jobs <= 0) return undefined
  const shift = over(({ beyond }) => beyond) / jobs
  const squares =
    totals.squares +
    over(({ beyond }) => beyond ** 2) -
    2 * shift * (totals.products + over((cluster) => cluster.beyond * cluster.jobs)) +
    shift ** 2 * (totals.jobsSquared + over((cluster) => cluster.jobs ** 2))
  const error = Math.sqrt((clusters / (clusters - 1)) * Math.max(0, squares)) / jobs
  const difference = totals.difference + shift
  const half = tQuantile(clusters - 1, EVALUATION.z) * error
  const wide = asymptoticHalfWidth(error, clusters, EVALUATION)
  return {
    difference,
    low: difference - half,
    high: difference + half,
    sequenceLow: difference - wide,
    sequenceHigh: difference + wide,
  }
}

/** What leaves zero out: the sequence, which holds at every look, the interval of one look, or neither. */
export type Decider = 'sequence' | 'one_look' | null

export function deciderOf({
  low,
  high,
  sequenceLow,
  sequenceHigh,
}: Pick<Difference, 'low' | 'high'> & {
  sequenceLow: number | null
  sequenceHigh: number | null
}): Decider {
  if (low <= 0 && high >= 0) return null
  return (sequenceLow ?? 0) > 0 || (sequenceHigh ?? 0) < 0 ? 'sequence' : 'one_look'
}

/**
 * How few pipelines an answer hangs on: without so many of those that speak for it the most, the interval contains zero.
 * Taken one after the other by what each adds, which finds the fewest nearly always. Source: Broderick, Giordano & Meager
 * (2020), An automatic finite-sample robustness metric.
 *
 * @param pipelines the `most` that speak the most to either side, at least.
 * @returns null where more than `most` would have to go; 0 where the interval contains zero as it is.
 */
export function fewestToReverse(
  totals: ClusterTotals,
  pipelines: readonly Cluster[],
  most: number,
): number | null {
  const sign = Math.sign(totals.difference)
  const speaking = [...pipelines].sort((left, right) => sign * (right.beyond - left.beyond)).slice(0, most)
  for (let count = 0; count <= speaking.length; count += 1) {
    const without = differenceWithout(totals, speaking.slice(0, count))
    if (without === undefined) return null
    if (deciderOf(without) === null || Math.sign(without.difference) !== sign) return count
  }
  return null
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
