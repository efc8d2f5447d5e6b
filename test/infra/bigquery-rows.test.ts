/**
 * Messages that Pub/Sub writes into a table itself (`use_table_schema`) are rows as it takes them: every column that has
 * to be there is, and each value has a JSON type that it turns into the column's
 * (cloud.google.com/pubsub/docs/bigquery, "Use table schema").
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describe as columnsOf } from '../../shared/runtime/sql.ts'
import { encodeEvent, eventRow } from '../../shared/schema/event.ts'
import { choiceSetRow } from '../../shared/schema/rows.ts'
import type { ColumnType } from '../../shared/schema/table.ts'
import { finishedEvent, NOON, startedEvent } from '../support/builders.ts'

const TAKES: Record<ColumnType, (value: unknown) => boolean> = {
  STRING: (value) => typeof value === 'string',
  INT64: (value) => Number.isSafeInteger(value),
  FLOAT64: (value) => typeof value === 'number' && Number.isFinite(value),
  BOOL: (value) => typeof value === 'boolean',
  TIMESTAMP: (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value),
}

/** What Pub/Sub would not write. */
function faultsOf(table: string, message: Record<string, unknown>): string[] {
  const { columns } = columnsOf(table)
  const known = new Set(columns.map(({ name }) => name))
  return [
    ...Object.keys(message).filter((name) => !known.has(name)),
    ...columns
      .filter(({ name, type, mode }) => {
        const value = message[name] ?? null
        return value === null ? mode === 'REQUIRED' : !TAKES[type](value)
      })
      .map(({ name }) => `${name}: ${JSON.stringify(message[name])}`),
  ]
}

test('an event on the bus is a row of job_events', () => {
  const moments = fc.record({
    startedAt: fc.integer({ min: NOON, max: NOON + 1e9 }),
    receivedAt: fc.integer({ min: NOON, max: NOON + 1e9 }),
  })
  fc.assert(
    fc.property(moments, fc.boolean(), fc.boolean(), (times, isStart, late) => {
      const event = isStart ? startedEvent(times) : finishedEvent({ ...times, late })
      expect(faultsOf('job_events', JSON.parse(JSON.stringify(encodeEvent(event))))).toEqual([])
    }),
  )
})

test('columns of the rows that Pub/Sub writes are those of their tables, and may lack what the row may', () => {
  for (const [table, schema] of [
    ['job_events', eventRow],
    ['choice_sets', choiceSetRow],
  ] as const) {
    const { columns } = columnsOf(table)
    const fields = Object.entries(schema.shape).map(([name, field]) => [name, field.safeParse(null).success])
    const expected = columns.map(({ name, mode }) => [name, mode === 'NULLABLE'])
    expect(fields.sort(), table).toEqual(expected.sort())
  }
})
