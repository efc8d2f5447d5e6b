import { describe, expect, test } from 'vitest'
import type { Rng } from '../../shared/ports.ts'
import { type Ability, testOf } from './ability.ts'

export type RngHarness = {
  adapter: string
  /** Another one of the same beginnings. */
  open(): Rng
  reproducible: Ability
  unpredictable: Ability
}

const DRAWS = 10_000
const BINS = 20
/** Chi-square with 19 degrees of freedom is beyond it once in ten million times. */
const LOOSE_BOUND = 68

export function rngContract({ adapter, open, reproducible, unpredictable }: RngHarness): void {
  const drawsOf = (rng: Rng, count: number) => Array.from({ length: count }, () => rng.next())
  const idsOf = (rng: Rng, count: number) => Array.from({ length: count }, () => rng.id())

  describe(`rng: ${adapter}`, () => {
    test('draws from [0, 1)', () => {
      for (const draw of drawsOf(open(), DRAWS)) {
        expect(draw).toBeGreaterThanOrEqual(0)
        expect(draw).toBeLessThan(1)
      }
    })

    test('draws evenly', () => {
      const counts = new Array<number>(BINS).fill(0)
      for (const draw of drawsOf(open(), DRAWS)) {
        const bin = Math.floor(draw * BINS)
        counts[bin] = (counts[bin] ?? 0) + 1
      }
      const expected = DRAWS / BINS
      const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
      expect(chiSquare).toBeLessThan(LOOSE_BOUND)
    })

    test('never gives an id twice', () => {
      expect(new Set(idsOf(open(), DRAWS)).size).toBe(DRAWS)
    })

    testOf(reproducible)('gives the same again from the same beginnings', () => {
      expect(drawsOf(open(), 100)).toEqual(drawsOf(open(), 100))
      expect(idsOf(open(), 100)).toEqual(idsOf(open(), 100))
    })

    testOf(unpredictable)('gives nothing twice', () => {
      const draws = new Set(drawsOf(open(), 100))
      const ids = new Set(idsOf(open(), 100))
      const other = open()
      expect(drawsOf(other, 100).filter((draw) => draws.has(draw))).toEqual([])
      expect(idsOf(other, 100).filter((id) => ids.has(id))).toEqual([])
    })
  })
}
