import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compared } from '../../../../shared/domain/evaluation/comparison.ts'
import { estimatesOf } from '../../../../shared/domain/evaluation/estimate.ts'
import { ESTIMATORS } from '../../../../shared/domain/evaluation/influence.ts'
import { pairedArb, termsArb } from './term-arbitraries.ts'
import { TINY, TINY_LIMITS, TINY_LOGGED } from './tiny.ts'

describe('a paired comparison', () => {
  // Per job of tiny, dr − reward is 1/2 1/2 | 0 −1/2 | 0 −1/4 | 3/2 −1, ips − reward is 1 0 | 3/2 −1 | 0 −3/4 | 3 −1.
  test.each([
    ['dr', 3 / 32, 91 / 3072, 0.6238],
    ['ips', 11 / 32, 251 / 3072, 0.3155],
  ] as const)(
    'of the tiny policy with what was done, by %s, is its fraction',
    (name, difference, variance, p) => {
      const found = compared(TINY, TINY_LOGGED, name, TINY_LIMITS)
      expect(found.difference).toBeCloseTo(difference, 14)
      expect((found.standardError as number) ** 2).toBeCloseTo(variance, 14)
      expect(found.low).toBeCloseTo(difference - 3.178616995054062 * Math.sqrt(variance), 12)
      // Exact for t with 3 degrees of freedom; the formula misses by less than 0.002 there.
      expect(Math.abs((found.pValue as number) - p)).toBeLessThan(2e-3)
    },
  )

  test('is the difference of the values, and turns its sign with the order', () => {
    fc.assert(
      fc.property(pairedArb, ({ a, b }) => {
        for (const name of ESTIMATORS) {
          const [there, back] = [compared(a, b, name), compared(b, a, name)]
          const [ofA, ofB] = [estimatesOf(a)[name].value, estimatesOf(b)[name].value]
          if (ofA === null || ofB === null) {
            expect(there.difference).toBeNull()
            continue
          }
          expect(there.difference).toBeCloseTo(ofA - ofB, 9)
          expect(back.difference).toBeCloseTo(ofB - ofA, 9)
          expect(back.standardError === null).toBe(there.standardError === null)
          if (there.low === null) continue
          expect(back.high).toBeCloseTo(-there.low, 6)
          if (there.pValue === null) expect(back.pValue).toBeNull()
          else expect(back.pValue).toBeCloseTo(there.pValue, 9)
        }
      }),
    )
  })

  test('of a policy with itself has no error, and nothing to test', () => {
    fc.assert(
      fc.property(termsArb, (terms) => {
        const { difference, standardError, pValue } = compared(terms, terms, 'dr')
        expect(difference).toBe(0)
        if (standardError !== null) expect(standardError).toBe(0)
        expect(pValue).toBeNull()
      }),
    )
  })

  test('has less error than two estimates apart where both agree on most jobs', () => {
    const other = TINY.map((term, row) => (row === 7 ? { ...term, weight: 2, feasible: 1 } : term))
    const apart = estimatesOf(TINY, TINY_LIMITS).ips.standardError as number
    expect(compared(TINY, other, 'ips', TINY_LIMITS).standardError).toBeLessThan(apart)
  })

  test('of different jobs is refused', () => {
    expect(() => compared(TINY, TINY.slice(1), 'dr')).toThrow(RangeError)
    expect(() => compared(TINY, TINY.toReversed(), 'dr')).toThrow('not of the same jobs')
  })
})
