/** From the values of the rounds to a figure and a verdict. */

export type Bound = 'at most' | 'at least' | 'below'

export type Limit = { bound: Bound; value: number }

/** Median and spread of the rounds; `missedBy` is how far the median is on the wrong side, 0 on the right one. */
export type Figure = { median: number; least: number; most: number; verdict: Verdict; missedBy: number }

/** `plain`: there is no limit. */
export type Verdict = 'met' | 'missed' | 'plain'

/** @throws RangeError when there are no values, or one is no number: nothing was measured then. */
export function figureOf(values: readonly number[], limit: Limit | undefined): Figure {
  if (values.length === 0 || values.some((value) => !Number.isFinite(value)))
    throw new RangeError(`not a measurement: ${JSON.stringify(values)}`)
  const middle = median(values)
  const common = { median: middle, least: Math.min(...values), most: Math.max(...values) }
  if (limit === undefined) return { ...common, verdict: 'plain', missedBy: 0 }
  if (holds(middle, limit)) return { ...common, verdict: 'met', missedBy: 0 }
  return { ...common, verdict: 'missed', missedBy: Math.abs(middle - limit.value) }
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  const upper = sorted[half] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2
}

function holds(value: number, { bound, value: limit }: Limit): boolean {
  if (bound === 'at least') return value >= limit
  return bound === 'at most' ? value <= limit : value < limit
}

/** Round by round: how many times the yardstick the measured thing takes. */
export function ratios(measured: readonly number[], yardstick: readonly number[]): number[] {
  if (measured.length !== yardstick.length)
    throw new RangeError(`${measured.length} rounds are not paired with ${yardstick.length}`)
  return measured.map((value, round) => value / (yardstick[round] as number))
}
