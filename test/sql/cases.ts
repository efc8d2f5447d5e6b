/** The cases of a view (test/sql/<view>.yaml), for every engine that is to answer them. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Row, TableName } from '../../shared/ports.ts'
import { describe as describeTable } from '../../shared/runtime/sql.ts'
import type { Catalogue, TableDescription } from '../../shared/schema/table.ts'

export type TableRows = Partial<Record<TableName, Row[]>>
/** `tables` may also hold content of a view that the view reads: it is then a table with that content. */
export type Case = { case: string; tables: Record<string, Row[]>; expected: Row[] }

type Column = Pick<TableDescription['columns'][number], 'name' | 'type'>

const HARMLESS = { STRING: '', INT64: 1, FLOAT64: 1, BOOL: false, TIMESTAMP: '2026-01-01T00:00:00Z' }
const DEFAULTS: Row = { actual_runner: 'a', arm: 'a', job_status: 'success' }

/** The cases as they are written; none when the file is missing. */
export function casesOf(view: string): Case[] {
  const file = join(import.meta.dirname, `${view}.yaml`)
  if (!existsSync(file)) return []
  const { columns } = describeTable(view)
  return (parse(readFileSync(file, 'utf8'), { merge: true }) as Case[]).map((example) => ({
    ...example,
    expected: example.expected.map((row) => withNumbers(row, columns)),
  }))
}

/** The catalogue in which a case plays: a view that the case fills is a table there. */
export function catalogueOf({ tables }: Case, catalogue: Catalogue): Catalogue {
  const filled = [...catalogue.views.keys()].filter((view) => view in tables)
  return {
    ...catalogue,
    tables: new Map([...catalogue.tables, ...filled.map((view) => [view, describeTable(view)] as const)]),
    views: new Map([...catalogue.views].filter(([view]) => !filled.includes(view))),
  }
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
  const row: Row = { event_id: `event of job ${given.job_id}`, ...withNumbers(given, columns) }
  return Object.fromEntries(
    columns.map(({ name, type }) => [name, name in row ? row[name] : (DEFAULTS[name] ?? HARMLESS[type])]),
  )
}

/** A FLOAT64 may be written as the fraction that it is: 11/20. */
function withNumbers(row: Row, columns: readonly Column[]): Row {
  const floats = new Set(columns.filter(({ type }) => type === 'FLOAT64').map(({ name }) => name))
  return Object.fromEntries(
    Object.entries(row).map(([name, cell]) => {
      if (!floats.has(name) || typeof cell !== 'string') return [name, cell]
      const [numerator, denominator = 1] = cell.split('/').map(Number)
      return [name, Number(numerator) / denominator]
    }),
  )
}
