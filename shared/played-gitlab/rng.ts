/**
 * Seeded chance: the same seed gives the same stream on every machine.
 *
 * Each part of the play draws from a stream of its own (`createRng(seed, 'polls')`), so that changing how one part
 * draws does not shift all the others.
 */
export type Seed = number | string

export type Rng = {
  /** In [0, 1). */
  uniform(): number
  /** In [low, high). */
  between(low: number, high: number): number
  chance(probability: number): boolean
  /** In [0, count). */
  index(count: number): number
  pick<T>(list: readonly [T, ...T[]]): T
  /** `median` × e^(sigma × standard normal). */
  logNormal(median: number, sigma: number): number
  /** Lower-case hexadecimal digits. */
  hex(digits: number): string
  /** Of version 4 in form. */
  uuid(): string
}

const HEX_DIGITS = '0123456789abcdef'

export function createRng(seed: Seed, stream: string): Rng {
  const uniform = sfc32(`${seed}/${stream}`)
  const between = (low: number, high: number) => low + (high - low) * uniform()
  const index = (count: number) => Math.floor(uniform() * count)
  const hex = (digits: number) => {
    let text = ''
    while (text.length < digits) text += HEX_DIGITS[index(16)]
    return text
  }
  return {
    uniform,
    between,
    index,
    hex,
    chance: (probability) => uniform() < probability,
    pick: (list) => list[index(list.length)] ?? list[0],
    logNormal: (median, sigma) => median * Math.exp(sigma * standardNormal(uniform)),
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`,
  }
}

/** Box and Muller; 1 - u keeps the logarithm away from zero. */
function standardNormal(uniform: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
}

/** Chris Doty-Humphrey's small fast counter generator, started from a hash of the text. */
function sfc32(text: string): () => number {
  let a = hash(text, 0x9e3779b9)
  let b = hash(text, 0x243f6a88)
  let c = hash(text, 0xb7e15162)
  let counter = 1
  const next = () => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  // The first outputs still resemble the seed.
  for (let round = 0; round < 15; round += 1) next()
  return next
}

/** FNV-1a with a basis of choice. */
function hash(text: string, basis: number): number {
  let value = basis
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return value
}
