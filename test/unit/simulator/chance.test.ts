import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chanceOf, normalOf } from '../../../shared/simulator/chance.ts'
import { createTimeline } from '../../../shared/simulator/timeline.ts'
import { meanOf } from './recount.ts'

const CELLS = 20
const DRAWS = 40_000
/** 99.99 % of chi-square with 19 degrees of freedom is below this. */
const LARGEST = 50.8

function chiSquareOf(draws: readonly number[]): number {
  const counts = new Array<number>(CELLS).fill(0)
  for (const draw of draws) counts[Math.floor(draw * CELLS)] = (counts[Math.floor(draw * CELLS)] ?? 0) + 1
  return counts.reduce((sum, count) => sum + (count - draws.length / CELLS) ** 2 / (draws.length / CELLS), 0)
}

test('chance is uniform along every one of its numbers, and from seed to seed', () => {
  const along = (draw: (index: number) => number) =>
    chiSquareOf(Array.from({ length: DRAWS }, (_, index) => draw(index)))
  const chance = chanceOf(1)
  expect(along((index) => chance(7, index, 3))).toBeLessThan(LARGEST)
  expect(along((index) => chance(7, 3, index))).toBeLessThan(LARGEST)
  expect(along((index) => chance(index, 7, 3))).toBeLessThan(LARGEST)
  expect(along((index) => chanceOf(index)(7, 3, 1))).toBeLessThan(LARGEST)
  // What follows from one draw to the next, and from one seed to the next.
  expect(along((index) => (chance(7, index, 3) + chance(7, index + 1, 3)) % 1)).toBeLessThan(LARGEST)
  expect(along((index) => (chance(7, index, 3) + chance(8, index, 3)) % 1)).toBeLessThan(LARGEST)
  // A draw is no other's, with its numbers changed about or moved from one to the next.
  expect(along((index) => (chance(7, index + 1, 3) - chance(8, index, 3) + 1) % 1)).toBeLessThan(LARGEST)
  expect(along((index) => (chance(7, index, 99_999) - chance(7, 99_999, index) + 1) % 1)).toBeLessThan(
    LARGEST,
  )
  expect(along((index) => (chance(7, index + 1, 3) - chance(7, index, 4) + 1) % 1)).toBeLessThan(LARGEST)
  expect(along((index) => (chanceOf(1)(7, index, 3) + chanceOf(2)(7, index, 3)) % 1)).toBeLessThan(LARGEST)
})

test('normal draws have the moments of a normal variable', () => {
  const chance = chanceOf('normal')
  const draws = Array.from({ length: DRAWS }, (_, index) => normalOf(chance, 1, index, 0))
  const error = (variance: number) => 4 * Math.sqrt(variance / DRAWS)
  expect(Math.abs(meanOf(draws))).toBeLessThan(error(1))
  expect(Math.abs(meanOf(draws.map((z) => z ** 2)) - 1)).toBeLessThan(error(2))
  expect(Math.abs(meanOf(draws.map((z) => z ** 4)) - 3)).toBeLessThan(error(96))
})

test('what is to happen comes in the order of time, then kind, then subject', () => {
  const moment = fc.tuple(
    fc.integer({ min: 0, max: 50 }),
    fc.integer({ min: 0, max: 3 }),
    fc.integer({ min: 0, max: 9 }),
  )
  fc.assert(
    fc.property(fc.array(moment, { maxLength: 3000 }), (moments) => {
      const timeline = createTimeline()
      for (const [atMs, kind, subject] of moments) timeline.add(atMs, kind, subject)
      const taken = moments.map(() => {
        const earliestMs = timeline.peekMs()
        timeline.take()
        expect(timeline.atMs).toBe(earliestMs)
        return [timeline.atMs, timeline.kind, timeline.subject]
      })
      expect(taken).toEqual(moments.toSorted((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]))
    }),
    { numRuns: 50 },
  )
})
