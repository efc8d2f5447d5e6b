/** The warehouse on one machine: DuckDB, the same tables and views as BigQuery's. One process owns the file. */
import {
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBResultReader,
  DuckDBTimestampTZValue,
  DuckDBTypeId,
  StatementType,
} from '@duckdb/node-api'
import { InvalidInputError, TransientError } from '../../errors.ts'
import type { Row, TableName, Warehouse } from '../../ports.ts'
import type { Catalogue, ColumnType, TableDescription } from '../../schema/table.ts'

export type DuckdbWarehouse = Warehouse & { close(): Promise<void> }

const DATASET = 'ci_metrics'
const DUCKDB_TYPE: Record<ColumnType, string> = {
  STRING: 'VARCHAR',
  INT64: 'BIGINT',
  FLOAT64: 'DOUBLE',
  BOOL: 'BOOLEAN',
  TIMESTAMP: 'TIMESTAMPTZ',
}
/** A person's query that takes longer is stopped: the warehouse shares a process with the server. */
const SELECT_TIMEOUT_MS = 60_000

/** Opens the file, creates what is missing, and closes the engine off from everything else. */
export async function openDuckdb(path: string, catalogue: Catalogue): Promise<DuckdbWarehouse> {
  const instance = await DuckDBInstance.create(path)
  const writer = await instance.connect()
  await writer.run("SET TimeZone = 'UTC'; SET default_null_order = 'nulls_first_on_asc_last_on_desc'")
  await writer.run(`CREATE SCHEMA IF NOT EXISTS ${DATASET}`)
  for (const [name, table] of catalogue.tables) await writer.run(createTable(name, table))
  await writer.run(catalogue.macros)
  for (const [name, select] of catalogue.views) {
    await writer.run(`CREATE OR REPLACE VIEW ${DATASET}.${name} AS ${select}`)
  }
  await writer.run('SET enable_external_access = false; SET lock_configuration = true')
  const reader = await instance.connect()
  // A connection has one transaction at a time: writes queue up behind each other.
  let writing: Promise<unknown> = Promise.resolve()

  return {
    insert(table, rows) {
      const result = writing.then(() => append(writer, table, tableNamed(catalogue, table), rows))
      writing = result.catch(() => undefined)
      return result
    },
    async query(sql, parameters = {}) {
      return rowsOf(await reader.runAndReadAll(sql.replaceAll(/@([a-z_0-9]+)/g, '$$$1'), parameters))
    },
    async *stream(sql) {
      // Its own connection: another query would end the stream.
      const connection = await instance.connect()
      try {
        const result = await connection.stream(sql)
        const names = result.deduplicatedColumnNames()
        const types = result.columnTypes().map((type) => type.typeId)
        for await (const rows of result.yieldRowObjectJson())
          yield rows.map((row) => rowOf(row, names, types))
      } finally {
        connection.closeSync()
      }
    },
    select: (sql) => selectOnly(instance, sql),
    async close() {
      await writing
      reader.closeSync()
      writer.closeSync()
      instance.closeSync()
    },
  }
}

function tableNamed(catalogue: Catalogue, name: TableName): TableDescription {
  const table = catalogue.tables.get(name)
  if (table === undefined) throw new RangeError(`sql/${DATASET} describes no table ${name}`)
  return table
}

function createTable(name: string, { columns }: TableDescription): string {
  const definitions = columns.map(
    (column) => `${column.name} ${DUCKDB_TYPE[column.type]}${column.mode === 'REQUIRED' ? ' NOT NULL' : ''}`,
  )
  return `CREATE TABLE IF NOT EXISTS ${DATASET}.${name} (${definitions.join(', ')})`
}

async function append(
  connection: DuckDBConnection,
  table: TableName,
  { columns }: TableDescription,
  rows: readonly object[],
): Promise<void> {
  if (rows.length === 0) return
  await connection.run('BEGIN TRANSACTION')
  try {
    const appender = await connection.createAppender(table, DATASET)
    for (const row of rows as Row[]) {
      for (const { name, type } of columns) appendCell(appender, type, row[name])
      appender.endRow()
    }
    appender.closeSync()
    await connection.run('COMMIT')
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => {
      // DuckDB has rolled back by itself; the error below is the one to report.
    })
    if (!/IO Error|No space/i.test(String(error))) throw error
    throw new TransientError(`${table} could not be written`, { cause: error })
  }
}

function appendCell(appender: DuckDBAppender, type: ColumnType, value: unknown): void {
  if (value === null || value === undefined) return appender.appendNull()
  switch (type) {
    case 'STRING':
      return appender.appendVarchar(value as string)
    case 'INT64':
      return appender.appendBigInt(BigInt(value as number))
    case 'FLOAT64':
      return appender.appendDouble(value as number)
    case 'BOOL':
      return appender.appendBoolean(value as boolean)
    case 'TIMESTAMP':
      return appender.appendTimestampTZ(
        new DuckDBTimestampTZValue(BigInt(Date.parse(value as string)) * 1000n),
      )
  }
}

/** Runs one SELECT of a person, on a connection of its own, in a transaction that cannot write. */
async function selectOnly(instance: DuckDBInstance, sql: string): Promise<Row[]> {
  const connection = await instance.connect()
  const stop = setTimeout(() => connection.interrupt(), SELECT_TIMEOUT_MS)
  try {
    const statements = await connection.extractStatements(sql)
    if (statements.count !== 1) throw new InvalidInputError('Only one statement at a time is taken.')
    const prepared = await statements.prepare(0)
    if (prepared.statementType !== StatementType.SELECT) {
      throw new InvalidInputError(`Only SELECT is taken, not ${StatementType[prepared.statementType]}.`)
    }
    await connection.run('BEGIN TRANSACTION READ ONLY')
    return rowsOf(await prepared.runAndReadAll())
  } catch (error) {
    if (error instanceof InvalidInputError) throw error
    throw new InvalidInputError(error instanceof Error ? error.message : String(error), { cause: error })
  } finally {
    clearTimeout(stop)
    connection.closeSync()
  }
}

function rowsOf(reader: DuckDBResultReader): Row[] {
  const names = reader.deduplicatedColumnNames()
  const types = reader.columnTypes().map((type) => type.typeId)
  return reader.getRowObjectsJson().map((row) => rowOf(row, names, types))
}

function rowOf(row: Record<string, unknown>, names: readonly string[], types: readonly DuckDBTypeId[]): Row {
  return Object.fromEntries(names.map((name, index) => [name, cellOf(row[name], types[index])]))
}

/** DuckDB's JSON form writes 64-bit integers and decimals as strings and instants in its own way. */
function cellOf(value: unknown, type: DuckDBTypeId | undefined): unknown {
  if (typeof value !== 'string') return value
  switch (type) {
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.HUGEINT: {
      const number = Number(value)
      return Number.isSafeInteger(number) ? number : value
    }
    case DuckDBTypeId.DECIMAL:
      return Number(value)
    case DuckDBTypeId.TIMESTAMP_TZ:
      return new Date(value.replace(' ', 'T').replace(/\+00$/, 'Z')).toISOString()
    default:
      return value
  }
}
