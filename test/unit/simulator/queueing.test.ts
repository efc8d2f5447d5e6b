import { describe, expect, test } from 'vitest'
import {
  defaultWorld,
  figuresOf,
  type Run,
  scenarioOf,
  simulate,
  worldFrom,
} from '../../../shared/simulator/index.ts'
import { ALONE, batchError, JOB, meanOf } from './recount.ts'

const JOBS = 100_000
const SECONDS_PER_DAY = 86_400
const CALM = { day: 'flat', cancellationsPerHour: 0 } as const

const waitsOf = (run: Run) =>
  Array.from(run.startMs, (startMs, job) => (startMs - (run.pendingMs[job] ?? 0)) / 1000)

/** Mean wait of M/M/c. Erlang (1917): C = (aᶜ/c!)(c/(c − a)) / (Σ aᵏ/k! + the same), W = C/(cμ − λ). */
function erlangWait(servers: number, perSecond: number, meanSeconds: number): number {
  const load = perSecond * meanSeconds
  let term = 1
  let idle = 0
  for (let k = 0; k < servers; k += 1) {
    idle += term
    term = (term * load) / (k + 1)
  }
  const all = (term * servers) / (servers - load)
  return all / (idle + all) / (servers / meanSeconds - perSecond)
}

describe('waiting', () => {
  test.each([
    { slots: 1, load: 0.6 },
    { slots: 3, load: 0.75 },
    { slots: 8, load: 0.85 },
  ])('is as Erlang says with $slots slots that are busy $load of the time', ({ slots, load }) => {
    const perSecond = (slots * load) / JOB.medianSeconds
    const conditions = {
      ...CALM,
      durations: 'exponential',
      pipelinesPerDay: perSecond * SECONDS_PER_DAY,
    } as const
    const world = worldFrom([{ ...ALONE, slots }], [JOB], conditions)
    for (const logger of ['sticky', 'uniform']) {
      const waits = waitsOf(simulate(scenarioOf(world, `erlang ${slots}`, JOBS), logger))
      const expected = erlangWait(slots, perSecond, JOB.medianSeconds)
      expect(Math.abs(meanOf(waits) - expected)).toBeLessThan(4 * batchError(waits))
      expect(batchError(waits) / expected).toBeLessThan(0.1)
    }
  })

  test('is as Erlang says of several runners that share a queue', () => {
    const arms = ['a', 'b', 'c'].map((id) => ({ ...ALONE, id }))
    const perSecond = (3 * 0.75) / JOB.medianSeconds
    const conditions = {
      ...CALM,
      durations: 'exponential',
      pipelinesPerDay: perSecond * SECONDS_PER_DAY,
    } as const
    const world = worldFrom(arms, [JOB], conditions)
    const waits = waitsOf(simulate(scenarioOf(world, 'shared', JOBS), 'sticky'))
    expect(Math.abs(meanOf(waits) - erlangWait(3, perSecond, JOB.medianSeconds))).toBeLessThan(
      4 * batchError(waits),
    )
  })

  test('is as Pollaczek and Khinchine say of one slot and lognormal durations', () => {
    const sigma = 0.45
    const perSecond = 0.6 / (JOB.medianSeconds * Math.exp(sigma ** 2 / 2))
    const conditions = { ...CALM, sigma, tailShare: 0, pipelinesPerDay: perSecond * SECONDS_PER_DAY }
    const waits = waitsOf(simulate(scenarioOf(worldFrom([ALONE], [JOB], conditions), 'pk', JOBS), 'sticky'))
    // W = λ E[S²] / (2 (1 − ρ)), E[S²] = median² exp(2σ²).
    const expected = (perSecond * JOB.medianSeconds ** 2 * Math.exp(2 * sigma ** 2)) / (2 * (1 - 0.6))
    expect(Math.abs(meanOf(waits) - expected)).toBeLessThan(4 * batchError(waits))
  })

  test('grows with the load', () => {
    for (const logger of ['sticky', 'uniform', 'ucb1']) {
      const waits = [1000, 2000, 4000, 8000].map((jobsPerDay) =>
        meanOf(waitsOf(simulate(scenarioOf(defaultWorld({ jobsPerDay }), 1, 4000), logger))),
      )
      expect(waits).toEqual(waits.toSorted((a, b) => a - b))
    }
  })

  test('is what it costs to send every job to the best runner, which no reward of a logged job shows', () => {
    const scenario = scenarioOf(defaultWorld(), 1, 4000)
    const sticky = figuresOf(scenario, simulate(scenario, 'sticky'))
    const best = figuresOf(scenario, simulate(scenario, 'best'))
    expect(best.reward).toBeGreaterThan(sticky.reward + 0.1)
    expect(best.queueSeconds).toBeGreaterThan(20 * sticky.queueSeconds)
    expect(best.resultMinutes).toBeGreaterThan(sticky.resultMinutes)
    // With twice the load, the best runner is busy in the middle of the night, too.
    const busier = scenarioOf(defaultWorld({ jobsPerDay: 4000 }), 1, 4000)
    expect(figuresOf(busier, simulate(busier, 'best')).busiestShare).toBeGreaterThan(0.8)
    expect(figuresOf(busier, simulate(busier, 'sticky')).busiestShare).toBeLessThan(0.6)
  })
})
