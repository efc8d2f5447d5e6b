/**
 * Are the estimators right? Logs of a simulated fleet, whose truth is known, are evaluated as real ones are; over many of them
 * it shows what an estimator is off by, and how often its interval holds the truth of that very log: the mean over its jobs of
 * what the target was to be expected to earn.
 */
import type { Weights } from '../../domain/evaluation/estimate.ts'
import { SPEC_RANGE } from '../logged-jobs.ts'
import type { World } from '../world.ts'
import { type Estimated, estimatedOn, MEASURED, type MeasuredName } from './estimated.ts'
import { type Held, type Looked, lookedAt } from './looks.ts'
import { type CheckedSource, checkAssumed, checkEstimated } from './propensity-tests.ts'
import { playedLog, sampleFrom } from './sample.ts'
import { type EstimatorFigures, type Measured, measured, shareOf, startTally } from './tally.ts'
import { prefixOf, SOURCES, type Source, TARGETS, type TargetName } from './targets.ts'

export const VALIDATED_LOGGERS = ['uniform', 'sticky'] as const
export type ValidatedLogger = (typeof VALIDATED_LOGGERS)[number]

export type ValidationOptions = {
  /** Logs of each logger; the first is `firstSeed`. */
  seeds: number
  firstSeed: number
  /** Of each log. */
  jobs: number
  /** Each look at a growing log is at so many times as many jobs as the one before; 1.3 unless given. */
  growth?: number
  /** Told after each log. */
  onLog?(done: number, total: number): void
}

/** In units of the product's reward, which is in [0, 10]. */
export type EstimatorRow = EstimatorFigures & {
  logger: ValidatedLogger
  target: TargetName
  source: Source
  estimator: MeasuredName
}

export type TargetRow = {
  logger: ValidatedLogger
  target: TargetName
  source: Source
  truth: Measured
  weights: { [Name in keyof Weights]: number }
  /** DR of the target − what was done. */
  paired: EstimatorFigures & {
    difference: Measured /** Intervals without 0, on the right side. */
    power: Measured
  }
  /** Shares of logs at which the truth so far was held; none of the assumed source. */
  looks:
    | ({ answered: Measured } & Record<
        't' | 'asymptotic' | 'asymptoticEarly' | 'bernstein',
        { always: Measured; atEnd: Measured }
      >)
    | null
}

export type CheckRow = {
  logger: ValidatedLogger
  source: Exclude<Source, 'true'>
  passed: Measured
  meanWeight: Measured
  worstGap: Measured
}

export type Validation = { estimators: EstimatorRow[]; targets: TargetRow[]; checks: CheckRow[] }

const GROWTH = 1.3

type Log = { estimated: Estimated[]; looked: Looked[]; assumed: CheckedSource; model: CheckedSource }

export function validateEstimators(world: World, options: ValidationOptions): Validation {
  const { seeds, firstSeed, jobs, growth = GROWTH, onLog } = options
  let done = 0
  const byLogger = VALIDATED_LOGGERS.map((logger) => {
    const logs = Array.from({ length: seeds }, (_, index) => {
      const log = logOf(world, { number: firstSeed + index, jobs, logger }, growth)
      done += 1
      onLog?.(done, seeds * VALIDATED_LOGGERS.length)
      return log
    })
    return summaryOf(logger, logs)
  })
  return {
    estimators: byLogger.flatMap(({ estimators }) => estimators),
    targets: byLogger.flatMap(({ targets }) => targets),
    checks: byLogger.flatMap(({ checks }) => checks),
  }
}

function logOf(
  world: World,
  options: { number: number; jobs: number; logger: ValidatedLogger },
  growth: number,
): Log {
  const { scenario, run } = playedLog(world, options)
  const sample = sampleFrom(scenario, run, options.logger === 'sticky')
  const whole = prefixOf(sample, options.jobs)
  return {
    estimated: estimatedOn(whole),
    looked: lookedAt(sample, whole, growth),
    assumed: checkAssumed(whole.bySource.assumed),
    model: checkEstimated(whole.bySource.estimated, whole.model),
  }
}

function summaryOf(logger: ValidatedLogger, logs: readonly Log[]): Validation {
  const pairs = SOURCES.flatMap((source) => TARGETS.map((target) => ({ target, source })))
  return {
    estimators: pairs.flatMap((pair, place) =>
      MEASURED.map((estimator) => {
        const tally = startTally(SPEC_RANGE)
        for (const { estimated } of logs) {
          const { estimates, truth } = estimated[place] as Estimated
          tally.add(estimates[estimator], truth)
        }
        return { logger, ...pair, estimator, ...tally.figures() }
      }),
    ),
    targets: pairs.map((pair, place) => {
      const its = logs.map(({ estimated }) => estimated[place] as Estimated)
      return { logger, ...pair, ...targetFigures(its), looks: looksFor(logs, pair) }
    }),
    checks: (['assumed', 'estimated'] as const).map((source) => {
      const its = logs.map((log) => log[source === 'assumed' ? 'assumed' : 'model'])
      return {
        logger,
        source,
        passed: shareOf(its.map(({ isPassed }) => isPassed)),
        meanWeight: measured(its.map(({ meanWeight }) => meanWeight)),
        worstGap: measured(its.map(({ worstGap }) => worstGap)),
      }
    }),
  }
}

function targetFigures(its: readonly Estimated[]): Pick<TargetRow, 'truth' | 'weights' | 'paired'> {
  const paired = startTally(SPEC_RANGE)
  for (const { comparison, difference } of its)
    paired.add({ ...comparison, value: comparison.difference }, difference)
  const meanOf = (name: keyof Weights) => measured(its.map(({ weights }) => weights[name] ?? 0)).mean
  return {
    truth: measured(its.map(({ truth }) => SPEC_RANGE * truth)),
    weights: {
      meanWeight: meanOf('meanWeight'),
      maxWeight: meanOf('maxWeight'),
      effectiveSampleSize: meanOf('effectiveSampleSize'),
      feasibleShare: meanOf('feasibleShare'),
    },
    paired: {
      ...paired.figures(),
      difference: measured(its.map(({ difference }) => SPEC_RANGE * difference)),
      power: shareOf(
        its.map(({ comparison: { low, high }, difference }) =>
          difference > 0 ? low !== null && low > 0 : high !== null && high < 0,
        ),
      ),
    },
  }
}

function looksFor(
  logs: readonly Log[],
  { target, source }: { target: TargetName; source: Source },
): TargetRow['looks'] {
  const its = logs.flatMap(({ looked }) =>
    looked.filter((one) => one.target === target && one.source === source),
  )
  if (its.length === 0) return null
  const share = (heldOf: (looked: Looked) => Held) => ({
    always: shareOf(its.map((looked) => heldOf(looked).always)),
    atEnd: shareOf(its.map((looked) => heldOf(looked).atEnd)),
  })
  return {
    answered: measured(its.map(({ answeredLooks }) => answeredLooks)),
    t: share(({ t }) => t),
    asymptotic: share(({ asymptotic }) => asymptotic),
    asymptoticEarly: share(({ asymptoticEarly }) => asymptoticEarly),
    bernstein: share(({ bernstein }) => bernstein),
  }
}
