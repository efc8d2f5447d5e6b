import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  defaultWorld,
  type Run,
  type Scenario,
  scenarioOf,
  simulate,
} from '../../../shared/simulator/index.ts'
import { outagesOf } from '../../../shared/simulator/outages.ts'
import { armsFor, at, startsOf } from './recount.ts'

const JOBS = 300

/** Any load from idle to hopeless, any logger that is not slow to ask. */
const played = fc
  .record({
    seed: fc.integer({ min: 0, max: 1e6 }),
    runners: fc.integer({ min: 1, max: 23 }),
    projects: fc.integer({ min: 1, max: 8 }),
    jobsPerDay: fc.integer({ min: 200, max: 20_000 }),
    outages: fc.boolean(),
    logger: fc.constantFrom('sticky', 'uniform', 'best', 'ucb1', 'ucb1-tuned', 'greedy'),
  })
  .map(({ seed, logger, ...options }) => {
    const scenario = scenarioOf(defaultWorld(options), seed, JOBS)
    return { scenario, logger, run: simulate(scenario, logger) }
  })

const holds = (law: (played: { scenario: Scenario; run: Run; logger: string }) => void) =>
  fc.assert(fc.property(played, law), { numRuns: 15 })

describe('a simulated run', () => {
  test('ends every job once, after it began, on an arm that carries its tags', () => {
    holds(({ scenario, run }) => {
      for (let job = 0; job < JOBS; job += 1) {
        const [pendingMs, startMs, endMs] = [at(run.pendingMs, job), at(run.startMs, job), at(run.endMs, job)]
        const wanted = scenario.world.keys[at(scenario.workload.key, job)]?.tags ?? []
        const carried = scenario.world.arms[at(run.arm, job)]?.tags ?? []
        const propensity = at(run.propensity, job)
        const isWell =
          pendingMs <= startMs &&
          startMs < endMs &&
          wanted.every((tag) => carried.includes(tag)) &&
          propensity > 0
        expect({ job, isWell: isWell && propensity <= 1 }).toEqual({ job, isWell: true })
      }
    })
  })

  test('never has more jobs on an arm than it has slots', () => {
    holds(({ scenario, run }) => {
      for (const { job, running } of startsOf(scenario, run)) {
        const arm = at(run.arm, job)
        expect(at(running, arm)).toBeLessThan(scenario.world.arms[arm]?.slots ?? 0)
      }
    })
  })

  test('serves those who wait for the same first in, first out', () => {
    holds(({ scenario, run, logger }) => {
      const { signatureOf } = scenario.world
      const lineOf = (job: number) =>
        logger === 'sticky' ? at(signatureOf, at(scenario.workload.key, job)) : at(run.arm, job)
      const lines = Map.groupBy(Array.from({ length: JOBS }).keys(), lineOf)
      for (const jobs of lines.values()) {
        const inLine = jobs.toSorted(
          (a, b) => at(run.pendingMs, a) - at(run.pendingMs, b) || at(run.startMs, a) - at(run.startMs, b),
        )
        const starts = inLine.map((job) => at(run.startMs, job))
        expect(starts).toEqual(starts.toSorted((a, b) => a - b))
      }
    })
  })

  test('gives a free slot to who has waited longest of all that the runner may take', () => {
    const scenario = scenarioOf(defaultWorld({ jobsPerDay: 8000, outages: false }), 3, 1500)
    const run = simulate(scenario, 'sticky')
    const jobs = Array.from(run.arm.keys())
    const overtaken = jobs.filter((job) =>
      jobs.some(
        (other) =>
          at(run.pendingMs, other) > at(run.pendingMs, job) &&
          at(run.startMs, other) < at(run.startMs, job) &&
          armsFor(scenario.world, at(scenario.workload.key, job)).includes(at(run.arm, other)),
      ),
    )
    expect(overtaken).toEqual([])
    expect(jobs.filter((job) => at(run.startMs, job) > at(run.pendingMs, job)).length).toBeGreaterThan(100)
  })

  test('lets nobody wait where the sticky logger has a feasible runner free', () => {
    const scenario = scenarioOf(defaultWorld({ jobsPerDay: 6000, outages: false }), 3, 3000)
    const run = simulate(scenario, 'sticky')
    let waited = 0
    for (const { job } of startsOf(scenario, run)) {
      if (at(run.pendingMs, job) === at(run.startMs, job)) continue
      waited += 1
      const pendingMs = at(run.pendingMs, job)
      for (const arm of armsFor(scenario.world, at(scenario.workload.key, job))) {
        const busy = run.arm.filter(
          (its, other) =>
            its === arm && at(run.startMs, other) <= pendingMs && at(run.endMs, other) > pendingMs,
        )
        expect(busy.length).toBe(scenario.world.arms[arm]?.slots)
      }
    }
    expect(waited).toBeGreaterThan(100)
  })

  test('begins a stage when all jobs of the one before have ended', () => {
    holds(({ scenario: { world, workload }, run }) => {
      const stageOf = (job: number) => world.keys[at(workload.key, job)]?.stage ?? 0
      for (const jobs of Map.groupBy(run.arm.keys(), (job) => at(workload.pipeline, job)).values()) {
        for (const job of jobs) {
          const before = jobs.filter((other) => stageOf(other) < stageOf(job))
          for (const other of before) expect(at(run.endMs, other)).toBeLessThanOrEqual(at(run.pendingMs, job))
        }
      }
    })
  })

  test('is the same for the same seed, and another for another', () => {
    const runOf = (seed: number, logger: string) => simulate(scenarioOf(defaultWorld(), seed, JOBS), logger)
    for (const logger of ['sticky', 'thompson', 'best']) expect(runOf(1, logger)).toEqual(runOf(1, logger))
    expect(runOf(1, 'sticky')).not.toEqual(runOf(2, 'sticky'))
  })

  test('starts nothing on a runner that is gone', () => {
    const world = defaultWorld({ jobsPerDay: 800 })
    const flaky = { ...world, arms: world.arms.map((arm) => ({ ...arm, outagesPerDay: 0.5 })) }
    for (const logger of ['sticky', 'uniform', 'ucb1']) {
      const scenario = scenarioOf(flaky, 5, 3000)
      const run = simulate(scenario, logger)
      const outages = outagesOf(flaky, scenario.chance, 4)
      expect(outages.length).toBeGreaterThan(10)
      const broken = outages.filter(({ arm, fromMs, toMs }) =>
        run.startMs.some((ms, job) => run.arm[job] === arm && ms > fromMs && ms < toMs),
      )
      expect(broken).toEqual([])
    }
  })
})
