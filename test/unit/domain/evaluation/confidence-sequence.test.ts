import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  asymptoticHalfWidth,
  bernsteinSequence,
} from '../../../../shared/domain/evaluation/confidence-sequence.ts'
import { EVALUATION } from '../../../../shared/domain/evaluation/settings.ts'

/** Runs of like jobs, so that bounds leave 0 and 1, and what is to be believed changes on the way. */
const jobsArb = fc
  .array(
    fc.record({
      weight: fc.oneof(fc.constant(0), fc.constant(1), fc.double({ min: 0.5, max: 2, noNaN: true })),
      reward: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
      times: fc.integer({ min: 1, max: 40 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((runs) => runs.flatMap(({ times, ...job }) => Array.from({ length: times }, () => job)))

describe('the empirical Bernstein sequence', () => {
  test('never widens, stays in [0, 1], and begins as [0, 1]', () => {
    fc.assert(
      fc.property(jobsArb, (jobs) => {
        const sequence = bernsteinSequence()
        let { low, high } = sequence.bounds()
        expect([low, high]).toEqual([0, 1])
        for (const { weight, reward } of jobs) {
          sequence.add(weight, reward)
          const now = sequence.bounds()
          expect(now.low).toBeGreaterThanOrEqual(low)
          expect(now.high).toBeLessThanOrEqual(high)
          expect(now.low).toBeLessThanOrEqual(1)
          expect(now.high).toBeGreaterThanOrEqual(0)
          low = now.low
          high = now.high
        }
      }),
    )
  })

  test('mirrors when rewards do, under weights of 1', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 200 }), (rewards) => {
        const [one, other] = [bernsteinSequence(), bernsteinSequence()]
        for (const reward of rewards) {
          one.add(1, reward)
          other.add(1, 1 - reward)
        }
        expect(other.bounds().low).toBeCloseTo(1 - one.bounds().high, 9)
      }),
    )
  })

  // All sums anew at every job, written as the formula is.
  test('is its formula', () => {
    fc.assert(
      fc.property(jobsArb, (jobs) => {
        const sequence = bernsteinSequence(0.2)
        for (const { weight, reward } of jobs) sequence.add(weight, reward)
        const { low, high } = sequence.bounds()
        expect(low).toBeCloseTo(lowest(jobs.map(({ weight, reward }) => weight * reward)), 10)
        expect(high).toBeCloseTo(1 - lowest(jobs.map(({ weight, reward }) => weight * (1 - reward))), 10)
      }),
    )
  })

  test('closes in on a mean: 20,000 coins of 0.3 leave less than 0.05', () => {
    const sequence = bernsteinSequence()
    for (let job = 0; job < 20_000; job += 1) sequence.add(1, [0, 3, 7].includes(job % 10) ? 1 : 0)
    const { low, high } = sequence.bounds()
    expect(low).toBeLessThan(0.3)
    expect(high).toBeGreaterThan(0.3)
    expect(high - low).toBeLessThan(0.05)
  })
})

/** The best bound from below after all of x; α = 0.2, half of it on this side. */
function lowest(x: readonly number[]): number {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const cut = x.map((value) => Math.min(value, 1))
  const means = [0.5, ...x.map((_, i) => (0.5 + sum(cut.slice(0, i + 1))) / (i + 2))]
  const variances = x.map(
    (_, i) => (0.25 + sum(cut.slice(0, i).map((v, j) => (v - (means[j + 1] as number)) ** 2))) / (i + 1),
  )
  const bets = variances.map((v, i) =>
    Math.min(0.5, Math.sqrt((2 * Math.log(10)) / ((i + 1) * Math.log(i + 2) * v))),
  )
  const bounds = x.map((_, last) => {
    const upTo = bets.slice(0, last + 1)
    const won = sum(upTo.map((bet, i) => bet * (x[i] as number)))
    const spent = sum(
      upTo.map((bet, i) => ((x[i] as number) - (means[i] as number)) ** 2 * (-Math.log(1 - bet) - bet)),
    )
    return (won - Math.log(10) - spent) / sum(upTo)
  })
  return Math.min(1, Math.max(0, ...bounds))
}

describe('the asymptotic sequence', () => {
  // G ρ² = 8.211968…: sqrt(2 · 9.211968/8.211968 · ln(sqrt(9.211968)/0.05)) = 3.0351.
  test('is 3.04 standard errors wide where it was meant to be narrowest', () => {
    expect(asymptoticHalfWidth(1, 1000, EVALUATION)).toBeCloseTo(3.0351, 4)
    expect(asymptoticHalfWidth(0.02, 1000, EVALUATION)).toBeCloseTo(0.02 * 3.0351, 6)
  })

  test('is wider than the interval for one look, for any number of clusters', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 10_000_000 }), (clusters) => {
        expect(asymptoticHalfWidth(1, clusters, EVALUATION)).toBeGreaterThan(3)
      }),
    )
  })
})
