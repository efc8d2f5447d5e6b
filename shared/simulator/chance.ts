/**
 * Chance without a sequence: the draw of (stream, a, b) is a hash of them and of the seed, the same in whatever order and
 * however often it is asked for. So what a job would do on an arm is there before anybody sends it there, and runs of
 * different loggers over one seed are paired, draw by draw.
 */

/** In (0, 1); `a` and `b` are whole numbers from 0. */
export type Chance = (stream: number, a: number, b: number) => number

/** Every use of chance has a stream of its own; a normal one takes the next number, too. */
export const STREAM = {
  arrival: 1,
  project: 2,
  includes: 3,
  pending: 4,
  jobNoise: 6,
  cellNoise: 8,
  tail: 10,
  tailSize: 11,
  scriptFails: 12,
  scriptFailsAt: 13,
  runnerFails: 14,
  runnerFailsAt: 15,
  cancels: 16,
  outage: 17,
  outageFrom: 18,
  outageLength: 19,
  logger: 20,
  key: 21,
  interaction: 30,
} as const

/** MurmurHash3 (Austin Appleby) of three numbers, from a basis that is the FNV-1a hash of the seed. */
export function chanceOf(seed: string | number): Chance {
  const basis = fnv1a(String(seed))
  return (stream, a, b) => (hash(basis, stream, a, b) + 0.5) / 2 ** 32
}

/** A standard normal draw, by Box and Muller from two streams. */
export function normalOf(chance: Chance, stream: number, a: number, b: number): number {
  const radius = Math.sqrt(-2 * Math.log(chance(stream, a, b)))
  return radius * Math.cos(2 * Math.PI * chance(stream + 1, a, b))
}

function hash(basis: number, stream: number, a: number, b: number): number {
  let mixed = mix(mix(mix(basis, stream), a), b) ^ 12
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

function mix(value: number, word: number): number {
  let turned = Math.imul(word, 0xcc9e2d51)
  turned = Math.imul((turned << 15) | (turned >>> 17), 0x1b873593)
  const mixed = value ^ turned
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0
}

function fnv1a(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  return value | 0
}
