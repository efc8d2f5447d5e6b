import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { compareThroughViews } from '../../../functions/local/validate-through-views.ts'
import type { LoggedJob } from '../../../shared/domain/evaluation/logged-job.ts'
import { defaultWorld, STATUS } from '../../../shared/simulator/index.ts'
import { MEASURED } from '../../../shared/simulator/validation/estimated.ts'
import { estimatedOn, playedLog, prefixOf, sampleFrom } from '../../../shared/simulator/validation/index.ts'
import { checkAssumed, checkEstimated } from '../../../shared/simulator/validation/propensity-tests.ts'
import { expectedOf } from '../../../shared/simulator/validation/sample.ts'
import { SHADOW_TARGETS } from '../../../shared/simulator/validation/shadow.ts'
import { shareOf, startTally } from '../../../shared/simulator/validation/tally.ts'

const world = defaultWorld()
const { scenario, run } = playedLog(world, { number: 3, jobs: 600, logger: 'sticky' })
const sample = sampleFrom(scenario, run, true)

const job: LoggedJob = {
  id: '1',
  cluster: 'c1',
  fold: 0,
  jobKey: 'k',
  startedAt: 0,
  action: 'a',
  feasible: ['a', 'b', 'c'],
  free: ['a', 'b'],
  previousArm: '',
  recordedPropensity: null,
  reward: 0,
}

test('views, shadow decisions and intake say of a simulated log what the estimators say of what was simulated', async () => {
  // So busy that every runner is full for once: how many jobs it takes is not in the log but by that.
  const busy = defaultWorld({ runners: 5, jobsPerDay: 6000 })
  const log = { logs: 1, firstSeed: 3, jobs: 300, now: Date.parse('2026-03-02T12:00:00Z') }
  const { compared, largestDifference } = await compareThroughViews(busy, log, () => {})
  // Targets that both have, by two sources, eight estimators, four figures.
  expect(compared).toBe(5 * 2 * 8 * 4)
  expect(largestDifference).toBeLessThan(1e-9)
})

describe('the truth of a pick', () => {
  const expected = new Map([
    ['a', 0.1],
    ['b', 0.3],
    ['c', 0.9],
  ])
  test('is what its arm was to be expected to earn, and nothing of an arm that could not run the job', () => {
    expect(expectedOf(new Map([['b', 1]]), job, expected)).toBe(0.3)
    expect(expectedOf(new Map([['z', 1]]), job, expected)).toBe(0)
  })
  test('is that of what was done where the arm had no room', () => {
    expect(expectedOf(new Map([['c', 1]]), job, expected)).toBe(0.1)
    const spread = new Map([
      ['b', 0.25],
      ['c', 0.25],
      ['z', 0.5],
    ])
    expect(expectedOf(spread, job, expected)).toBeCloseTo(0.1, 12)
  })
})

describe('shadow picks', () => {
  test('hang on nothing that ends when the job begins, or later', () => {
    const place = 400
    const startMs = (sample.jobs[place]?.startedAt ?? 0) - (sample.jobs[0]?.startedAt ?? 0)
    const first = Math.min(...run.startMs)
    const status = run.status.map((was, other) =>
      (run.endMs[other] as number) - first >= startMs ? STATUS.runnerFailed : was,
    )
    const changed = sampleFrom(scenario, { ...run, status }, true)
    for (const target of SHADOW_TARGETS) {
      expect(changed.picks[target].slice(0, place + 1)).toEqual(sample.picks[target].slice(0, place + 1))
      expect(changed.picks[target]).not.toEqual(sample.picks[target])
    }
  })

  test('are of feasible arms, but those of pure MAB, which are of all', () => {
    for (const target of SHADOW_TARGETS) {
      const isFeasible = sample.jobs.map(({ feasible }, place) =>
        [...(sample.picks[target][place]?.keys() ?? [])].every((arm) => feasible.includes(arm)),
      )
      expect(isFeasible.every(Boolean), target).toBe(target !== 'ucb1/known')
    }
  })
})

test('what was done is worth its mean reward by every estimator with weights, and its truth is what that was to be', () => {
  const logged = estimatedOn(prefixOf(sample, 600)).filter(({ target }) => target === 'logged')
  const mean = sample.jobs.reduce((sum, { reward }) => sum + (reward as number), 0) / 600
  const truth =
    sample.jobs.reduce((sum, { action }, place) => sum + (sample.expected[place]?.get(action) as number), 0) /
    600
  expect(logged).toHaveLength(3)
  for (const { estimates, truth: said } of logged) {
    for (const name of MEASURED) if (name !== 'dm') expect(estimates[name].value).toBeCloseTo(mean, 12)
    expect(said).toBeCloseTo(truth, 12)
  }
})

test('plain SNIPS takes what feasible picks earn for what all picks do', () => {
  const mab = estimatedOn(prefixOf(sample, 600)).filter(({ target }) => target === 'ucb1/known')
  for (const { estimates, weights } of mab) {
    expect(weights.feasibleShare).toBeLessThan(0.95)
    const ratio = (estimates.snips.value as number) / (estimates.plain_snips.value as number)
    expect(ratio).toBeCloseTo(weights.feasibleShare as number, 12)
  }
})

describe('the test of 1/k', () => {
  const jobsOn = (arms: readonly string[]) => {
    const feasible = ['a', 'b']
    return arms.map((action, index) => ({
      ...job,
      cluster: `c${index}`,
      action,
      feasible,
      free: feasible,
      recordedPropensity: 1 / 2,
    }))
  }
  const split = (a: number, b: number) => jobsOn([...Array(a).fill('a'), ...Array(b).fill('b')])

  // Tables of the chi-square distribution with one degree of freedom: 3.84 at 5 %, 10.83 at 0.1 %.
  test('is that of Pearson', () => {
    // (2 · 9.8²)/50 = 3.84 needs counts that are no whole numbers; 60 to 40 gives 4, of which the tail is 0.0455.
    expect(checkAssumed(split(60, 40)).pValue).toBeCloseTo(0.0455, 2)
    expect(checkAssumed(split(60, 40)).isPassed).toBe(true)
    // 70 to 30 gives 16.
    expect(checkAssumed(split(70, 30)).isPassed).toBe(false)
    expect(checkAssumed(split(50, 50)).pValue).toBeGreaterThan(0.95)
  })

  test('counts an arm without room as left, so that the mean weight of drawing uniformly is 1', () => {
    const full = split(40, 0).map((one) => ({ ...one, free: ['a'], recordedPropensity: 1 }))
    expect(checkEstimated(full, () => 1)).toMatchObject({ meanWeight: 1, worstGap: 0, isPassed: true })
    // p = 1/2 where there was one arm with room: (2 + 1)/2.
    expect(checkAssumed(full.map((one) => ({ ...one, recordedPropensity: 1 / 2 }))).meanWeight).toBe(1.5)
  })

  test('sees a model that is far off', () => {
    expect(checkEstimated(split(90, 30), () => 1 / 2)).toMatchObject({ worstGap: 0, isPassed: true })
    const off = checkEstimated(split(90, 30), (_, arm) => (arm === 'a' ? 0.5 : 0.45))
    expect(off.worstGap).toBeCloseTo(0.25, 12)
    expect(off.isPassed).toBe(false)
  })
})

test('a tally is bias, error and coverage, in the unit asked for, without what was not estimated', () => {
  const tally = startTally(10)
  tally.add({ value: 0.5, standardError: 0.1, low: 0.3, high: 0.7 }, 0.4)
  tally.add({ value: 0.2, standardError: 0.3, low: 0.1, high: 0.3 }, 0.4)
  tally.add({ value: null, standardError: null, low: null, high: null }, 0.4)
  const { logs, bias, rmse, meanStandardError, coverage } = tally.figures()
  expect(logs).toBe(2)
  expect(bias.mean).toBeCloseTo(-0.5, 12)
  // Errors 1 and −2: a standard deviation of 3/√2.
  expect(bias.error).toBeCloseTo(1.5, 12)
  expect(rmse).toBeCloseTo(Math.sqrt(2.5), 12)
  expect(meanStandardError).toBeCloseTo(2, 12)
  expect(coverage).toEqual({ mean: 0.5, error: Math.sqrt(0.25 / 2) })
  expect(shareOf(Array(99).fill(true)).error).toBeCloseTo(Math.sqrt((0.99 * 0.01) / 99), 12)
})

describe('validate-estimators', () => {
  const cli = join(import.meta.dirname, '../../../functions/cli.ts')
  const validate = (...options: string[]) =>
    promisify(execFile)(process.execPath, [cli, 'validate-estimators', ...options])

  test('prints every estimator by every source as JSON', async () => {
    const { stdout } = await validate('--seeds', '2', '--jobs', '200', '--json')
    const said = JSON.parse(stdout)
    expect(said).toMatchObject({ seeds: 2, first_seed: 1, jobs: 200, through_views: null })
    expect(said.estimators).toHaveLength(2 * 3 * 6 * 9)
    expect(said.targets).toHaveLength(2 * 3 * 6)
    expect(said.checks).toHaveLength(4)
    expect(said.estimators[0]).toMatchObject({
      mean_standard_error: expect.any(Number),
      logs: expect.any(Number),
    })
    expect(said.targets[0].looks.asymptotic_early.always).toEqual({
      mean: expect.any(Number),
      error: expect.any(Number),
    })
  })

  test('refuses logs that are too few or too short', async () => {
    await expect(validate('--seeds', '1')).rejects.toThrow('a whole number from 2 on')
    await expect(validate('--jobs', '20')).rejects.toThrow('a whole number from 200 on')
  })
})
