/** A mean and its standard error. */
export type Estimate = { mean: number; error: number }

export function estimateOf(values: readonly number[]): Estimate {
  const mean = sumOf(values) / values.length
  return { mean, error: deviationOf(values) / Math.sqrt(values.length) }
}

export function deviationOf(values: readonly number[]): number {
  const mean = sumOf(values) / values.length
  return Math.sqrt(sumOf(values.map((value) => (value - mean) ** 2)) / (values.length - 1))
}

/** mean(tops) / mean(bottoms) of pairs, its error by the delta method. */
export function ratioOf(tops: readonly number[], bottoms: readonly number[]): Estimate {
  const bottom = sumOf(bottoms) / bottoms.length
  const mean = sumOf(tops) / tops.length / bottom
  const { error } = estimateOf(tops.map((top, pair) => (top - mean * (bottoms[pair] as number)) / bottom))
  return { mean, error }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
