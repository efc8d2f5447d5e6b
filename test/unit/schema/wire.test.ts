import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { InvalidInputError } from '../../../shared/errors.ts'
import {
  decodeOrThrow,
  instant,
  json,
  tagList,
  toCamelCase,
  toSnakeCase,
} from '../../../shared/schema/wire.ts'

describe('keys', () => {
  test('are snake_case on the wire and camelCase in the code', () => {
    expect(toSnakeCase({ eventId: 1, costPerHourEur: 2, stage: 3 })).toEqual({
      event_id: 1,
      cost_per_hour_eur: 2,
      stage: 3,
    })
    expect(toCamelCase({ event_id: 1, cost_per_hour_eur: 2, stage: 3 })).toEqual({
      eventId: 1,
      costPerHourEur: 2,
      stage: 3,
    })
  })

  test('come back as they were', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/)
    const camelKey = fc
      .array(word, { minLength: 1, maxLength: 4 })
      .map(([first, ...rest]) => first + rest.map((next) => next[0]?.toUpperCase() + next.slice(1)).join(''))
    fc.assert(
      fc.property(fc.dictionary(camelKey, fc.anything()), (value) => {
        expect(toCamelCase(toSnakeCase(value) as object)).toEqual({ ...value })
      }),
    )
  })

  test('inside of values are left alone', () => {
    expect(toSnakeCase({ aB: { cD: 1 } })).toEqual({ a_b: { cD: 1 } })
  })
})

describe('values', () => {
  test('instants are ISO in UTC on the wire and milliseconds in the code', () => {
    expect(z.encode(instant, 1_772_442_007_886)).toBe('2026-03-02T09:00:07.886Z')
    expect(z.decode(instant, '2026-03-02T09:00:07.886Z')).toBe(1_772_442_007_886)
    for (const wrong of ['2026-03-02 09:00:07 UTC', '2026-03-02T11:00:07+02:00', '2026-03-02']) {
      expect(instant.safeParse(wrong).success).toBe(false)
    }
  })

  test('tags are sorted and joined by commas, none being the empty string', () => {
    expect(z.encode(tagList, ['linux', 'Docker', 'gpu'])).toBe('Docker,gpu,linux')
    expect(z.encode(tagList, [])).toBe('')
    expect(z.decode(tagList, '')).toEqual([])
    const tag = fc.stringMatching(/^[^,\s]+$/)
    fc.assert(
      fc.property(fc.uniqueArray(tag), (tags) => {
        expect(z.decode(tagList, z.encode(tagList, tags))).toEqual(tags.toSorted())
      }),
    )
  })

  test('a JSON column is a string', () => {
    const column = json(z.array(z.object({ arm: z.string() })))
    expect(z.encode(column, [{ arm: '"' }])).toBe('[{"arm":"\\""}]')
    expect(z.decode(column, '[{"arm":"\\""}]')).toEqual([{ arm: '"' }])
  })

  test('that do not fit are refused with every fault, by its path', () => {
    const schema = z.object({ a: z.number(), b: z.object({ c: z.string() }) })
    expect(() => decodeOrThrow(schema, { b: {} }, 'thing')).toThrow(InvalidInputError)
    expect(() => decodeOrThrow(schema, { b: {} }, 'thing')).toThrow('thing: a: is missing; b.c: is missing')
  })
})
