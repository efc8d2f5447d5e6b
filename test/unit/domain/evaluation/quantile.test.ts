import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { holm, normalTail, tQuantile, twoSidedP } from '../../../../shared/domain/evaluation/quantile.ts'

const Z = 1.959963984540054

describe('the quantile of t', () => {
  // Exact values at 97.5 %, and by how much the expansion may miss them.
  test.each([
    [1, 12.706204736174694, 1.41],
    [2, 4.302652729749462, 0.033],
    [3, 3.1824463052837078, 0.0039],
    [4, 2.7764451051977934, 8.7e-4],
    [5, 2.5705818356363146, 2.8e-4],
    [10, 2.228138851986274, 8e-6],
    [20, 2.085963447265864, 2.5e-7],
    [30, 2.0422724563012378, 3.2e-8],
    [100, 1.9839715185235518, 1e-10],
    [1000, 1.9623390808264083, 1e-14],
  ])('with %i degrees of freedom is %f', (degrees, exact, error) => {
    const missedBy = exact - tQuantile(degrees, Z)
    expect(Math.abs(missedBy)).toBeLessThan(error)
    expect(missedBy).toBeGreaterThan(-1e-14)
  })

  test('is the normal one for many degrees of freedom, and antisymmetric', () => {
    expect(tQuantile(1e12, Z)).toBeCloseTo(Z, 11)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0, max: 4, noNaN: true }), (v, z) => {
        expect(tQuantile(v, -z)).toBeCloseTo(-tQuantile(v, z), 9)
      }),
    )
  })
})

describe('tails', () => {
  test.each([
    [0, 1],
    [0.1, 0.920344325445942],
    [0.5, 0.6170750774519738],
    [1, 0.31731050786291415],
    [Z, 0.05],
    [3, 0.0026997960632601866],
    [4, 6.334248366623973e-5],
    [6, 1.973175290075389e-9],
    [10, 1.523970604832094e-23],
    [20, 5.507248237212311e-89],
  ])('beyond %f a normal variable lies with probability %d', (z, exact) => {
    expect(Math.abs(normalTail(z) / exact - 1)).toBeLessThan(1.2e-7)
  })

  // Quantiles of t at 97.5 % and 99.95 %: what Wallace's p-value exceeds 0.05 and 0.001 by, relatively.
  test.each([
    [2, 4.302652729749462, 0.05, 0.071],
    [3, 3.1824463052837078, 0.05, 0.028],
    [5, 2.5705818356363146, 0.05, 0.0078],
    [10, 2.228138851986274, 0.05, 0.0015],
    [30, 2.0422724563012378, 0.05, 1.2e-4],
    [100, 1.9839715185235518, 0.05, 9e-6],
    [10, 4.586893858702636, 0.001, 0.022],
    [100, 3.390491311125125, 0.001, 2e-4],
  ])('with %i degrees of freedom beyond %f lies t with probability %f', (degrees, t, exact, error) => {
    for (const p of [twoSidedP(t, degrees), twoSidedP(-t, degrees)]) {
      expect(p / exact - 1).toBeGreaterThan(-1.2e-7)
      expect(p / exact - 1).toBeLessThan(error)
    }
  })
})

describe("Holm's correction", () => {
  // The example of Holm's procedure: 4 × 0.01, then 3 × 0.013 is less than that, 2 × 0.02, and 0.04 once.
  test('multiplies the smallest by their number, the next by one less, and never falls', () => {
    const corrected = holm([0.02, 0.01, 0.04, 0.013])
    expect(corrected).toEqual([0.04, 0.04, 0.04, 0.04])
    expect(holm([0.5, null, 0.001, 0.6])).toEqual([1, null, 0.003, 1])
    expect(holm([])).toEqual([])
  })

  test('is at least p, at most 1, keeps the order, and is what Bonferroni gives or less', () => {
    const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(values, (ps) => {
        const corrected = holm(ps) as number[]
        for (const [index, p] of ps.entries()) {
          const here = corrected[index] as number
          expect(here).toBeGreaterThanOrEqual(p)
          expect(here).toBeLessThanOrEqual(Math.min(1, ps.length * p))
          for (const [other, q] of ps.entries())
            if (p <= q) expect(here).toBeLessThanOrEqual(corrected[other] as number)
        }
      }),
    )
  })
})
