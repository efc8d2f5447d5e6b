/**
 * The views of the fake. DuckDB plans a view anew wherever it is read, and of views over views that takes seconds. So it knows
 * each as an empty table of the same columns: enough to check a statement. One that is run has the views written into it.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { composed } from '../../../shared/schema/compose-sql.ts'
import { invalidQuery } from './answers.ts'
import type { Column } from './cells.ts'

export type Views = {
  /** Makes a view anew. */
  define(view: { dataset: string; name: string }, select: string, columns: readonly Column[]): Promise<void>
  /** The same statement, reading tables only. */
  flattened(sql: string): string
}

/** The dataset whose views can be read. */
const DATASET = 'ci_metrics'

export function openViews(connection: DuckDBConnection): Views {
  const views = new Map<string, string>()
  const viewsReadBy = (sql: string) =>
    connection
      .getTableNames(sql, true)
      .filter((path) => path.startsWith(`${DATASET}.`) && views.has(path.slice(DATASET.length + 1)))

  return {
    async define({ dataset, name }, select, columns) {
      if (dataset !== DATASET) throw invalidQuery(`The fake has views in ${DATASET} only.`)
      const cells = columns.map((column) => `"${column.name}" ${column.type}`)
      await connection.run(`CREATE OR REPLACE TABLE ${dataset}.${name} (${cells.join(', ')})`)
      views.set(name, select)
    },
    flattened(sql) {
      if (viewsReadBy(sql).length === 0) return sql
      const flat = composed('asked', { views }, { asked: sql })
      const [left] = viewsReadBy(flat)
      if (left !== undefined) throw new Error(`the fake cannot tell where ${left} is read`)
      return flat
    },
  }
}
