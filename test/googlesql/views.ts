/** All views, answered by the reference over given content of the tables. */
import type { Row } from '../../shared/ports.ts'
import { describe as describeTable } from '../../shared/runtime/sql.ts'
import type { Catalogue, TableDescription } from '../../shared/schema/table.ts'
import type { TableRows } from '../sql/cases.ts'
import { fromCell, TYPE_KIND, toCell } from './cells.ts'
import type { Reference, ReferenceColumn, Relation } from './reference.ts'

export function columnsOf({ columns }: TableDescription): ReferenceColumn[] {
  return columns.map(({ name, type }) => ({ name, type: { typeKind: TYPE_KIND[type] } }))
}

/** The columns of all tables and views, as they are described. */
export function describedColumns({ tables, views }: Catalogue): Map<string, ReferenceColumn[]> {
  return new Map([...tables.keys(), ...views.keys()].map((name) => [name, columnsOf(describeTable(name))]))
}

/**
 * The answer of a view. A view that it uses is answered first and handed on as a table, value for value as the reference
 * gave it: so every file is run as it is written, and BigQuery, too, treats a view as a table with fixed columns.
 * Writing one view's text into the other's would run a SELECT that is in no file.
 *
 * @param relations what was answered before over the same content; what is answered now is added.
 */
export async function answer(
  reference: Reference,
  { tables, views }: Catalogue,
  content: TableRows,
  view: string,
  relations = new Map<string, Relation>(),
): Promise<Relation> {
  for (const [name, table] of tables) {
    if (!relations.has(name)) relations.set(name, relationOf(table, content[name as keyof TableRows] ?? []))
  }
  const answered = async (name: string): Promise<Relation> => {
    const select = views.get(name)
    if (select === undefined) throw new RangeError(`there is no view ${name}`)
    const used = new Map<string, Relation>()
    for (const [, other = ''] of select.matchAll(/\bci_metrics\.([a-z_0-9]+)/g)) {
      const relation = relations.get(other) ?? (await answered(other))
      relations.set(other, relation)
      used.set(other, relation)
    }
    return reference.execute(select, used)
  }
  const relation = relations.get(view) ?? (await answered(view))
  relations.set(view, relation)
  return relation
}

function relationOf(table: TableDescription, rows: readonly Row[]): Relation {
  return {
    columns: columnsOf(table),
    rows: rows.map((row) => ({ cell: table.columns.map(({ name, type }) => toCell(type, row[name])) })),
  }
}

export function rowsOf({ columns, rows }: Relation): Row[] {
  return rows.map(({ cell }) =>
    Object.fromEntries(columns.map(({ name }, index) => [name, fromCell(cell[index] ?? {})])),
  )
}
