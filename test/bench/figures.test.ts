import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { figureOf, median, ratios } from './figures.ts'
import { interleave } from './rounds.ts'
import { measurementNames, targets } from './targets.ts'

const values = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1 })

describe('median', () => {
  test('is the middle of an odd number and between the two in the middle of an even one', () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([10, 1, 2, 9])).toBe(5.5)
  })

  test('has as many values on one side as on the other', () => {
    fc.assert(
      fc.property(values, (list) => {
        const middle = median(list)
        const half = list.length / 2
        expect(list.filter((value) => value < middle).length).toBeLessThanOrEqual(half)
        expect(list.filter((value) => value > middle).length).toBeLessThanOrEqual(half)
      }),
    )
  })
})

describe('figureOf', () => {
  test('says median, spread and by how much the limit is missed', () => {
    expect(figureOf([4, 2, 3], { bound: 'at most', value: 2.5 })).toEqual({
      median: 3,
      least: 2,
      most: 4,
      verdict: 'missed',
      missedBy: 0.5,
    })
    expect(figureOf([0.3, 0.4, 0.9], { bound: 'at least', value: 0.5 })).toMatchObject({
      verdict: 'missed',
      missedBy: expect.closeTo(0.1, 10),
    })
  })

  test.each([
    ['at most', 'met'],
    ['at least', 'met'],
    ['below', 'missed'],
  ] as const)('a median on the limit itself is "%s": %s', (bound, verdict) => {
    expect(figureOf([1, 5, 9], { bound, value: 5 }).verdict).toBe(verdict)
  })

  test('one bad round of three misses nothing, two do', () => {
    const limit = { bound: 'at most', value: 10 } as const
    expect(figureOf([1, 1, 100], limit).verdict).toBe('met')
    expect(figureOf([1, 100, 100], limit).verdict).toBe('missed')
  })

  test('without a limit it is a plain figure', () => {
    expect(figureOf([7], undefined)).toEqual({ median: 7, least: 7, most: 7, verdict: 'plain', missedBy: 0 })
  })

  test.each([[[]], [[Number.NaN]], [[1, Number.POSITIVE_INFINITY]]])('%j is no measurement', (list) => {
    expect(() => figureOf(list, { bound: 'at most', value: 1 })).toThrow(RangeError)
  })
})

test('ratios pair the rounds, and refuse to pair what is not', () => {
  expect(ratios([6, 10], [2, 20])).toEqual([3, 0.5])
  expect(() => ratios([1, 2], [1])).toThrow(RangeError)
})

test('rounds alternate the contenders in both directions after a round that is not counted', async () => {
  const order: string[] = []
  const contender = (name: string) => () => {
    order.push(name)
    return order.length
  }
  const taken = await interleave(3, { a: contender('a'), b: contender('b') })
  expect(order.join('')).toBe('ababbaab')
  expect(taken).toEqual({ a: [3, 6, 7], b: [4, 5, 8] })
})

test('no two targets have one name, and every measurement has a file', async () => {
  expect(new Set(targets.map(({ name }) => name)).size).toBe(targets.length)
  const measurements = await Promise.all(measurementNames.map((name) => import(`./measure/${name}.ts`)))
  for (const { measure } of measurements) expect(measure).toBeTypeOf('function')
})
