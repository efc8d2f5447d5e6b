import { describe, expect, test } from 'vitest'
import { gammaShapeOf, minusMany } from '../../../shared/domain/bent.ts'
import { columnsOf, cumulative, studentT } from '../../../shared/domain/student-t.ts'

/** P(p ≤ x) of p ~ Beta(a, b) with whole a and b: that at least a of a + b − 1 tries with the chance x succeed. */
function betaBelow(a: number, b: number, x: number): number {
  const tries = a + b - 1
  let lnTerm = tries * Math.log(1 - x)
  let above = 0
  for (let successes = 0; successes <= tries; successes += 1) {
    if (successes >= a) above += Math.exp(lnTerm)
    lnTerm += Math.log((tries - successes) / (successes + 1)) + Math.log(x / (1 - x))
  }
  return above
}

const sumOf = (first: number, count: number, term: (rate: number) => number) =>
  Array.from({ length: count }, (_, index) => term(first + index)).reduce((sum, one) => sum + one, 0)

/** −ln p is a sum of exponentials with the rates a, …, a + b − 1; y is next to nothing. */
function lnBeta(a: number, b: number) {
  const lost = {
    mean: sumOf(a, b, (rate) => 1 / rate),
    variance: sumOf(a, b, (rate) => 1 / rate ** 2),
    third: sumOf(a, b, (rate) => 2 / rate ** 3),
  }
  const y = { location: 0, scale: 1e-6, degrees: 100 }
  return { y, lost, columns: columnsOf([minusMany(y, lost)]) }
}

const WIDE = [
  [-2.6, 0.006901],
  [-2.2, 0.027721],
  [-1.8, 0.134664],
  [-1.5, 0.367788],
  [-1.3, 0.584087],
  [-1.1, 0.77542],
  [-0.8, 0.930967],
  [-0.4, 0.985438],
  [0.2, 0.997482],
] as const

describe('a t minus many exponentials', () => {
  // What lies above and what lies below: to an eighth of itself down to 1e-4, to three tenths down to 1e-5.
  test.each([
    [111, 30],
    [161, 41],
    [61, 91],
    [1001, 801],
    [7901, 871],
    [30, 400],
  ])('of nearly no y is the logarithm of Beta(%i, %i)', (a, b) => {
    const { columns } = lnBeta(a, b)
    const deviation = Math.sqrt((a * b) / (a + b) ** 2 / (a + b + 1))
    for (let deviations = -4; deviations <= 4; deviations += 0.5) {
      const x = a / (a + b) + deviations * deviation
      const below = betaBelow(a, b, x)
      const found = cumulative(columns, 0, Math.log(x))
      expect(Math.abs(found - below), `at ${deviations} deviations`).toBeLessThan(2e-3)
      for (const [one, other] of [
        [found, below],
        [1 - found, 1 - below],
      ] as const) {
        if (other < 1e-5) continue
        expect(Math.abs(one / other - 1), `at ${deviations} deviations`).toBeLessThan(
          other < 1e-4 ? 0.3 : 1 / 8,
        )
      }
    }
  })

  test('is the t itself where nothing is taken off', () => {
    const nothing = { mean: 0, variance: 0, third: 0 }
    expect(minusMany({ location: 0.4, scale: 0.2, degrees: 7 }, nothing)).toEqual(studentT(0.4, 0.2, 7))
    expect(minusMany({ location: 0.4, scale: 0.2, degrees: 4 }, nothing)).toEqual(studentT(0.4, 0.2, 4))
  })

  // A gamma of the shape N has the variance N/ρ² and the third central moment 2N/ρ³.
  test('has the skewness of a gamma of the same shape', () => {
    expect(gammaShapeOf({ variance: 7 / 3 ** 2, third: 14 / 3 ** 3 })).toBeCloseTo(7, 12)
  })

  // F at each point as the mean of F of the t (SciPy's stdtr) over 1,500 quantiles of ln Beta(21, 61): 20 successes and
  // 60 failures of which none were compared, so that y is as wide as before the first.
  test('of a wide t of few degrees is right to 5e-4', () => {
    const [first, count] = [21, 61]
    const lost = {
      mean: sumOf(first, count, (rate) => 1 / rate),
      variance: sumOf(first, count, (rate) => 1 / rate ** 2),
      third: sumOf(first, count, (rate) => 2 / rate ** 3),
    }
    const y = { location: 0, scale: Math.sqrt(0.3 / 4), degrees: 4 }
    const columns = columnsOf([minusMany(y, lost)])
    for (const [x, below] of WIDE) {
      expect(Math.abs(cumulative(columns, 0, x) - below), `at ${x}`).toBeLessThan(5e-4)
    }
  })

  test('never steps down, and stays within 0 and 1', () => {
    for (const [a, b] of [
      [20, 20],
      [2, 200],
      [5000, 17],
    ] as const) {
      const { y, lost } = lnBeta(a, b)
      const { table } = minusMany(y, lost)
      for (let node = 1; node < table.length; node += 1) {
        expect(table[node]).toBeGreaterThanOrEqual(table[node - 1] as number)
      }
      expect(table[0]).toBeCloseTo(0, 9)
      expect(table.at(-1)).toBe(1)
    }
  })
})
