import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seededDraws } from '../../../shared/domain/rng.ts'
import { type ComparedJob, compareRouted, FEWEST_JOBS, whyTripped } from '../../../shared/domain/safeguard.ts'

const job = (words: Partial<ComparedJob> = {}): ComparedJob => ({
  isRouted: true,
  jobKey: '1/build',
  isSuccess: true,
  durationSeconds: 60,
  ...words,
})
const jobs = (n: number, words: Partial<ComparedJob> = {}) => Array.from({ length: n }, () => job(words))

/** Of a seeded draw: successes with a probability, durations log-normal around a minute. */
function drawn(seed: string, n: number, rate: number, slower: number, isRouted: boolean): ComparedJob[] {
  const draw = seededDraws(seed)
  return Array.from({ length: n }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw())
    return job({ isRouted, isSuccess: draw() < rate, durationSeconds: 60 * slower * Math.exp(0.4 * normal) })
  })
}

describe('the difference of success rates', () => {
  test('is that of Mantel and Haenszel over job keys, with smoothed variances', () => {
    // Computed by another program (Python, exact fractions): strata (12 of 20, 30 of 40) and (45 of 50, 18 of 30).
    const comparison = compareRouted([
      ...jobs(12),
      ...jobs(8, { isSuccess: false }),
      ...jobs(30, { isRouted: false }),
      ...jobs(10, { isRouted: false, isSuccess: false }),
      ...jobs(45, { jobKey: '1/test' }),
      ...jobs(5, { jobKey: '1/test', isSuccess: false }),
      ...jobs(18, { jobKey: '1/test', isRouted: false }),
      ...jobs(12, { jobKey: '1/test', isRouted: false, isSuccess: false }),
      // In one of the groups alone.
      ...jobs(500, { jobKey: '1/other', isRouted: false }),
    ])
    const { low, high, routed, control } = comparison.successRate ?? {
      low: 0,
      high: 0,
      routed: 0,
      control: 0,
    }
    expect([comparison.routedJobs, comparison.controlJobs]).toEqual([70, 70])
    expect(routed).toBeCloseTo(0.775324675325, 9)
    expect(control).toBeCloseTo(0.662337662338, 9)
    expect(low).toBeCloseTo(-0.118179697561, 9)
    expect(high).toBeCloseTo(0.344153723535, 9)
  })

  test('is none of the mix: who routes the job that fails most does no worse by that', () => {
    const e2e = (isRouted: boolean) => [
      ...jobs(160, { jobKey: '1/e2e', isRouted }),
      ...jobs(40, { jobKey: '1/e2e', isRouted, isSuccess: false }),
    ]
    const lint = [
      ...jobs(841, { jobKey: '1/lint', isRouted: false }),
      ...jobs(9, { jobKey: '1/lint', isRouted: false, isSuccess: false }),
    ]
    expect(whyTripped(compareRouted([...e2e(true), ...e2e(false), ...lint]))).toBeUndefined()
  })

  test('trips when routed jobs fail more often than chance explains, and not the other way round', () => {
    const worse = [...jobs(60), ...jobs(40, { isSuccess: false })]
    const fine = jobs(100, { isRouted: false })
    expect(whyTripped(compareRouted([...worse, ...fine]))).toBe(
      'Of 100 routed jobs 60 % succeeded, of 100 others of the same kinds 100 %: more than chance explains.',
    )
    const turned = [...worse, ...fine].map((one) => ({ ...one, isRouted: !one.isRouted }))
    expect(whyTripped(compareRouted(turned))).toBeUndefined()
  })

  test('concludes nothing from too few jobs of either group', () => {
    const failed = (n: number) => jobs(n, { isSuccess: false })
    const fine = (n: number) => jobs(n, { isRouted: false })
    expect(whyTripped(compareRouted([...failed(FEWEST_JOBS - 1), ...fine(500)]))).toBeUndefined()
    expect(whyTripped(compareRouted([...failed(500), ...fine(FEWEST_JOBS - 1)]))).toBeUndefined()
    expect(whyTripped(compareRouted([...failed(FEWEST_JOBS), ...fine(FEWEST_JOBS)]))).toBeDefined()
    expect(whyTripped(compareRouted([]))).toBeUndefined()
  })
})

describe('the 95th percentile of durations', () => {
  test('trips when routed jobs take twice as long', () => {
    const all = [...drawn('r', 400, 1, 2, true), ...drawn('c', 400, 1, 1, false)]
    expect(whyTripped(compareRouted(all))).toMatch(
      /^Of the routed jobs one in twenty takes \d\.\d times its usual/,
    )
  })

  test('is of the time a job usually takes, so that a group of longer jobs is none of slower ones', () => {
    const long = (isRouted: boolean) =>
      drawn(`l${isRouted}`, 300, 1, 30, isRouted).map((one) => ({ ...one, jobKey: '1/long' }))
    const short = (n: number, isRouted: boolean) => drawn(`s${isRouted}`, n, 1, 1, isRouted)
    const all = [...long(true), ...short(10, true), ...long(false), ...short(3000, false)]
    expect(whyTripped(compareRouted(all))).toBeUndefined()
  })

  test('counts no failure and no unknown duration', () => {
    const slowFailures = jobs(50, { isSuccess: false, durationSeconds: 6000 })
    const untimed = jobs(50, { durationSeconds: null })
    const { p95Duration } = compareRouted([
      ...slowFailures,
      ...untimed,
      ...jobs(300),
      ...jobs(300, { isRouted: false }),
    ])
    expect(p95Duration?.routed.value).toBeCloseTo(1, 9)
    expect(p95Duration?.routed.high).toBeCloseTo(1, 9)
  })

  test('has no upper bound from few jobs, so that few of the control convict nobody', () => {
    const { p95Duration } = compareRouted([
      ...jobs(200, { durationSeconds: 900 }),
      ...jobs(100, { isRouted: false }),
    ])
    expect(p95Duration?.control.high).toBe(Number.POSITIVE_INFINITY)
  })
})

test('groups that are alike trip it at no more than three of a thousand looks', () => {
  let trips = 0
  for (let seed = 0; seed < 1000; seed += 1) {
    const all = [...drawn(`a${seed}`, 200, 0.9, 1, true), ...drawn(`b${seed}`, 300, 0.9, 1, false)]
    if (whyTripped(compareRouted(all)) !== undefined) trips += 1
  }
  // Two one-sided looks at three standard errors: 1.35 of a thousand for each, and the second is stricter still.
  expect(trips).toBeLessThanOrEqual(3)
})

test('the order in which jobs are told makes no difference', () => {
  const all = [...drawn('x', 60, 0.8, 1.2, true), ...drawn('y', 80, 0.9, 1, false)]
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
      const { successRate, p95Duration } = compareRouted(shuffled)
      expect(successRate).toEqual(compareRouted(all).successRate)
      expect(p95Duration?.routed.value).toBeCloseTo(compareRouted(all).p95Duration?.routed.value ?? 0, 9)
    }),
    { numRuns: 50 },
  )
})
