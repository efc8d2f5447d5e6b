import fc from 'fast-check'
import { expect, test } from 'vitest'
import { firstDifference } from '../../../shared/domain/difference.ts'
import { bytesOf, stateOf } from '../../support/builders.ts'
import { finishesArb } from '../arbitraries.ts'

test('the first difference is told with its path and both sides', () => {
  const left = { a: 1, b: { c: [1, 2, { d: 'x' }] }, e: 5 }
  expect(firstDifference(left, { ...left, b: { c: [1, 2, { d: 'y' }] }, e: 6 })).toEqual({
    path: 'b → c → 2 → d',
    left: 'x',
    right: 'y',
  })
  expect(firstDifference({ a: 1 }, { a: 1, b: 2 })).toEqual({ path: 'b', left: undefined, right: 2 })
  expect(firstDifference([1, 2], [1])).toEqual({ path: '1', left: 2, right: undefined })
  expect(firstDifference({ a: null }, { a: {} })).toEqual({ path: 'a', left: null, right: {} })
})

test('two states differ somewhere exactly when their bytes do', () => {
  fc.assert(
    fc.property(finishesArb, finishesArb, fc.boolean(), (one, more, isSame) => {
      const left = bytesOf(stateOf([...one, ...more]))
      const right = bytesOf(stateOf(isSame ? [...one, ...more].toReversed() : more))
      const difference = firstDifference(JSON.parse(left), JSON.parse(right))
      expect(difference !== undefined).toBe(left !== right)
    }),
  )
})
