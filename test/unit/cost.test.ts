/** Expected figures are written out from Google's prices, not from the code's. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { costOf, DEFAULTS } from '../../shared/domain/cost.ts'
import { instanceSeconds, stateWrites } from '../../shared/domain/cost-usage.ts'

const TIB = 2 ** 40
const MONTH_SECONDS = 30 * 86_400
const cost = (jobsPerDay: number, others: Partial<typeof DEFAULTS> = {}) =>
  costOf({ ...DEFAULTS, ...others, jobsPerDay })
const lineOf = (jobsPerDay: number, meter: string, what: string, others: Partial<typeof DEFAULTS> = {}) =>
  cost(jobsPerDay, others).lines.find((line) => line.meter === meter && line.what === what)

/** Within a thousandth: what overlaps at a trickle is less. */
const near = (value: number) => ({ atLeast: value * 0.999, atMost: value * 1.001 })
function expectNear(actual: number | undefined, value: number) {
  expect(actual).toBeGreaterThanOrEqual(near(value).atLeast)
  expect(actual).toBeLessThanOrEqual(near(value).atMost)
}

test('at a trickle each webhook pays for a request and for 100 ms of an instance', () => {
  // One job a day: 30 a month, 120 webhooks, of half a GiB each.
  expectNear(lineOf(1, 'requests', 'ingest')?.usd, 120 * 0.0000004)
  expectNear(lineOf(1, 'vcpuSeconds', 'ingest')?.usd, 120 * 0.1 * 0.000024)
  expectNear(lineOf(1, 'memoryGibSeconds', 'ingest')?.usd, 120 * 0.1 * 0.5 * 0.0000025)
})

test('at a trickle each finish is a write of the state', () => {
  expectNear(lineOf(1, 'writes', 'the state, by learn')?.units, 30)
  expectNear(lineOf(1, 'writes', 'the state, by learn')?.usd, 30 * 0.000005)
})

test('the floor of a million webhooks at a trickle is what its parts cost', () => {
  // A million webhooks are 250,000 jobs: as many finishes, 750,000 events, 500,000 messages to shadow.
  const ingest = 0.4 + 100_000 * (0.000024 + 0.5 * 0.0000025)
  const bus = (0.75e9 * 40) / TIB + (0.75e9 * 50) / TIB + (0.25e9 * 40) / TIB + (0.5e9 * 40) / TIB
  const learn = 0.1 + 25_000 * (0.000024 + 0.0000025) + 0.25 * 5 + 0.25 * 0.4
  const shadow = 0.2 + 50_000 * (0.000024 + 0.5 * 0.0000025)
  const rows = (0.75e9 / 200e6) * 0.01
  expectNear(cost(1).perMillionWebhooks.floorUsd, ingest + bus + learn + shadow + rows)
})

test('at a trickle shadow pays 200 ms, since it reads the state before it writes', () => {
  // 100 ms more for 500,000 messages, and a read each; a thousandth is delivered again.
  const more = 50_000 * (0.000024 + 0.5 * 0.0000025) + 0.5 * 0.4
  const { usd, floorUsd } = cost(1).perMillionWebhooks
  expect(usd - floorUsd).toBeGreaterThan(more)
  expect(usd - floorUsd).toBeLessThan(more + 0.01)
})

test('saturated, instances cost a second a second and requests the rest', () => {
  // 20 million jobs a day: 2,400 million webhooks a month, so a million takes 1,080 seconds.
  const requests = 0.4 + 0.1 + 0.2
  const bus = (0.75e9 * 40) / TIB + (0.75e9 * 50) / TIB + (0.25e9 * 40) / TIB + (0.5e9 * 40) / TIB
  const instances = 1080 * (3 * 0.000024 + (0.5 + 1 + 0.5) * 0.0000025)
  // 231.48 finishes a second: a write each 1 + 1/231.48 seconds, and a read before it.
  const writes = (1080 / (1 + 1 / 231.48)) * (0.000005 + 0.0000004)
  const rows = 0.0375
  expectNear(cost(20_000_000).perMillionWebhooks.floorUsd, requests + bus + instances + writes + rows)
  expect(cost(20_000_000).perMillionWebhooks.ratio).toBeLessThan(1.1)
})

test('a batch that is pulled each minute is a request, a read and a write a minute', () => {
  const pull = { driver: 'pull' } as const
  expectNear(lineOf(1_000_000, 'requests', 'learn', pull)?.units, 43_200)
  expectNear(lineOf(1_000_000, 'writes', 'the state, by learn', pull)?.units, 43_200)
  // Of one job a day hardly a run finds anything.
  expectNear(lineOf(1, 'writes', 'the state, by learn', pull)?.units, 30)
})

test('each shard is written by itself', () => {
  const writes = (shards: number) => lineOf(20_000_000, 'writes', 'the state, by learn', { shards })?.units
  // 57.87 finishes a second and shard.
  expectNear(writes(4), (4 * MONTH_SECONDS) / (1 + 1 / 57.87))
})

test('a fleet that fits into what is free costs what has no free part', () => {
  // Free are 3 of the 5 schedules, 6 versions of secrets, and 10 GiB of tables; Cloud Storage and inserts are not.
  const { usdPerMonthAfterFree } = cost(10, { recommendationsPerJob: 0 })
  const writes = 300 * (0.000005 + 0.0000004)
  const shadow = 600 * 0.0000004
  const rows = (900 * 1000 * 0.01) / 200e6
  const log = (900 * 1000 * 50) / TIB
  const old = ((10 * 1.5 * 200_000) / 2 ** 30) * 0.02
  expectNear(usdPerMonthAfterFree, writes + shadow + rows + log + old + 2 * 0.1)
})

test('a load balancer costs its hours, used or not', () => {
  expectNear(cost(1, { loadBalancer: true }).usdPerMonth - cost(1).usdPerMonth, 30 * 24 * 0.025)
})

test('an instance is billed for no more than the requests it has, and never less than its time', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1, max: 1e9, noNaN: true }),
      fc.nat({ max: 2000 }).map((ms) => ms / 1000),
      (perMonth, held) => {
        const seconds = instanceSeconds(perMonth, held, 80)
        expect(seconds).toBeLessThanOrEqual(perMonth * (held + 0.1) * (1 + 1e-9))
        expect(seconds).toBeGreaterThanOrEqual(((perMonth * held) / 80) * (1 - 1e-9))
      },
    ),
  )
})

test('a state is never written oftener than once a second, nor than there are events', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 2 ** 31 - 1 }).map((tenths) => tenths / 10),
      (events) => {
        expect(stateWrites(events)).toBeLessThanOrEqual(Math.min(events, MONTH_SECONDS) * (1 + 1e-12))
      },
    ),
  )
})

test('the floor is below, and more jobs never cost less', () => {
  const deployments = fc.record({
    driver: fc.constantFrom('push' as const, 'pull' as const),
    shards: fc.integer({ min: 1, max: 64 }),
    recommendationsPerJob: fc.integer({ min: 0, max: 3 }),
  })
  const jobs = fc.integer({ min: 1, max: 50_000_000 })
  fc.assert(
    fc.property(deployments, jobs, jobs, (others, a, b) => {
      const [few, many] = [cost(Math.min(a, b), others), cost(Math.max(a, b), others)]
      expect(few.perMillionWebhooks.ratio).toBeGreaterThanOrEqual(1)
      expect(many.usdPerMonth).toBeGreaterThanOrEqual(few.usdPerMonth * (1 - 1e-9))
      expect(few.usdPerMonthAfterFree).toBeLessThanOrEqual(few.usdPerMonth)
    }),
  )
})

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('%s jobs a day are refused', (jobs) => {
  expect(() => cost(jobs)).toThrow(RangeError)
})

test('docs/deploy.md tells the figures of this model', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/deploy.md'), 'utf8')
  const told = [...text.matchAll(/^\| ([\d,]+) \| ([\d., |]+) \|$/gm)].map(([, jobs = '', figures = '']) => ({
    jobs: Number(jobs.replaceAll(',', '')),
    figures: figures.split(' | ').map((figure) => Number(figure.replaceAll(',', ''))),
  }))
  expect(told.length).toBe(6)
  for (const { jobs, figures } of told) {
    const { perMillionWebhooks, usdPerMonth, usdPerMonthAfterFree } = cost(jobs)
    const { usd, floorUsd, ratio } = perMillionWebhooks
    const actual = [usd, floorUsd, ratio, usdPerMonth, usdPerMonthAfterFree]
    expect(figures, `${jobs} jobs a day`).toEqual(actual.map((figure) => Number(figure.toFixed(2))))
  }
})
