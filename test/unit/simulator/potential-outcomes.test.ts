import { describe, expect, test } from 'vitest'
import { rewardOf } from '../../../shared/domain/reward.ts'
import { expectationsOf } from '../../../shared/simulator/expectation.ts'
import {
  defaultWorld,
  loggerNames,
  STATUS,
  scenarioOf,
  simulate,
  worldFrom,
} from '../../../shared/simulator/index.ts'
import { ALONE, armsFor, at, JOB, meanOf } from './recount.ts'

describe('potential outcomes', () => {
  test('are what every logger meets when it takes the arm', () => {
    const jobs = 300
    const world = defaultWorld()
    const truth = scenarioOf(world, 11, jobs)
    const expected = Array.from({ length: jobs }, (_, job) =>
      world.arms.map((_, arm) => truth.outcomeOf(job, arm)),
    )
    for (const logger of loggerNames) {
      const run = simulate(scenarioOf(world, 11, jobs), logger)
      for (let job = 0; job < jobs; job += 1) {
        const { status, ms } = expected[job]?.[at(run.arm, job)] ?? {}
        expect([run.status[job], at(run.endMs, job) - at(run.startMs, job)]).toEqual([status, ms])
      }
    }
  })

  test('come out on average as is expected of them', () => {
    // All on the first day, so that no drift comes between.
    const world = defaultWorld({ jobsPerDay: 2e6 })
    const { outcomeOf, workload, expectations } = scenarioOf(world, 'means', 100_000)
    const zs: number[] = []
    for (const key of [0, 3, 4, 5, 13, 22, 40]) {
      const jobs = Array.from(workload.key.keys()).filter((job) => workload.key[job] === key)
      for (const arm of armsFor(world, key).slice(0, 4)) {
        const { costPerHourEur } = world.arms[arm] ?? ALONE
        const outcomes = jobs.map((job) => outcomeOf(job, arm))
        const successes = outcomes.map(({ status }) => (status === STATUS.success ? 1 : 0))
        const seconds = outcomes.map(({ ms }) => ms / 1000)
        const rewards = seconds.map((its, place) => rewardOf(successes[place] === 1, its, costPerHourEur))
        const expected = expectations.of(key, arm, 0)
        zs.push(zOf(rewards, expected.reward), zOf(successes, expected.success))
        zs.push(zOf(seconds, expected.runSeconds))
        expect(expected.costEur).toBeCloseTo((costPerHourEur * expected.runSeconds) / 3600, 12)
      }
    }
    expect(zs.length).toBeGreaterThanOrEqual(60)
    for (const z of zs) expect(Math.abs(z)).toBeLessThan(4.5)
    // Were the expectations a little off, all would lean to one side.
    expect(meanOf(zs.map((z) => z * z))).toBeLessThan(2)
  })

  test('have the means that are known in closed form', () => {
    const sigma = 0.6
    const normal = worldFrom([ALONE], [JOB], { sigma, tailShare: 0, cancellationsPerHour: 0 })
    expect(expectationsOf(normal).of(0, 0, 0).runSeconds).toBeCloseTo(100 * Math.exp(sigma ** 2 / 2), 4)
    // E[exp(−λD)] = μ/(μ + λ) for an exponential D with mean 1/μ, and E[min(C, D)] = 1/(μ + λ).
    const exponential = worldFrom([ALONE], [JOB], { durations: 'exponential', cancellationsPerHour: 9 })
    const { success, runSeconds } = expectationsOf(exponential).of(0, 0, 0)
    expect(success).toBeCloseTo(0.01 / (0.01 + 9 / 3600), 3)
    expect(runSeconds / (1 / (0.01 + 9 / 3600))).toBeCloseTo(1, 3)
  })

  test('are cancelled more often where they take longer', () => {
    const slow = { ...ALONE, id: 'slow', slowness: 3 }
    const { outcomeOf } = scenarioOf(worldFrom([ALONE, slow], [JOB], { cancellationsPerHour: 2 }), 1, 5000)
    const canceled = [0, 1].map(
      (arm) =>
        Array.from({ length: 5000 }, (_, job) => outcomeOf(job, arm)).filter(
          ({ status }) => status === STATUS.canceled,
        ).length,
    )
    expect(at(canceled, 1)).toBeGreaterThan(2 * at(canceled, 0))
  })

  test('are correlated between the arms: a long job is long everywhere', () => {
    const world = worldFrom([ALONE, { ...ALONE, id: 'b' }], [JOB], {
      commonShare: 0.75,
      tailShare: 0,
      cancellationsPerHour: 0,
    })
    const { outcomeOf } = scenarioOf(world, 1, 20_000)
    const logs = Array.from({ length: 20_000 }, (_, job) =>
      [0, 1].map((arm) => Math.log(outcomeOf(job, arm).ms / 1e5)),
    )
    const product = meanOf(logs.map(([a = 0, b = 0]) => a * b))
    expect(product / (0.45 * 0.45)).toBeCloseTo(0.75, 1)
  })

  test('grow slower day by day where a runner drifts, and stop doing so', () => {
    const world = worldFrom([{ ...ALONE, driftPerDay: 0.05 }], [JOB])
    const seconds = [0, 1, 10].map((day) => expectationsOf(world).of(0, 0, day).runSeconds)
    expect(at(seconds, 1) / at(seconds, 0)).toBeCloseTo(Math.exp(0.05), 1)
    expect(at(seconds, 2)).toBeGreaterThan(at(seconds, 1))
  })
})

function zOf(values: readonly number[], expected: number): number {
  const mean = meanOf(values)
  const variance = meanOf(values.map((value) => (value - mean) ** 2))
  return (mean - expected) / Math.sqrt(variance / values.length)
}
