/** Asks the views, composed with a window, and keeps what identifies each statement. */
import { createHash } from 'node:crypto'
import type { Row, Warehouse } from '../ports.ts'
import { composed } from '../schema/compose-sql.ts'
import type { Window } from '../schema/moment.ts'
import type { Catalogue } from '../schema/table.ts'
import type { Statement } from './evaluation-questions.ts'
import { loadCatalogue } from './sql.ts'

export type AskedStatement = { name: string; sha256: string; rows: number }

/** One after the other: a server goes on serving meanwhile. `asked` grows by one with each answer. */
export function asker(warehouse: Pick<Warehouse, 'query'>, window: Window) {
  const catalogue = loadCatalogue()
  const asked: AskedStatement[] = []
  return {
    asked,
    async ask(name: string, statement: Statement): Promise<Row[]> {
      const sql = statementOf(statement, catalogue, window)
      const rows = await warehouse.query(sql)
      asked.push({ name, sha256: createHash('sha256').update(sql).digest('hex'), rows: rows.length })
      return rows
    },
  }
}

const ANSWER = 'answer'

export function statementOf({ select, terms }: Statement, catalogue: Catalogue, window: Window): string {
  const narrowed =
    terms === undefined
      ? {}
      : { policy_terms: `SELECT * FROM (\n${selectOf('policy_terms', catalogue)}\n) AS terms WHERE ${terms}` }
  return composed(ANSWER, catalogue, { ...narrowed, ...windowed(catalogue, window), [ANSWER]: select })
}

/** Parts of a second do not count. */
function windowed(catalogue: Catalogue, { fromAt, toAt }: Window): Record<string, string> {
  const bounds = [
    ...(fromAt === undefined ? [] : [`TIMESTAMP_SECONDS(${Math.ceil(fromAt / 1000)}) AS from_at`]),
    ...(toAt === undefined ? [] : [`TIMESTAMP_SECONDS(${Math.ceil(toAt / 1000)}) AS to_at`]),
  ]
  if (bounds.length === 0) return {}
  const settings = selectOf('evaluation_settings', catalogue)
  return {
    evaluation_settings: `SELECT * REPLACE (${bounds.join(', ')}) FROM (\n${settings}\n) AS all_times`,
  }
}

function selectOf(view: string, { views }: Catalogue): string {
  const select = views.get(view)
  if (select === undefined) throw new RangeError(`there is no view ${view}`)
  return select.trim()
}
