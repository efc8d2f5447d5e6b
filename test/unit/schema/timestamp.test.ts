import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTimestamp } from '../../../shared/schema/timestamp.ts'

describe('a date in a webhook', () => {
  // 2026-03-02T09:00:07Z is 1,772,442,007 seconds after 1970.
  test.each([
    ['2026-03-02 09:00:07 UTC', 1_772_442_007_000],
    ['2026-03-02T09:00:07Z', 1_772_442_007_000],
    ['2026-03-02T09:00:07.886Z', 1_772_442_007_886],
    ['2026-03-02T09:00:07.8Z', 1_772_442_007_800],
    ['2026-03-02T09:00:07.886999Z', 1_772_442_007_886],
    ['2026-03-02 11:00:07 +0200', 1_772_442_007_000],
    ['2026-03-02T11:00:07+02:00', 1_772_442_007_000],
    ['2026-03-02 04:30:07 -0430', 1_772_442_007_000],
    ['1970-01-01 00:00:00 UTC', 0],
    ['2024-02-29 00:00:00 UTC', 1_709_164_800_000],
  ])('%s is understood', (text, expected) => {
    expect(parseTimestamp(text)).toBe(expected)
  })

  test.each([
    '2026-02-30 00:00:00 UTC',
    '2025-02-29 00:00:00 UTC',
    '2026-13-01 00:00:00 UTC',
    '2026-00-10 00:00:00 UTC',
    '2026-01-00 00:00:00 UTC',
    '2026-01-01 24:00:00 UTC',
    '2026-01-01 00:60:00 UTC',
    '2026-01-01 00:00:61 UTC',
    '2026-01-01 00:00:00',
    '2026-01-01',
    '01.02.2026 10:00',
    '1772442007',
    '2026-01-01 00:00:00 CET',
    ' 2026-01-01 00:00:00 UTC',
    '2026-01-01 00:00:00 UTC\n',
    '',
  ])('%j is no date', (text) => {
    expect(parseTimestamp(text)).toBeUndefined()
  })

  const instantArb = fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2200, 0, 1) })
  const pad = (value: number) => String(value).padStart(2, '0')

  test('of any of the three forms comes back as the instant it was written from', () => {
    fc.assert(
      fc.property(instantArb, fc.integer({ min: -14 * 60, max: 14 * 60 }), (ms, zone) => {
        const iso = new Date(ms).toISOString()
        const wholeSecond = ms - (ms % 1000)
        expect(parseTimestamp(iso)).toBe(ms)
        expect(parseTimestamp(`${iso.slice(0, 19).replace('T', ' ')} UTC`)).toBe(wholeSecond)
        const local = new Date(ms + zone * 60_000).toISOString().slice(0, 19).replace('T', ' ')
        const offset = `${zone < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(zone) / 60))}${pad(Math.abs(zone) % 60)}`
        expect(parseTimestamp(`${local} ${offset}`)).toBe(wholeSecond)
      }),
    )
  })

  test('is never misread: any other text is refused without throwing', () => {
    fc.assert(fc.property(fc.string(), (text) => void expect(parseTimestamp(`x${text}`)).toBeUndefined()))
  })
})
