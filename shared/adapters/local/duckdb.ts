/** The warehouse on one machine: DuckDB, the same tables and views as BigQuery's. One process owns the file. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { ConfigError, TransientError } from '../../errors.ts'
import type { Row, TableName, Warehouse } from '../../ports.ts'
import type { Catalogue, TableDescription } from '../../schema/table.ts'
import { cellOf, DUCKDB_TYPE } from './duckdb-cells.ts'
import { openReaders } from './duckdb-readers.ts'
import { runSelect, type SelectBounds } from './duckdb-select.ts'
import { insertRows, removeRows } from './duckdb-write.ts'
import { takeTurns } from './turns.ts'

export type DuckdbWarehouse = Warehouse & {
  /** Waits for inserts, interrupts reads. */
  close(): Promise<void>
}

const DATASET = 'ci_metrics'
/** The warehouse shares a process with the server; a person's query must not take the machine. */
const MEMORY_LIMIT = '1GB'
const SELECT_BOUNDS: SelectBounds = { timeoutMs: 60_000, maxRows: 100_000 }

/**
 * Opens the file, creates what is missing, and closes the engine off from everything else.
 * @throws ConfigError when the file cannot be used.
 */
export async function openDuckdb(
  path: string,
  catalogue: Catalogue,
  selectBounds: Partial<SelectBounds> = {},
): Promise<DuckdbWarehouse> {
  const bounds = { ...SELECT_BOUNDS, ...selectBounds }
  const instance = await openInstance(path)
  const writer = await instance.connect()
  try {
    await prepareFile(writer, path, catalogue)
  } catch (error) {
    writer.closeSync()
    instance.closeSync()
    throw error
  }
  const readers = openReaders(instance)
  // A connection has one transaction at a time: writes queue up behind each other.
  const writeInTurn = takeTurns()
  let closing: Promise<void> | undefined

  async function reading<T>(read: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await readers.open()
    try {
      return await readers.during(() => read(connection))
    } finally {
      readers.close(connection)
    }
  }

  async function closeNow(): Promise<void> {
    await writeInTurn.ended()
    await readers.closeAll()
    writer.closeSync()
    instance.closeSync()
  }

  return {
    async insert(table, rows) {
      if (closing !== undefined) throw new TransientError('the warehouse is closed')
      return writeInTurn(() => insertRows(writer, DATASET, table, tableNamed(catalogue, table), rows))
    },
    async remove(table, condition, parameters = {}) {
      if (closing !== undefined) throw new TransientError('the warehouse is closed')
      return writeInTurn(() => removeRows(writer, DATASET, table, bridged(condition), parameters))
    },
    query: (sql, parameters = {}) =>
      reading(async (connection) => {
        const result = await connection.runAndReadAll(bridged(sql), parameters)
        return result.convertRowObjects(cellOf)
      }),
    async *stream(sql) {
      const connection = await readers.open()
      try {
        const result = await readers.during(() => connection.stream(sql))
        const pages = result.yieldConvertedRowObjects(cellOf)
        while (true) {
          const page = await readers.during(() => pages.next())
          if (page.done) return
          yield page.value as Row[]
        }
      } finally {
        readers.close(connection)
      }
    },
    select: (sql) => reading((connection) => runSelect(connection, sql, bounds)),
    close() {
      closing ??= closeNow()
      return closing
    },
  }
}

async function openInstance(path: string): Promise<DuckDBInstance> {
  try {
    return await DuckDBInstance.create(path)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (/Could not set lock/.test(reason))
      throw new ConfigError(`${path} is in use by another runner-bandit process.`)
    throw new ConfigError(`${path} cannot be opened (${reason}).`)
  }
}

async function prepareFile(
  connection: DuckDBConnection,
  path: string,
  { tables, macros, views }: Catalogue,
): Promise<void> {
  await connection.run("SET GLOBAL TimeZone = 'UTC'")
  await connection.run("SET GLOBAL default_null_order = 'nulls_first_on_asc_last_on_desc'")
  await connection.run(`BEGIN TRANSACTION; CREATE SCHEMA IF NOT EXISTS ${DATASET}`)
  for (const [name, table] of tables) await connection.run(createTable(name, table))
  const faults = await differences(connection, tables)
  if (faults.length > 0) throw new ConfigError(`${path} was made by another version.`, faults)
  await connection.run(macros)
  for (const [name, select] of views) {
    await connection.run(`CREATE OR REPLACE VIEW ${DATASET}.${name} AS ${select}`)
  }
  await connection.run('COMMIT')
  await connection.run(`SET memory_limit = '${MEMORY_LIMIT}'`)
  await connection.run('SET enable_external_access = false; SET lock_configuration = true')
}

function createTable(name: string, { columns }: TableDescription): string {
  const definitions = columns.map(
    (column) => `${column.name} ${DUCKDB_TYPE[column.type]}${column.mode === 'REQUIRED' ? ' NOT NULL' : ''}`,
  )
  return `CREATE TABLE IF NOT EXISTS ${DATASET}.${name} (${definitions.join(', ')})`
}

/** Rows are appended by position, so a table of other columns would take them in the wrong places. */
async function differences(connection: DuckDBConnection, tables: Catalogue['tables']): Promise<string[]> {
  const result = await connection.runAndReadAll(`
    SELECT table_name, string_agg(column_name, ', ' ORDER BY column_index)
    FROM duckdb_columns() WHERE schema_name = '${DATASET}' GROUP BY table_name`)
  const present = new Map(result.getRows().map(([name, columns]) => [name, columns]))
  return [...tables].flatMap(([name, { columns }]) => {
    const described = columns.map((column) => column.name).join(', ')
    const found = present.get(name)
    return found === described ? [] : [`${DATASET}.${name} has the columns ${found}, not ${described}`]
  })
}

/** GoogleSQL writes a parameter as @name, DuckDB as $name. */
function bridged(sql: string): string {
  return sql.replaceAll(/@([a-z_0-9]+)/g, (_parameter, name) => `$${name}`)
}

function tableNamed(catalogue: Catalogue, name: TableName): TableDescription {
  const table = catalogue.tables.get(name)
  if (table === undefined) throw new RangeError(`sql/${DATASET} describes no table ${name}`)
  return table
}
