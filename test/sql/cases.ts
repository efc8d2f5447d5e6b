/** The cases of a view (test/sql/<view>.yaml), for every engine that is to answer them. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Row, TableName } from '../../shared/ports.ts'
import type { Catalogue, TableDescription } from '../../shared/schema/table.ts'

export type TableRows = Partial<Record<TableName, Row[]>>
export type Case = { case: string; tables: TableRows; expected: Row[] }

const HARMLESS = { STRING: '', INT64: 1, FLOAT64: 1, BOOL: false, TIMESTAMP: '2026-01-01T00:00:00Z' }
const DEFAULTS: Row = { actual_runner: 'a', arm: 'a', job_status: 'success' }

/** The cases as they are written; none when the file is missing. */
export function casesOf(view: string): Case[] {
  const file = join(import.meta.dirname, `${view}.yaml`)
  return existsSync(file) ? (parse(readFileSync(file, 'utf8')) as Case[]) : []
}

/** The tables of a case, with a harmless value in every column that it does not name. */
export function completedTables({ tables }: Case, catalogue: Catalogue): TableRows {
  return Object.fromEntries(
    Object.entries(tables).map(([table, rows]) => {
      const description = catalogue.tables.get(table)
      if (description === undefined)
        throw new RangeError(`a case fills the table ${table}, which nobody describes`)
      return [table, rows.map((row) => completed(description, row))]
    }),
  )
}

function completed({ columns }: TableDescription, given: Row): Row {
  const row: Row = { event_id: `event of job ${given.job_id}`, ...given }
  return Object.fromEntries(
    columns.map(({ name, type }) => [name, name in row ? row[name] : (DEFAULTS[name] ?? HARMLESS[type])]),
  )
}
