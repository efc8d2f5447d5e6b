/** Numbers in sentences have as many digits as their uncertainty leaves. */
import { expect, test } from 'vitest'
import { decimalsFor, fixed, grouped, percent, signed } from '../../../../shared/domain/evaluation/figures.ts'

test.each([
  [0.039, 3],
  [0.39, 2],
  [3.9, 1],
  [39, 0],
  [390, 0],
  [0, 3],
])('an uncertainty of %s leaves %s decimals', (uncertainty, decimals) => {
  expect(decimalsFor(uncertainty)).toBe(decimals)
})

test('differences have a sign, but not those that round to nothing', () => {
  expect(signed(0.0851, 3)).toBe('+0.085')
  expect(signed(-0.0851, 3)).toBe('−0.085')
  expect(signed(-0.0004, 3)).toBe('0.000')
  expect(fixed(-0.0004, 3)).toBe('0.000')
  expect(fixed(-1234.5, 1)).toBe('−1,234.5')
})

test('a share that is not nothing, or not all, never reads so', () => {
  expect(percent(0)).toBe('0 %')
  expect(percent(0.0001)).toBe('below 0.1 %')
  expect(percent(0.05)).toBe('5 %')
  expect(percent(0.0123)).toBe('1.2 %')
  expect(percent(0.612)).toBe('61 %')
  expect(percent(0.9999)).toBe('above 99.9 %')
  expect(percent(1)).toBe('100 %')
})

test('counts are grouped', () => {
  expect(grouped(1234567)).toBe('1,234,567')
})
