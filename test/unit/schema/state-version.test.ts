import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/errors.ts'
import { type StateSteps, stateVersionOf, toPresentForm } from '../../../shared/schema/state-version.ts'
import { bytesOf, finishedEvent, stateOf } from '../../support/builders.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const textOf = (made: Uint8Array) => new TextDecoder().decode(made)

describe('the version of a state', () => {
  test.each([
    ['{"schema_version":12,"arms":{}}', 12],
    ['{\n  "arms": {},\n  "schema_version": 3\n}', 3],
    ['{"arms":{}}', undefined],
    ['{"schema_version":"2"}', undefined],
    ['{"schema_version":1.5}', undefined],
    ['garbage', undefined],
    ['null', undefined],
    ['', undefined],
  ])('of %j is %s', (text, version) => {
    expect(stateVersionOf(bytes(text))).toBe(version)
  })

  test('is told by the first bytes of a long file', () => {
    const long = `{"schema_version":1,"arms":{${'"a":1,'.repeat(50_000)} and no end`
    expect(stateVersionOf(bytes(long))).toBe(1)
  })
})

describe('a state of an older version', () => {
  const steps: StateSteps = new Map([
    [1, ({ rewards, ...rest }) => ({ ...rest, sums: rewards })],
    [2, ({ sums, ...rest }) => ({ ...rest, sums: [sums] })],
  ])

  test('is brought up step by step', () => {
    const made = (text: string) => JSON.parse(textOf(toPresentForm(bytes(text), steps, 3)))
    expect(made('{"schema_version":1,"rewards":7}')).toEqual({ schema_version: 3, sums: [7] })
    expect(made('{"schema_version":2,"sums":8}')).toEqual({ schema_version: 3, sums: [8] })
  })

  test('that no step leads from is no state', () => {
    expect(() => toPresentForm(bytes('{"schema_version":0}'), steps, 3)).toThrow(
      new InvalidInputError('its schema_version is 0, and no step leads from 0 on'),
    )
  })

  test('is the only one that is changed', () => {
    for (const text of ['{"schema_version":3}', 'garbage', '{}', bytesOf(stateOf([finishedEvent()]))])
      expect(textOf(toPresentForm(bytes(text)))).toBe(text)
  })
})
