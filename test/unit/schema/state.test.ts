import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EMPTY_STATE } from '../../../shared/domain/state.ts'
import { InvalidInputError } from '../../../shared/errors.ts'
import { decodeState, encodeState } from '../../../shared/schema/state.ts'
import { bytesOf, finishedEvent, stateOf } from '../../support/builders.ts'
import { finishesArb } from '../arbitraries.ts'

describe('bandit_state.json', () => {
  // A free success of 54 s: reward 1; ln 54 = 3.98898405, squared 15.91199372. Noon of 2026-03-02 is 492,348 hours
  // after 1970.
  test('holds sums of integers, sorted, and the ids of the jobs as differences', () => {
    const jobs = [9, 4, Number.MAX_SAFE_INTEGER].map((jobId) =>
      finishedEvent({ jobId, arm: jobId === 4 ? 'a' : 'b', durationSeconds: 54 }),
    )
    expect(JSON.parse(bytesOf(stateOf(jobs)))).toEqual({
      schema_version: 1,
      newest_finish_at: '2026-03-02T12:00:00.000Z',
      arms: { a: [1, 1, 0, 1_000_000, 1_000_000, 54_000], b: [2, 2, 0, 2_000_000, 2_000_000, 108_000] },
      cells: { '42/unit': { a: [1, 3_988_984, 15_911_994, 54_000], b: [2, 7_977_968, 31_823_988, 108_000] } },
      folded: { '492348': { 'gitlab.example.com/42': [4, 5, 9_007_199_254_740_982] } },
    })
  })

  test('of nothing is a state of nothing', () => {
    expect(decodeState(encodeState(EMPTY_STATE))).toEqual(EMPTY_STATE)
  })

  test('comes back as the same bytes, whatever runners and jobs are called and however large their ids', () => {
    fc.assert(
      fc.property(finishesArb, (events) => {
        const state = stateOf(events)
        const read = decodeState(encodeState(state))
        expect(bytesOf(read)).toBe(bytesOf(state))
        expect(read).toEqual(state)
      }),
    )
  })

  test.each(['__proto__', 'constructor', '380', 'Läufer ☕', '\u2028', ''])(
    'knows a runner called %j',
    (arm) => {
      const state = stateOf([
        finishedEvent({ jobId: 1, arm, jobName: arm, durationSeconds: 54 }),
        finishedEvent({ jobId: 2, arm: 'other', durationSeconds: 54 }),
      ])
      const read = decodeState(encodeState(state))
      expect(read.arms.get(arm)?.n).toBe(1)
      expect(read.cells.get(`42/${arm}`)?.get(arm)?.n).toBe(1)
      expect(read).toEqual(state)
    },
  )

  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['no UTF-8', '\xff'],
    ['another version', '{"schema_version":2,"newest_finish_at":null,"arms":{},"cells":{},"folded":{}}'],
    [
      'a sum that is no whole number',
      '{"schema_version":1,"newest_finish_at":null,"arms":{"a":[0.5,0,0,0,0,0]},"cells":{},"folded":{}}',
    ],
    [
      'a sum too few',
      '{"schema_version":1,"newest_finish_at":null,"arms":{"a":[1,0,0,0,0]},"cells":{},"folded":{}}',
    ],
    ['a part missing', '{"schema_version":1,"newest_finish_at":null,"arms":{},"cells":{}}'],
    ['a list for a map', '{"schema_version":1,"newest_finish_at":null,"arms":[],"cells":[],"folded":3}'],
  ])('with %s is refused', (_, text) => {
    expect(() => decodeState(Buffer.from(text, 'latin1'))).toThrow(InvalidInputError)
  })
})
