/** Appending to and deleting from DuckDB, all rows or none. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { TransientError } from '../../errors.ts'
import type { Row, TableName } from '../../ports.ts'
import type { TableDescription } from '../../schema/table.ts'
import { appendCell } from './duckdb-cells.ts'

/** What DuckDB says of a file that cannot be written; it has no class or code for it. A commit fails of nothing else. */
const FILE_FAULTS =
  /IO Error|Could not write|Failed to commit|No space left|FATAL Error|has been invalidated/i

/** @throws TransientError when the file cannot be written now. */
export async function insertRows(
  connection: DuckDBConnection,
  dataset: string,
  table: TableName,
  description: TableDescription,
  rows: readonly object[],
): Promise<void> {
  if (rows.length === 0) return
  try {
    await connection.run('BEGIN TRANSACTION')
    await appendRows(connection, dataset, table, description, rows as readonly Row[])
    await connection.run('COMMIT')
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => {
      // DuckDB has rolled back by itself; the error below is the one to report.
    })
    throw asReaction(error, table)
  }
}

/** @throws TransientError when the file cannot be written now. */
export async function removeRows(
  connection: DuckDBConnection,
  dataset: string,
  table: TableName,
  condition: string,
  parameters: Record<string, string | number>,
): Promise<number> {
  try {
    const { rowsChanged } = await connection.run(
      `DELETE FROM ${dataset}.${table} WHERE ${condition}`,
      parameters,
    )
    return rowsChanged
  } catch (error) {
    throw asReaction(error, table)
  }
}

function asReaction(error: unknown, table: TableName): unknown {
  if (!FILE_FAULTS.test(String(error))) return error
  return new TransientError(`${table} could not be written`, { cause: error })
}

async function appendRows(
  connection: DuckDBConnection,
  dataset: string,
  table: TableName,
  { columns }: TableDescription,
  rows: readonly Row[],
): Promise<void> {
  const names = new Set(columns.map(({ name }) => name))
  const appender = await connection.createAppender(table, dataset)
  try {
    for (const row of rows) {
      const unknown = Object.keys(row).find((name) => !names.has(name))
      if (unknown !== undefined) throw new TypeError(`${table} has no column ${unknown}`)
      for (const { name, type } of columns) appendCell(appender, type, row[name])
      appender.endRow()
    }
    appender.closeSync()
  } catch (error) {
    // Left alone, it would write the rows it holds when it is collected, long after the rollback.
    appender.clear()
    appender.closeSync()
    throw error
  }
}
