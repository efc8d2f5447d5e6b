/** SQL of a person: one SELECT over the warehouse, within bounds of time and size, and nothing else. */
import { type DuckDBConnection, StatementType } from '@duckdb/node-api'
import { InvalidInputError } from '../../errors.ts'
import type { Row } from '../../ports.ts'
import { cellOf } from './duckdb-cells.ts'

/** The warehouse shares a process with the server, so a person's query may take only so much of it. */
export type SelectBounds = { timeoutMs: number; maxRows: number }

/**
 * Functions in FROM that only make or unfold values. Others switch logging and profiling on, read files, run
 * SQL out of a string, or end the process.
 */
const TABLE_FUNCTIONS = ['range', 'generate_series', 'unnest', 'json_each', 'json_tree']

/** @throws InvalidInputError for anything but one SELECT that stays in the warehouse and within the bounds. */
export async function runSelect(
  connection: DuckDBConnection,
  sql: string,
  { timeoutMs, maxRows }: SelectBounds,
): Promise<Row[]> {
  let timedOut = false
  const stop = setTimeout(() => {
    timedOut = true
    connection.interrupt()
  }, timeoutMs)
  try {
    await refuseAllButSelect(connection, sql)
    const prepared = await connection.prepare(sql)
    if (prepared.statementType !== StatementType.SELECT) throw new InvalidInputError('Only SELECT is taken.')
    await connection.run('BEGIN TRANSACTION READ ONLY')
    const result = await prepared.stream()
    const rows: Row[] = []
    for await (const page of result.yieldConvertedRowObjects(cellOf)) {
      rows.push(...page)
      if (rows.length > maxRows) {
        throw new InvalidInputError(
          `The answer has more than ${maxRows} rows: aggregate, or narrow it with WHERE or LIMIT.`,
        )
      }
    }
    return rows
  } catch (error) {
    if (timedOut)
      throw new InvalidInputError(`The query was stopped: it took longer than ${timeoutMs / 1000} seconds.`)
    if (error instanceof InvalidInputError || !isAboutTheQuery(error)) throw error
    throw new InvalidInputError((error as Error).message, { cause: error })
  } finally {
    clearTimeout(stop)
  }
}

async function refuseAllButSelect(connection: DuckDBConnection, sql: string): Promise<void> {
  const reader = await connection.runAndReadAll('SELECT json_serialize_sql($sql::VARCHAR) AS parsed', { sql })
  const functions: string[] = []
  const parsed = JSON.parse(String(reader.value(0, 0)), (_key, node) => {
    if (node?.type === 'TABLE_FUNCTION') functions.push(node.function.function_name)
    return node
  })
  if (parsed.error) {
    throw new InvalidInputError(
      parsed.error_type === 'parser' ? `Syntax: ${parsed.error_message}` : 'Only SELECT is taken.',
    )
  }
  if (parsed.statements.length !== 1) throw new InvalidInputError('One SELECT at a time is taken.')
  const refused = functions.find((name) => !TABLE_FUNCTIONS.includes(name))
  if (refused !== undefined) {
    throw new InvalidInputError(`${refused}() is not taken in FROM, only ${TABLE_FUNCTIONS.join(', ')}.`)
  }
}

/** An interrupt that is not the time-out's comes from the closing of the warehouse. */
function isAboutTheQuery(error: unknown): boolean {
  return !/INTERRUPT/.test(String(error))
}
