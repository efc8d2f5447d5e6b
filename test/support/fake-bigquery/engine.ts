/** Runs SQL on DuckDB, as far as the subset of GoogleSQL in sql/ goes. One statement at a time. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BIGINT, DOUBLE, DuckDBInstance, type DuckDBType, VARCHAR } from '@duckdb/node-api'
import { appendCell } from '../../../shared/adapters/local/duckdb-cells.ts'
import { takeTurns } from '../../../shared/adapters/local/turns.ts'
import type { ColumnType } from '../../../shared/schema/table.ts'
import { invalidQuery, notFound, type Refusal } from './answers.ts'
import { type Cell, cellOf, columnsOf, type Field, fieldOf } from './cells.ts'
import { parseDdl } from './ddl.ts'
import { type Checked, define } from './definitions.ts'
import { openSessions } from './sessions.ts'
import { bridge, parameterNames, refuseReserved, typeOf } from './sql.ts'
import type { Store, Table } from './store.ts'
import { openViews } from './views.ts'

export type Parameter = { name: string; type: string; value: string }
export type Statement = { sql: string; parameters: readonly Parameter[]; sessionId?: string | undefined }

/** What a job that has ended left behind. */
export type Result = {
  statementType: string
  /** `<dataset>.<table>` of what a SELECT reads. */
  referenced: string[]
  fields: Field[]
  rows: { f: Cell[] }[]
  /** Of DML. */
  affected?: number
}

export type Engine = {
  run(statement: Statement, options?: { dryRun?: boolean }): Promise<Result>
  /** Resolves with its id. */
  beginSession(): Promise<string>
  /** Rows that were found to be good. */
  append(table: Table, rows: readonly Record<string, unknown>[]): Promise<void>
  close(): void
}

const MACROS = join(import.meta.dirname, '../../../sql/duckdb.sql')
/** REST's name of a type → GoogleSQL's, which is the name in sql/. */
const COLUMN_TYPES: Record<string, ColumnType> = { INTEGER: 'INT64', FLOAT: 'FLOAT64', BOOLEAN: 'BOOL' }
const PARAMETER_TYPES: Record<string, { type: DuckDBType; read(text: string): string | bigint | number }> = {
  STRING: { type: VARCHAR, read: String },
  INT64: { type: BIGINT, read: BigInt },
  FLOAT64: { type: DOUBLE, read: Number },
}

/** @param streamingBufferMs for how long DML refuses rows that were streamed. */
export async function openEngine(
  store: Store,
  { streamingBufferMs, now }: { streamingBufferMs: number; now: () => number },
): Promise<Engine> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: '2GB',
    temp_directory: join(tmpdir(), `fake-bigquery-${randomUUID()}`),
  })
  const connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'; SET default_null_order = 'nulls_first_on_asc_last_on_desc'")
  await connection.run(readFileSync(MACROS, 'utf8'))
  const inTurn = takeTurns()
  const views = openViews(connection)
  const sessions = openSessions(connection)
  /** Of each table, from which DuckDB row on rows were streamed at a moment. */
  const streamed = new Map<string, { at: number; fromRow: number }[]>()

  async function count(sql: string, values = {}, types = {}): Promise<number> {
    const reader = await connection.runAndReadAll(sql, values, types)
    return Number(reader.value(0, 0))
  }

  async function refuseDelete(sql: string, values: object, types: object): Promise<void> {
    const [, path = '', condition = 'TRUE'] =
      /^\s*DELETE\s+FROM\s+([\w.]+)\s+WHERE\s([\s\S]*)$/i.exec(sql) ?? []
    const [name = '', dataset = ''] = path.split('.').reverse()
    if (store.datasets.get(dataset)?.get(name)?.view !== undefined)
      throw invalidQuery(`DML over the view ${path} is not supported`)
    const recent = streamed.get(path)?.find(({ at }) => now() - at < streamingBufferMs)
    if (recent === undefined) return
    const hit = await count(
      `SELECT COUNT(*) FROM ${path} WHERE rowid >= ${recent.fromRow} AND (${condition})`,
      values,
      types,
    )
    if (hit === 0) return
    throw invalidQuery(
      `UPDATE or DELETE statement over table ${path} would affect rows in the streaming buffer, which is not supported`,
    )
  }

  /** What holds of a statement whatever the rows: that DuckDB can run it, and what a SELECT reads. */
  async function checked(bridged: string): Promise<Checked> {
    refuseReserved(bridged)
    // Of what DuckDB does not know it gives the alias, too.
    const named = typeOf(bridged) === 'SELECT' ? [...connection.getTableNames(bridged, true)] : []
    const referenced = named.map((name) => name.replace(/ AS .*/, ''))
    for (const name of referenced) {
      const [table = '', dataset = ''] = name.split('.').reverse()
      if (dataset !== '' && !dataset.startsWith('session_')) store.table(dataset, table)
    }
    return { referenced, prepared: await connection.prepare(bridged) }
  }

  /** A statement of sessions, if it is one. */
  async function inSession({ sql, sessionId }: Statement): Promise<Result | undefined> {
    const statement = sessions.ofStatement(sql, sessionId)
    if (statement === undefined) return undefined
    if (statement.statementType === 'CREATE_TABLE_AS_SELECT') {
      const select = bridge(sessions.bound(statement.select, sessionId))
      await checked(select)
      await connection.run(`CREATE TABLE ${statement.path} AS ${views.flattened(select)}`)
    } else {
      await sessions.end(sessionId as string)
    }
    return { statementType: statement.statementType, referenced: [], fields: [], rows: [] }
  }

  async function ask({ sql, parameters, sessionId }: Statement, dryRun: boolean): Promise<Result> {
    const bridged = bridge(sessions.bound(sql, sessionId))
    const statementType = typeOf(bridged)
    const statements = await connection.extractStatements(bridged)
    if (statements.count > 1) return { statementType: 'SCRIPT', referenced: [], fields: [], rows: [] }
    const { referenced, prepared } = await checked(bridged)
    const used = parameters.filter(({ name }) => new RegExp(`\\$${name}\\b`).test(bridged))
    const values: Record<string, string | bigint | number> = {}
    const types: Record<string, DuckDBType> = {}
    for (const { name, type, value } of used) {
      const known = PARAMETER_TYPES[type]
      if (known === undefined) throw invalidQuery(`The fake has no parameters of type ${type}.`)
      values[name] = known.read(value)
      types[name] = known.type
    }
    for (const name of parameterNames(bridged)) {
      if (!(name in values)) throw invalidQuery(`Query parameter '${name}' not found`)
    }
    const isSelect = statementType === 'SELECT'
    if (dryRun)
      return { statementType, referenced, fields: isSelect ? columnsOf(prepared).map(fieldOf) : [], rows: [] }
    if (statementType === 'DELETE') {
      await refuseDelete(bridged, values, types)
      const { rowsChanged } = await connection.run(bridged, values, types)
      return { statementType, referenced, fields: [], rows: [], affected: rowsChanged }
    }
    if (!isSelect) throw invalidQuery(`The fake does not run ${statementType}.`)
    const reader = await connection.runAndReadAll(views.flattened(bridged), values, types)
    const fields = reader
      .columnNames()
      .map((name, index) => fieldOf({ name, type: reader.columnType(index) }))
    const rows = reader
      .getRows()
      .map((row) => ({ f: row.map((value, index) => cellOf(value, fields[index] as Field)) }))
    return { statementType, referenced, fields, rows }
  }

  return {
    run: (statement, { dryRun = false } = {}) =>
      inTurn(async () => {
        const ddl = parseDdl(statement.sql)
        try {
          if (ddl === undefined) return (await inSession(statement)) ?? (await ask(statement, dryRun))
          await define(ddl, dryRun, { store, connection, views, checked })
          return { statementType: ddl.statementType, referenced: [], fields: [], rows: [] }
        } catch (error) {
          throw asRefusal(error, store)
        }
      }),
    beginSession: () => inTurn(sessions.begin),
    append: (table, rows) =>
      inTurn(async () => {
        const path = `${table.dataset}.${table.name}`
        const fromRow = await count(`SELECT COALESCE(MAX(rowid) + 1, 0) FROM ${path}`)
        const appender = await connection.createAppender(table.name, table.dataset)
        for (const row of rows) {
          for (const { name, type } of table.fields) {
            appendCell(appender, COLUMN_TYPES[type] ?? (type as ColumnType), row[name])
          }
          appender.endRow()
        }
        appender.closeSync()
        const times = (streamed.get(path) ?? []).filter(({ at }) => now() - at < streamingBufferMs)
        streamed.set(path, [...times, { at: now(), fromRow }])
      }),
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** DuckDB's complaint in BigQuery's words. */
function asRefusal(error: unknown, { projectId, location }: Store): Refusal | unknown {
  const message = error instanceof Error ? error.message : String(error)
  const [, missing] = /Table with name (\S+) does not exist/.exec(message) ?? []
  if (missing !== undefined)
    return notFound(`Table ${projectId}:ci_metrics.${missing} was not found in location ${location}`)
  if (/^(Failed to extract statements: )?Parser Error/.test(message))
    return invalidQuery(`Syntax error: ${message.replace(/^.*?Parser Error: /, '')}`)
  if (/^(Binder|Catalog|Conversion|Invalid Input|Out of Range) Error/.test(message))
    return invalidQuery(message)
  return error
}
