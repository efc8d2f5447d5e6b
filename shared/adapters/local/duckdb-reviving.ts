/**
 * A warehouse that comes back by itself. After a failed fsync or checkpoint DuckDB refuses everything until its file is
 * opened again: so it is closed then, and opened by whoever needs it next.
 */
import { TransientError } from '../../errors.ts'
import type { Row } from '../../ports.ts'
import type { DuckdbWarehouse } from './duckdb.ts'

/** What DuckDB says when it goes, and of everything that comes after; it has no class or code for it. */
const FATAL = /FATAL Error|has been invalidated/

/** @throws what `open` throws, the first time; a later failure to open is a TransientError of who needed it. */
export async function reviving(open: () => Promise<DuckdbWarehouse>): Promise<DuckdbWarehouse> {
  let engine: Promise<DuckdbWarehouse> | undefined = Promise.resolve(await open())
  /** Of the engines that broke. */
  let buried: Promise<unknown> = Promise.resolve()
  let closing: Promise<void> | undefined

  async function present(): Promise<DuckdbWarehouse> {
    if (closing !== undefined) throw new TransientError('the warehouse is closed')
    engine ??= buried.then(open)
    const opening = engine
    try {
      return await opening
    } catch (cause) {
      if (engine === opening) engine = undefined
      throw new TransientError('the warehouse could not be opened again', { cause })
    }
  }

  /** Closes it when it is broken, and says how the error is to be told. */
  function afterFailure(broken: DuckdbWarehouse, opened: typeof engine, error: unknown): unknown {
    const cause = error instanceof Error ? error.cause : undefined
    if (!FATAL.test(`${error} ${cause}`)) return error
    if (engine === opened) {
      engine = undefined
      buried = broken.close().catch(() => {
        // What cannot be closed is in no state to matter.
      })
    }
    return error instanceof TransientError
      ? error
      : new TransientError('the warehouse has to be opened again', { cause: error })
  }

  async function using<T>(work: (warehouse: DuckdbWarehouse) => Promise<T>): Promise<T> {
    const warehouse = await present()
    const opened = engine
    try {
      return await work(warehouse)
    } catch (error) {
      throw afterFailure(warehouse, opened, error)
    }
  }

  async function closeNow(): Promise<void> {
    await buried
    const last = await engine?.catch(() => undefined)
    await last?.close()
  }

  return {
    insert: (table, rows) => using((warehouse) => warehouse.insert(table, rows)),
    remove: (table, condition, parameters) =>
      using((warehouse) => warehouse.remove(table, condition, parameters)),
    query: (sql, parameters) => using((warehouse) => warehouse.query(sql, parameters)),
    session: (work) => using((warehouse) => warehouse.session(work)),
    select: (sql) => using((warehouse) => warehouse.select(sql)),
    async *stream(sql): AsyncIterable<Row[]> {
      const warehouse = await present()
      const opened = engine
      try {
        yield* warehouse.stream(sql)
      } catch (error) {
        throw afterFailure(warehouse, opened, error)
      }
    },
    close() {
      closing ??= closeNow()
      return closing
    },
  }
}
