/** Two kinds of numbers for the same formulas: fractions, which are exact, and doubles. */

export type Field<T> = {
  of(value: number): T
  add(a: T, b: T): T
  subtract(a: T, b: T): T
  multiply(a: T, b: T): T
  divide(a: T, b: T): T
  isZero(a: T): boolean
  isAtMost(a: T, b: T): boolean
}

export const doubles: Field<number> = {
  of: (value) => value,
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  isZero: (a) => a === 0,
  isAtMost: (a, b) => a <= b,
}

/** In lowest terms, with a denominator above 0. */
export type Fraction = { over: bigint; under: bigint }

export function fraction(over: bigint, under: bigint): Fraction {
  if (under === 0n) throw new RangeError('a fraction of nothing')
  const common = commonDivisor(over, under) * (under < 0n ? -1n : 1n)
  return { over: over / common, under: under / common }
}

export const fractions: Field<Fraction> = {
  /** Exact: a double is a whole number of some power of two. */
  of(value) {
    let under = 1n
    let over = value
    while (!Number.isInteger(over)) {
      over *= 2
      under *= 2n
    }
    return fraction(BigInt(over), under)
  },
  add: (a, b) => fraction(a.over * b.under + b.over * a.under, a.under * b.under),
  subtract: (a, b) => fraction(a.over * b.under - b.over * a.under, a.under * b.under),
  multiply: (a, b) => fraction(a.over * b.over, a.under * b.under),
  divide: (a, b) => fraction(a.over * b.under, a.under * b.over),
  isZero: (a) => a.over === 0n,
  isAtMost: (a, b) => a.over * b.under <= b.over * a.under,
}

export const textOf = ({ over, under }: Fraction) => (under === 1n ? `${over}` : `${over}/${under}`)

/** Above 0. */
function commonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b]
  while (y !== 0n) [x, y] = [y, x % y]
  return x
}
