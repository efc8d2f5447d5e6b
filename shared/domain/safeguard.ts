/**
 * The safeguard of routing: whether the jobs that were routed do worse than those of the control, beyond what chance makes
 * plausible. It compares success rates and the 95th percentile of durations, both within job keys, since nobody routes
 * a mix of jobs that is like the rest.
 *
 * Both bounds are taken at three standard errors, since somebody looks every hour, and jobs of one pipeline fail
 * together. Sources: the difference of two proportions over strata by the weights of Mantel and Haenszel (Greenland &
 * Robins 1985), its variance from shares with a success and a failure added (Agresti & Caffo 2000); the distribution-free
 * interval of a quantile by order statistics (David & Nagaraja, Order Statistics, 7.1).
 */
export type ComparedJob = {
  isRouted: boolean
  jobKey: string
  isSuccess: boolean
  /** Null when not known. */
  durationSeconds: number | null
}

export type Comparison = {
  routedJobs: number
  controlJobs: number
  /** Each as of the same mix of job keys, and bounds of the difference; null while no job key is in both. */
  successRate: { routed: number; control: number; low: number; high: number } | null
  /** Of durations as multiples of what the control usually takes for the job key; null while either has none. */
  p95Duration: { routed: Bounded; control: Bounded } | null
}

type Bounded = { value: number; low: number; high: number }

/** Of each group, before anything is concluded. */
export const FEWEST_JOBS = 20
const Z = 3
const QUANTILE = 0.95

/** Job keys that only one of the groups has say nothing, and are left out. */
export function compareRouted(jobs: readonly ComparedJob[]): Comparison {
  const keysOf = (isRouted: boolean) =>
    new Set(jobs.filter((job) => job.isRouted === isRouted).map(({ jobKey }) => jobKey))
  const [ofRouted, ofControl] = [keysOf(true), keysOf(false)]
  const compared = jobs.filter(({ jobKey }) => ofRouted.has(jobKey) && ofControl.has(jobKey))
  const routed = compared.filter(({ isRouted }) => isRouted)
  const control = compared.filter(({ isRouted }) => !isRouted)
  const [routedTimes, controlTimes] = relativeDurations(routed, control)
  return {
    routedJobs: routed.length,
    controlJobs: control.length,
    successRate: differenceOf(routed, control),
    p95Duration:
      routedTimes.length > 0 && controlTimes.length > 0
        ? { routed: boundedP95(routedTimes), control: boundedP95(controlTimes) }
        : null,
  }
}

/** Why routing is not to go on, as a sentence; undefined while nothing says so. */
export function whyTripped(comparison: Comparison): string | undefined {
  const { routedJobs, controlJobs, successRate, p95Duration } = comparison
  if (Math.min(routedJobs, controlJobs) < FEWEST_JOBS) return undefined
  if (successRate !== null && successRate.high < 0) {
    const { routed, control } = successRate
    return `Of ${routedJobs} routed jobs ${percent(routed)} succeeded, of ${controlJobs} others of the same kinds ${percent(control)}: more than chance explains.`
  }
  if (p95Duration !== null && p95Duration.routed.low > p95Duration.control.high) {
    const { routed, control } = p95Duration
    return `Of the routed jobs one in twenty takes ${times(routed.value)} its usual time or longer, of the others ${times(control.value)}: more than chance explains.`
  }
  return undefined
}

type Counts = { n: number; successes: number }

/** Null when no job key is in both groups. The control's rate is that of the routed jobs' mix, and the other way round. */
function differenceOf(
  routed: readonly ComparedJob[],
  control: readonly ComparedJob[],
): Comparison['successRate'] {
  const others = countsByKey(control)
  let weights = 0
  let ofRouted = 0
  let ofControl = 0
  let variance = 0
  for (const [jobKey, a] of countsByKey(routed)) {
    const b = others.get(jobKey)
    if (b === undefined) continue
    const weight = (a.n * b.n) / (a.n + b.n)
    weights += weight
    ofRouted += weight * (a.successes / a.n)
    ofControl += weight * (b.successes / b.n)
    variance += weight ** 2 * (varianceOf(a) + varianceOf(b))
  }
  if (weights === 0) return null
  const difference = (ofRouted - ofControl) / weights
  const half = (Z * Math.sqrt(variance)) / weights
  return {
    routed: ofRouted / weights,
    control: ofControl / weights,
    low: difference - half,
    high: difference + half,
  }
}

function countsByKey(jobs: readonly ComparedJob[]): Map<string, Counts> {
  const counts = new Map<string, Counts>()
  for (const { jobKey, isSuccess } of jobs) {
    const { n, successes } = counts.get(jobKey) ?? { n: 0, successes: 0 }
    counts.set(jobKey, { n: n + 1, successes: successes + (isSuccess ? 1 : 0) })
  }
  return counts
}

function varianceOf({ n, successes }: Counts): number {
  const share = (successes + 1) / (n + 2)
  return (share * (1 - share)) / (n + 2)
}

/** Of successes, over the geometric mean of the control's of the same job key; keys that the control lacks are left out. */
function relativeDurations(
  ...groups: [readonly ComparedJob[], readonly ComparedJob[]]
): [number[], number[]] {
  const logs = new Map<string, { n: number; sum: number }>()
  for (const { jobKey, durationSeconds } of groups[1].filter(isTimed)) {
    const { n, sum } = logs.get(jobKey) ?? { n: 0, sum: 0 }
    logs.set(jobKey, { n: n + 1, sum: sum + Math.log(durationSeconds) })
  }
  const relative = (jobs: readonly ComparedJob[]) =>
    jobs
      .filter(isTimed)
      .flatMap(({ jobKey, durationSeconds }) => {
        const usual = logs.get(jobKey)
        return usual === undefined ? [] : [durationSeconds / Math.exp(usual.sum / usual.n)]
      })
      .sort((a, b) => a - b)
  return [relative(groups[0]), relative(groups[1])]
}

function isTimed(job: ComparedJob): job is ComparedJob & { durationSeconds: number } {
  return job.isSuccess && job.durationSeconds !== null
}

/** @param sorted at least one. A bound for which there are too few is as wide as can be. */
function boundedP95(sorted: readonly number[]): Bounded {
  const n = sorted.length
  const half = Z * Math.sqrt(n * QUANTILE * (1 - QUANTILE))
  const at = (rank: number) => sorted[rank - 1]
  return {
    value: at(Math.ceil(n * QUANTILE)) as number,
    low: at(Math.floor(n * QUANTILE - half)) ?? 0,
    high: at(Math.ceil(n * QUANTILE + half) + 1) ?? Number.POSITIVE_INFINITY,
  }
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`
const times = (ratio: number) => `${ratio.toFixed(1)} times`
