import { expect, test } from 'vitest'
import {
  compareInControl,
  defaultWorld,
  figuresOf,
  intervalOf,
  scenarioOf,
  simulate,
  worldFrom,
} from '../../../shared/simulator/index.ts'
import { ALONE, JOB } from './recount.ts'

test('an interval over seeds is that of Student', () => {
  // Mean 3, standard deviation √2.5; 2.776445 is the 97.5 % point of t with 4 degrees of freedom.
  const { mean, low, high } = intervalOf([1, 2, 3, 4, 5])
  expect(mean).toBe(3)
  expect(high).toBeCloseTo(3 + 2.776445 * Math.sqrt(2.5 / 5), 2)
  expect((low ?? 0) + (high ?? 0)).toBeCloseTo(6, 12)
  expect(intervalOf([4])).toEqual({ mean: 4, low: null, high: null })
})

test('loggers meet the same jobs, so that a difference is surer than the figures that it is of', () => {
  const told: number[] = []
  const [sticky, uniform] = compareInControl(defaultWorld(), {
    loggers: ['uniform', 'uniform'],
    against: 'sticky',
    seeds: 8,
    firstSeed: 1,
    jobs: 1000,
    onRun: (done) => told.push(done),
  })
  expect([sticky?.logger, sticky?.difference, uniform?.logger]).toEqual(['sticky', null, 'uniform'])
  expect(told).toEqual(Array.from({ length: 16 }, (_, index) => index + 1))
  const widthOf = (interval: { high: number | null; mean: number } | undefined) =>
    (interval?.high ?? 0) - (interval?.mean ?? 0)
  const { figures, difference } = uniform ?? {}
  expect(difference?.reward.mean).toBeCloseTo(
    (figures?.reward.mean ?? 0) - (sticky?.figures.reward.mean ?? 0),
    12,
  )
  expect(widthOf(difference?.reward)).toBeLessThan(widthOf(figures?.reward))
})

test('regret is nothing of the best and the gap is nothing of random, and a policy that learns lies between', () => {
  const scenario = scenarioOf(defaultWorld({ outages: false }), 1, 4000)
  const figuresFor = (logger: string) => figuresOf(scenario, simulate(scenario, logger))
  expect(figuresFor('best').regret).toBe(0)
  expect(figuresFor('best').gapClosed).toBe(1)
  expect(Math.abs(figuresFor('uniform').gapClosed)).toBeLessThan(0.06)
  expect(figuresFor('ucb1').gapClosed).toBeGreaterThan(0.3)
  expect(figuresFor('ucb1').gapClosed).toBeLessThan(1)
})

test('the figures of a run are those of its jobs', () => {
  // Two jobs of exactly 100 s on one slot at 36 EUR an hour, the second waits for the first.
  const world = worldFrom([{ ...ALONE, costPerHourEur: 36 }], [JOB, { ...JOB, jobName: 'lint' }], {
    sigma: 0,
    tailShare: 0,
    cancellationsPerHour: 0,
    pipelinesPerDay: 1,
  })
  const scenario = scenarioOf(world, 1, 2)
  const run = simulate(scenario, 'sticky')
  const waited = ((run.startMs[1] ?? 0) - (run.pendingMs[1] ?? 0)) / 1000
  expect(waited).toBeGreaterThan(98)
  const figures = figuresOf(scenario, run)
  expect(figures.queueSeconds).toBeCloseTo(waited / 2, 9)
  expect(figures.queueP95Seconds).toBe(waited)
  expect(figures.resultMinutes).toBeCloseTo((waited / 2 + 100) / 60, 9)
  expect(figures.costEur).toBeCloseTo(1000, 9)
  expect(figures.reward).toBeCloseTo(1 / (100 / 60 + 1 + 0.1), 9)
  expect(figures.successShare).toBe(1)
  expect(figures.busiestShare).toBeCloseTo(200_000 / (run.endMs[1] ?? 0), 9)
})
