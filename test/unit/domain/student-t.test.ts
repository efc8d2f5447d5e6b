import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  columnsOf,
  cumulative,
  type Distribution,
  minusExponential,
  studentT,
} from '../../../shared/domain/student-t.ts'

const at = (distribution: Distribution, x: number) => cumulative(columnsOf([distribution]), 0, x)

/** Φ by Simpson's rule on the density from −12. */
function normal(z: number): number {
  const steps = 4000
  const width = (z + 12) / steps
  let sum = 0
  for (let step = 0; step <= steps; step += 1) {
    const x = -12 + step * width
    const weight = step === 0 || step === steps ? 1 : step % 2 === 1 ? 4 : 2
    sum += weight * Math.exp((-x * x) / 2)
  }
  return (sum * width) / 3 / Math.sqrt(2 * Math.PI)
}

const distributionArb = fc
  .record({
    location: fc.double({ min: -5, max: 5, noNaN: true }),
    scale: fc.double({ min: 1e-6, max: 10, noNaN: true }),
    degrees: fc.integer({ min: 1, max: 10_000 }),
    rates: fc.array(fc.double({ min: 0.25, max: 100, noNaN: true }), { maxLength: 3 }),
  })
  .map(({ location, scale, degrees, rates }) =>
    rates.reduce((whole, rate) => minusExponential(whole, rate / scale), studentT(location, scale, degrees)),
  )

describe("Student's t", () => {
  // From the printed tables; with 1 degree of freedom F(1) = 1/2 + arctan(1)/π, with 2 F(2) = 1/2 + 2/(2 sqrt 6).
  test.each([
    [1, 1, 0.75],
    [2, 2, 0.908248],
    [4, 0, 0.5],
    [4, 2.132, 0.95],
    [4, -3.747, 0.01],
    [7, 1.415, 0.9],
    [10, 2.764, 0.99],
    [30, -2.042, 0.025],
    [120, 1.658, 0.95],
    [200, 1.653, 0.95],
    [1000, 1.962, 0.975],
    [1e9, 1.959964, 0.975],
  ])('with %i degrees of freedom at %f is %f', (degrees, x, expected) => {
    expect(Math.abs(at(studentT(0, 1, degrees), x) - expected)).toBeLessThan(5e-4)
    expect(at(studentT(3, 0.1, degrees), 3 + 0.1 * x)).toBeCloseTo(at(studentT(0, 1, degrees), x), 9)
  })

  test('rises from 0 to 1 without a step down, whatever is taken off it', () => {
    fc.assert(
      fc.property(distributionArb, (distribution) => {
        const { location, scale, table } = distribution
        for (let node = 1; node < table.length; node += 1) {
          expect((table[node] as number) - (table[node - 1] as number)).toBeGreaterThanOrEqual(-1e-15)
        }
        for (const x of [-Infinity, location - 65 * scale]) expect(at(distribution, x)).toBe(0)
        for (const x of [location + 65 * scale, Infinity]) expect(at(distribution, x)).toBe(1)
        // Where rounding could lead out of the table.
        for (const x of [location - 64 * scale, location + 64 * scale]) {
          expect(at(distribution, x)).toBeGreaterThanOrEqual(0)
          expect(at(distribution, x)).toBeLessThanOrEqual(1)
        }
      }),
    )
  })
})

// Of a normal Y: P(Y − E ≤ x) = Φ(z) + exp(λσz + λ²σ²/2) · Φ(−z − λσ), z = (x − μ)/σ.
test.each([0.5, 1, 4, 8])(
  'a normal minus an exponential of rate %f over its deviation is the closed form',
  (rate) => {
    const [location, scale] = [2, 0.5]
    const lowered = minusExponential(studentT(location, scale, 1e9), rate / scale)
    for (let z = -6; z <= 4; z += 0.37) {
      const expected = normal(z) + Math.exp(rate * z + (rate * rate) / 2) * normal(-z - rate)
      expect(Math.abs(at(lowered, location + z * scale) - expected)).toBeLessThan(1e-3)
    }
  },
)
