/** Over many logs: how far estimates are from the truth, and how often their intervals hold it. */
import type { Estimate } from '../../domain/evaluation/estimate.ts'

/** A mean over logs, and its Monte Carlo standard error. */
export type Measured = { mean: number; error: number }

export type EstimatorFigures = {
  /** Logs on which there was an estimate. */
  logs: number
  bias: Measured
  /** Root of the mean squared error. */
  rmse: number
  meanStandardError: number
  /** Share of the logs whose nominal 95 % interval holds the truth of that log. */
  coverage: Measured
}

export type Tally = {
  add(estimate: Pick<Estimate, 'value' | 'standardError' | 'low' | 'high'>, truth: number): void
  figures(): EstimatorFigures
}

/** @param unit multiplies what is in units of the reward. */
export function startTally(unit: number): Tally {
  const errors: number[] = []
  const standardErrors: number[] = []
  const held: boolean[] = []
  return {
    add({ value, standardError, low, high }, truth) {
      if (value === null || standardError === null || low === null || high === null) return
      errors.push(unit * (value - truth))
      standardErrors.push(unit * standardError)
      held.push(low <= truth && truth <= high)
    },
    figures: () => ({
      logs: errors.length,
      bias: measured(errors),
      rmse: Math.sqrt(measured(errors.map((error) => error ** 2)).mean),
      meanStandardError: measured(standardErrors).mean,
      coverage: shareOf(held),
    }),
  }
}

export function measured(values: readonly number[]): Measured {
  const n = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, error: Math.sqrt(squares / (n - 1) / n) }
}

/** The error is that of a share that was found; for 0 and 1, that of one log beside it. */
export function shareOf(flags: readonly boolean[]): Measured {
  const n = flags.length
  const mean = flags.filter(Boolean).length / n
  const inside = Math.min(1 - 1 / (n + 1), Math.max(1 / (n + 1), mean))
  return { mean, error: Math.sqrt((inside * (1 - inside)) / n) }
}
