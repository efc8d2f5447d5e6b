/**
 * The estimators on logs of a simulated fleet whose truth is known, seeded; the long form is `npm run validate -- --only
 * estimators`, and docs/validation.md has its table. Bounds leave 2.5 binomial standard errors of a share to chance.
 */
import { describe, expect, test } from 'vitest'
import { defaultWorld } from '../../shared/simulator/index.ts'
import {
  type MeasuredName,
  type Source,
  type TargetName,
  type ValidatedLogger,
  validateEstimators,
} from '../../shared/simulator/validation/index.ts'

const SEEDS = 80
const JOBS = 1500
const validation = validateEstimators(defaultWorld(), {
  seeds: SEEDS,
  firstSeed: 10_001,
  jobs: JOBS,
  growth: 2.5,
})

const atLeast = (share: number) => share - 2.5 * Math.sqrt((share * (1 - share)) / SEEDS)

function coverageOf(logger: ValidatedLogger, target: TargetName, estimator: MeasuredName, source: Source) {
  return validation.estimators.find(
    (row) =>
      row.logger === logger && row.target === target && row.estimator === estimator && row.source === source,
  )?.coverage.mean as number
}

const SHADOW: TargetName[] = ['ucb1/known', 'ucb1', 'greedy', 'contextual']
const LOGGERS: ValidatedLogger[] = ['uniform', 'sticky']

describe.each(LOGGERS)('on %s logs', (logger) => {
  test.each([...SHADOW, 'logged'] as TargetName[])('DR with true propensities covers %s', (target) => {
    expect(coverageOf(logger, target, 'dr', 'true')).toBeGreaterThanOrEqual(atLeast(0.93))
  })

  test.each(SHADOW)('DR with estimated propensities covers %s', (target) => {
    expect(coverageOf(logger, target, 'dr', 'estimated')).toBeGreaterThanOrEqual(atLeast(0.9))
  })

  test('the naive mean and plain SNIPS miss pure MAB, which the structural correction saves', () => {
    expect(coverageOf(logger, 'ucb1/known', 'naive_match', 'true')).toBeLessThan(0.5)
    expect(coverageOf(logger, 'ucb1/known', 'plain_snips', 'true')).toBeLessThan(0.5)
    expect(coverageOf(logger, 'ucb1/known', 'snips', 'true')).toBeGreaterThanOrEqual(atLeast(0.9))
  })

  test('sequences hold the truth at all looks together', () => {
    const rows = validation.targets.filter((row) => row.logger === logger && SHADOW.includes(row.target))
    const looked = rows.flatMap(({ target, looks }) => (looks === null ? [] : [{ target, looks }]))
    expect(looked).toHaveLength(2 * SHADOW.length)
    for (const { target, looks } of looked) {
      expect(looks.asymptotic.always.mean, target).toBeGreaterThanOrEqual(atLeast(0.95))
      expect(looks.bernstein.always.mean, target).toBeGreaterThanOrEqual(atLeast(0.95))
    }
  })

  test('the paired difference to what was done is held', () => {
    for (const { target, source, paired } of validation.targets) {
      if (source === 'true' && SHADOW.includes(target))
        expect(paired.coverage.mean, target).toBeGreaterThanOrEqual(atLeast(0.9))
    }
  })
})

test('who takes 1/k for the truth is right on uniform logs; on sticky ones IPS misses, and the test says so', () => {
  const check = (logger: ValidatedLogger) =>
    validation.checks.find((row) => row.logger === logger && row.source === 'assumed')?.passed.mean as number
  expect(coverageOf('uniform', 'ucb1', 'ips', 'assumed')).toBeGreaterThanOrEqual(atLeast(0.9))
  expect(check('uniform')).toBeGreaterThanOrEqual(atLeast(0.99))
  expect(coverageOf('sticky', 'ucb1', 'ips', 'assumed')).toBeLessThan(0.9)
  expect(check('sticky')).toBeLessThan(0.05)
})

test('the same seeds give the same figures', () => {
  const again = () => validateEstimators(defaultWorld(), { seeds: 2, firstSeed: 5, jobs: 200 })
  expect(again()).toEqual(again())
})
