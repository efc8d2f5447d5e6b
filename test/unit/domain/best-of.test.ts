import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lowOfLargest, probabilitiesOfBest } from '../../../shared/domain/best-of.ts'
import { minusExponential, studentT } from '../../../shared/domain/student-t.ts'

const normal = (mean: number, deviation: number) => studentT(mean, deviation, 1e9)
const distributionArb = fc
  .record({
    location: fc.oneof(fc.double({ min: -2, max: 2, noNaN: true }), fc.constantFrom(0, 1)),
    scale: fc.oneof(fc.double({ min: 1e-4, max: 2, noNaN: true }), fc.constantFrom(0.1, 1)),
    degrees: fc.integer({ min: 4, max: 300 }),
    rate: fc.option(fc.double({ min: 0.25, max: 8, noNaN: true }), { nil: undefined }),
  })
  .map(({ location, scale, degrees, rate }) => {
    const distribution = studentT(location, scale, degrees)
    return rate === undefined ? distribution : minusExponential(distribution, rate / scale)
  })
const distributionsArb = fc.array(distributionArb, { minLength: 1, maxLength: 12 })

describe('the probability of being the largest', () => {
  test('is none where there is nothing, and 1 for an only one', () => {
    expect([...probabilitiesOfBest([])]).toEqual([])
    expect([...probabilitiesOfBest([normal(3, 2)])]).toEqual([1])
  })

  // Of two normals the difference is a normal: Φ((μa − μb) / sqrt(σa² + σb²)); Φ(0.6) = 0.725747, Φ(1) = 0.841345,
  // Φ(2) = 0.977250.
  test.each([
    [0, 3, 3, 4, 0.274253],
    [1, 0.6, 0, 0.8, 0.841345],
    [0.2, 0.1, 0, 1e-5, 0.97725],
    [10, 0.01, 0, 0.01, 1],
  ])('of N(%f, %f²) beside N(%f, %f²) is %f', (meanA, deviationA, meanB, deviationB, expected) => {
    const [a = 0, b = 0] = probabilitiesOfBest([normal(meanA, deviationA), normal(meanB, deviationB)])
    expect(Math.abs(a - expected)).toBeLessThan(2e-3)
    expect(a + b).toBeCloseTo(1, 12)
  })

  // The largest of the two unit normals and of n − 2 that are far below: the far ones change nothing.
  test('is not moved by who cannot be the largest, however many there are', () => {
    const [alone = 0] = probabilitiesOfBest([normal(0.5, 1), normal(0, 1)])
    const hopeless = Array.from({ length: 500 }, (_, index) => normal(-100 - index, 0.1))
    const [beside = 0, ...others] = probabilitiesOfBest([normal(0.5, 1), ...hopeless, normal(0, 1)])
    expect(Math.abs(beside - alone)).toBeLessThan(2e-3)
    expect(Math.max(...others.slice(0, 500))).toBeLessThan(1e-6)
  })

  test('adds up to 1, is shared exactly by equals, and does not depend on the order', () => {
    fc.assert(
      fc.property(distributionsArb, fc.nat(), (distributions, turn) => {
        const probabilities = probabilitiesOfBest(distributions)
        expect(probabilities.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 12)
        expect(Math.min(...probabilities)).toBeGreaterThanOrEqual(0)

        const by = turn % distributions.length
        const turned = [...distributions.slice(by), ...distributions.slice(0, by)]
        const other = probabilitiesOfBest(turned)
        for (const [index, probability] of probabilities.entries()) {
          const now = other[(index - by + distributions.length) % distributions.length]
          expect(now).toBeCloseTo(probability, 9)
        }

        const twice = probabilitiesOfBest([...distributions, ...distributions])
        for (const index of distributions.keys())
          expect(twice[index]).toBe(twice[index + distributions.length])
      }),
    )
  })

  test('rises with the quantity', () => {
    fc.assert(
      fc.property(
        distributionsArb,
        distributionArb,
        fc.double({ min: 0.01, max: 3, noNaN: true }),
        (others, one, by) => {
          const [before = 0] = probabilitiesOfBest([one, ...others])
          const [after = 0] = probabilitiesOfBest([{ ...one, location: one.location + by }, ...others])
          expect(after).toBeGreaterThanOrEqual(before - 4e-3)
        },
      ),
    )
  })
})

test('the largest of 8 unit normals is below the 0.5^8 quantile of all when each is below its median', () => {
  const low = lowOfLargest(
    Array.from({ length: 8 }, () => normal(5, 2)),
    0.5 ** 8,
  )
  expect(low).toBeCloseTo(5, 2)
})
