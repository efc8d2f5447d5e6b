/** Seeded randomness: the same seed gives the same draws, so that a decision can be replayed exactly. */

/** Uniform draws in [0, 1). */
export type Draw = () => number

/** sfc32 (Chris Doty-Humphrey, PractRand), seeded from a string by FNV-1a with a different offset per word. */
export function seededDraws(seed: string): Draw {
  let a = fnv1a(seed, 0x811c9dc5)
  let b = fnv1a(seed, 0x9e3779b9)
  let c = fnv1a(seed, 0x85ebca6b)
  let counter = 1
  const next = () => {
    const t = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + t
    c |= 0
    return (t >>> 0) / 4294967296
  }
  // The first outputs still resemble the seed; the generator's author asks for a dozen rounds.
  for (let round = 0; round < 12; round += 1) next()
  return next
}

function fnv1a(text: string, offset: number): number {
  let hash = offset
  for (let i = 0; i < text.length; i += 1) {
    hash ^= text.charCodeAt(i)
    hash = Math.imul(hash, 0x01000193)
  }
  return hash | 0
}
