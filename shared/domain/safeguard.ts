/**
 * The safeguard of routing: whether the jobs that were routed do worse than those of the control, beyond what chance makes
 * plausible. It compares success rates, and the 95th percentile of durations.
 *
 * Both bounds are taken at three standard errors, since somebody looks every hour, and jobs of one pipeline fail
 * together. Sources: Newcombe (1998), method 10, for the difference of two proportions by Wilson's intervals; the
 * distribution-free interval of a quantile by order statistics (David & Nagaraja, Order Statistics, 7.1).
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
  /** Routed minus control, with its bounds; null while either has no jobs. */
  successRate: { routed: number; control: number; low: number; high: number } | null
  /** Of durations as multiples of what the control usually takes for the job key; null while either has none. */
  p95Duration: { routed: Bounded; control: Bounded } | null
}

type Bounded = { value: number; low: number; high: number }

/** Of each group, before anything is concluded. */
export const FEWEST_JOBS = 20
const Z = 3
const QUANTILE = 0.95

export function compareRouted(jobs: readonly ComparedJob[]): Comparison {
  const routed = jobs.filter(({ isRouted }) => isRouted)
  const control = jobs.filter(({ isRouted }) => !isRouted)
  const [ofRouted, ofControl] = relativeDurations(routed, control)
  const isBoth = routed.length > 0 && control.length > 0
  return {
    routedJobs: routed.length,
    controlJobs: control.length,
    successRate: isBoth ? differenceOf(routed, control) : null,
    p95Duration:
      ofRouted.length > 0 && ofControl.length > 0
        ? { routed: boundedP95(ofRouted), control: boundedP95(ofControl) }
        : null,
  }
}

/** Why routing is not to go on, as a sentence; undefined while nothing says so. */
export function whyTripped(comparison: Comparison): string | undefined {
  const { routedJobs, controlJobs, successRate, p95Duration } = comparison
  if (Math.min(routedJobs, controlJobs) < FEWEST_JOBS) return undefined
  if (successRate !== null && successRate.high < 0) {
    const { routed, control } = successRate
    return `Of ${routedJobs} routed jobs ${percent(routed)} succeeded, of ${controlJobs} others ${percent(control)}: more than chance explains.`
  }
  if (p95Duration !== null && p95Duration.routed.low > p95Duration.control.high) {
    const { routed, control } = p95Duration
    return `Of the routed jobs one in twenty takes ${times(routed.value)} its usual time or longer, of the others ${times(control.value)}: more than chance explains.`
  }
  return undefined
}

function differenceOf(routed: readonly ComparedJob[], control: readonly ComparedJob[]) {
  const a = wilson(routed)
  const b = wilson(control)
  const difference = a.value - b.value
  return {
    routed: a.value,
    control: b.value,
    low: difference - Math.hypot(a.value - a.low, b.high - b.value),
    high: difference + Math.hypot(a.high - a.value, b.value - b.low),
  }
}

/** Wilson's interval of a share of successes. */
function wilson(jobs: readonly ComparedJob[]): Bounded {
  const n = jobs.length
  const value = jobs.filter(({ isSuccess }) => isSuccess).length / n
  const middle = (value + Z ** 2 / (2 * n)) / (1 + Z ** 2 / n)
  const half = (Z / (1 + Z ** 2 / n)) * Math.sqrt((value * (1 - value)) / n + Z ** 2 / (4 * n ** 2))
  return { value, low: middle - half, high: middle + half }
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
