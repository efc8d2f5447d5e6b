/** Sets of small whole numbers, 32 of them in a word. */
const BITS = 32
/** The word of a number is the number without these bits, and its place in the word is these bits alone. */
const PLACE_BITS = 5
const PLACE = BITS - 1

/** For numbers from 0 to before `size`; empty. */
export function bitsFor(size: number): Uint32Array {
  return new Uint32Array(Math.ceil(size / BITS))
}

export function setBit(bits: Uint32Array, index: number): void {
  const word = index >>> PLACE_BITS
  bits[word] = (bits[word] as number) | (1 << (index & PLACE))
}

export function isSet(bits: Uint32Array, index: number): boolean {
  return ((bits[index >>> PLACE_BITS] as number) & (1 << (index & PLACE))) !== 0
}

/** Adds those of `more`, a set for as many numbers. */
export function addBits(bits: Uint32Array, more: Uint32Array): void {
  for (let word = 0; word < bits.length; word += 1)
    bits[word] = (bits[word] as number) | (more[word] as number)
}
