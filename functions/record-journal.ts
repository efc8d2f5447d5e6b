/**
 * record-journal: rows that a function wrote as lines of its log go to their tables.
 *
 * Trigger: topic `journal`, in the cloud: a log sink publishes the lines. Writes: tables `recommendations`,
 * `choice_sets`. Repetition: the row comes twice; count by its id.
 */
import * as z from 'zod'
import type { Deps } from '../shared/runtime/handler.ts'
import { choiceSetRow, recommendationRow } from '../shared/schema/rows.ts'
import { decodeOrThrow } from '../shared/schema/wire.ts'

const ROW_SCHEMAS = { recommendations: recommendationRow, choice_sets: choiceSetRow }

/** An entry of Cloud Logging, as far as it is read. */
const entry = z.object({
  jsonPayload: z.object({
    table: z.enum(['recommendations', 'choice_sets']),
    row: z.record(z.string(), z.unknown()),
  }),
})

export async function recordJournal(
  bodies: unknown[],
  { warehouse, log }: Pick<Deps, 'warehouse' | 'log'>,
): Promise<void> {
  const lines = bodies.map((body) => {
    const { table, row } = decodeOrThrow(entry, body, 'log entry').jsonPayload
    return { table, row: withNulls(row, ROW_SCHEMAS[table]) }
  })
  for (const { table, row } of lines) decodeOrThrow(ROW_SCHEMAS[table], row, table)
  for (const [table, its] of Map.groupBy(lines, ({ table }) => table)) {
    await warehouse.insert(
      table,
      its.map(({ row }) => row),
    )
    log.debug('rows.recorded', { table, rows: its.length })
  }
}

/** A log need not keep what is null. */
function withNulls(row: Record<string, unknown>, { shape }: z.ZodObject): Record<string, unknown> {
  return { ...Object.fromEntries(Object.keys(shape).map((column) => [column, null])), ...row }
}
