/**
 * Loggers compared in control: each routes the same jobs, seed by seed, and load, queues and what is learned follow from
 * what it does. Intervals are Monte Carlo ones over the seeds, t with n − 1 degrees of freedom; differences are taken seed
 * by seed first.
 */
import { tQuantile } from '../domain/evaluation/quantile.ts'
import { EVALUATION } from '../domain/evaluation/settings.ts'
import { FIGURES, type Figures, figuresOf } from './figures.ts'
import { scenarioOf, simulate } from './simulate.ts'
import type { World } from './world.ts'

/** The bounds are null for a single seed. */
export type Interval = { mean: number; low: number | null; high: number | null }

export type LoggerSummary = {
  logger: string
  figures: Record<keyof Figures, Interval>
  /** This logger − the one it is held against; null for that one. */
  difference: Record<keyof Figures, Interval> | null
}

export type ClosedLoopOptions = {
  loggers: readonly string[]
  against: string
  /** How many; the first is `firstSeed`. */
  seeds: number
  firstSeed: number
  jobs: number
  /** Told after each run. */
  onRun?(done: number, total: number): void
}

/** @throws RangeError for a name that no logger has. */
export function compareInControl(
  world: World,
  { loggers, against, seeds, firstSeed, jobs, onRun }: ClosedLoopOptions,
): LoggerSummary[] {
  const names = [...new Set([against, ...loggers])]
  const runs = new Map(names.map((name) => [name, [] as Figures[]]))
  let done = 0
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const scenario = scenarioOf(world, seed, jobs)
    for (const [name, figures] of runs) {
      figures.push(figuresOf(scenario, simulate(scenario, name)))
      done += 1
      onRun?.(done, seeds * names.length)
    }
  }
  const base = runs.get(against) as Figures[]
  return [...runs].map(([logger, figures]) => ({
    logger,
    figures: eachFigure((name) => intervalOf(figures.map((one) => one[name]))),
    difference:
      logger === against
        ? null
        : eachFigure((name) =>
            intervalOf(figures.map((one, seed) => one[name] - (base[seed] as Figures)[name])),
          ),
  }))
}

/** The mean, and where it would lie in 95 % of such experiments. */
export function intervalOf(values: readonly number[]): Interval {
  const n = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  if (n < 2) return { mean, low: null, high: null }
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1)
  const reach = tQuantile(n - 1, EVALUATION.z) * Math.sqrt(variance / n)
  return { mean, low: mean - reach, high: mean + reach }
}

function eachFigure(intervalFor: (name: keyof Figures) => Interval): Record<keyof Figures, Interval> {
  return Object.fromEntries(FIGURES.map((name) => [name, intervalFor(name)])) as Record<
    keyof Figures,
    Interval
  >
}
