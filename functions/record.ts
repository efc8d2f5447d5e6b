/**
 * record: what was published becomes rows, as it is.
 *
 * Trigger: topics `job-events`, `recommendations`, `choice-sets`. Writes: the table of the same meaning.
 * Repetition: after a crash a row may come twice. The views over the log, decisions and
 * outcomes keep one of each; of the others, count by their id.
 */

import type { Deps, MessageHandler } from '../shared/runtime/handler.ts'
import { eventRow } from '../shared/schema/event.ts'
import { choiceSetRow, recommendationRow } from '../shared/schema/rows.ts'
import { decodeOrThrow } from '../shared/schema/wire.ts'

const ROW_SCHEMAS = {
  job_events: eventRow,
  recommendations: recommendationRow,
  choice_sets: choiceSetRow,
}

export function record(table: keyof typeof ROW_SCHEMAS): MessageHandler {
  return async (bodies: unknown[], { warehouse, log }: Pick<Deps, 'warehouse' | 'log'>) => {
    for (const body of bodies) decodeOrThrow(ROW_SCHEMAS[table], body, table)
    await warehouse.insert(table, bodies as object[])
    log.debug('rows.recorded', { table, rows: bodies.length })
  }
}
