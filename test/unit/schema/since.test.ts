import { expect, test } from 'vitest'
import { parseSince } from '../../../shared/schema/since.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')

test.each([
  ['30d', '2026-10-22T12:00:00Z'],
  ['12h', '2026-11-21T00:00:00Z'],
  ['0d', '2026-11-21T12:00:00Z'],
  ['2026-10-01', '2026-10-01T00:00:00Z'],
  ['2026-10-01T08:30:00+02:00', '2026-10-01T06:30:00Z'],
])('%s is %s', (text, at) => {
  expect(parseSince(text, NOW)).toBe(Date.parse(at))
})

test.each(['', '30', 'd', '-1d', '1.5d', '30 d', '2026-02-30', '2026-11-22', 'yesterday', '9999999d'])(
  '"%s" is not understood',
  (text) => {
    expect(parseSince(text, NOW)).toBeUndefined()
  },
)
