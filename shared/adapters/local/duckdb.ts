/** The warehouse on one machine: DuckDB, the same tables and views as BigQuery's. One process owns the file. */
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { ConfigError, TransientError } from '../../errors.ts'
import type { Row, TableName, Warehouse } from '../../ports.ts'
import type { Catalogue, TableDescription } from '../../schema/table.ts'
import { cellOf } from './duckdb-cells.ts'
import { DATASET, prepareFile, presentColumns, refuseNewer } from './duckdb-file.ts'
import { openReaders } from './duckdb-readers.ts'
import { reviving } from './duckdb-reviving.ts'
import { runSelect, type SelectBounds } from './duckdb-select.ts'
import { viewsOnDemand } from './duckdb-views.ts'
import { insertRows, removeRows } from './duckdb-write.ts'
import { takeTurns } from './turns.ts'

export type DuckdbWarehouse = Warehouse & {
  /** Waits for inserts, interrupts reads. */
  close(): Promise<void>
}

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
  return reviving(() => openEngine(path, catalogue, bounds))
}

async function openEngine(
  path: string,
  catalogue: Catalogue,
  bounds: SelectBounds,
): Promise<DuckdbWarehouse> {
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
  const madeViews = viewsOnDemand(catalogue, (ddl) => writing(() => writer.run(ddl)))
  let closing: Promise<void> | undefined

  /** Once it closes nothing new is begun, the view of a read included: a connection closed under a call ends the process. */
  async function writing<T>(write: () => Promise<T>): Promise<T> {
    if (closing !== undefined) throw new TransientError('the warehouse is closed')
    return writeInTurn(write)
  }

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
      return writing(() => insertRows(writer, DATASET, table, tableNamed(catalogue, table), rows))
    },
    async remove(table, condition, parameters = {}) {
      return writing(() => removeRows(writer, DATASET, table, bridged(condition), parameters))
    },
    async query(sql, parameters = {}) {
      await madeViews(sql)
      return reading(async (connection) => {
        const result = await connection.runAndReadAll(bridged(sql), parameters)
        return result.convertRowObjects(cellOf)
      })
    },
    async *stream(sql) {
      await madeViews(sql)
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
    session: (work) =>
      reading(async (connection) => {
        const inTurn = takeTurns()
        try {
          return await work({
            async query(sql) {
              await madeViews(sql)
              const result = await inTurn(() => connection.runAndReadAll(sql))
              return result.convertRowObjects(cellOf)
            },
            async keep(name, select) {
              await madeViews(select)
              await inTurn(() => connection.run(`CREATE TEMP TABLE ${name} AS ${select}`))
              return `temp.${name}`
            },
          })
        } finally {
          // Work that failed may have left a call under way.
          await inTurn.ended()
        }
      }),
    async select(sql) {
      await madeViews(sql)
      return reading((connection) => runSelect(connection, sql, bounds))
    },
    close() {
      closing ??= closeNow()
      return closing
    },
  }
}

export type DuckdbReading = Pick<DuckdbWarehouse, 'query' | 'close'> & {
  /** Whether the next start has to bring it to the present form. */
  isOlder: boolean
}

/**
 * Reads the file without changing a byte of it, what a crash left in its log included.
 * @throws ConfigError when another process has it, a newer version made it, or it cannot be read.
 */
export async function openDuckdbForReading(path: string, catalogue: Catalogue): Promise<DuckdbReading> {
  const instance = await openInstance(path, { access_mode: 'READ_ONLY' })
  const connection = await instance.connect()
  async function close(): Promise<void> {
    connection.closeSync()
    instance.closeSync()
  }
  let isOlder: boolean
  try {
    await connection.run("SET TimeZone = 'UTC'")
    const present = await presentColumns(connection)
    refuseNewer(path, catalogue.tables, present)
    isOlder = [...catalogue.tables].some(
      ([name, { columns }]) => present.get(name)?.join() !== columns.map((column) => column.name).join(),
    )
  } catch (error) {
    await close()
    throw error
  }
  return {
    isOlder,
    async query(sql, parameters = {}) {
      const result = await connection.runAndReadAll(bridged(sql), parameters)
      return result.convertRowObjects(cellOf)
    },
    close,
  }
}

/** What does not fit into memory goes beside the file; of one that is all in memory, not into the working folder. */
async function openInstance(path: string, options: Record<string, string> = {}): Promise<DuckDBInstance> {
  const folder = join(tmpdir(), `runner-bandit-${randomUUID()}`)
  try {
    return await DuckDBInstance.create(path, {
      ...(path === ':memory:' && { temp_directory: folder }),
      ...options,
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (/Could not set lock/.test(reason))
      throw new ConfigError(`${path} is in use by another runner-bandit process.`)
    throw new ConfigError(`${path} cannot be opened (${reason}).`)
  }
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
