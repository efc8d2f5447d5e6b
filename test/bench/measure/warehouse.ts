/** How fast rows get into the warehouse, beside DuckDB's own appender with the same rows, batches and commits. */
import { join } from 'node:path'
import {
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBInstance,
  DuckDBTimestampTZValue,
} from '@duckdb/node-api'
import { openDuckdb } from '../../../shared/adapters/local/duckdb.ts'
import type { Row } from '../../../shared/ports.ts'
import { describe, loadCatalogue } from '../../../shared/runtime/sql.ts'
import { encodeEvent } from '../../../shared/schema/event.ts'
import { successes } from '../learned.ts'
import { type Alone, alone, type Values } from '../measurement.ts'
import { type Contender, interleave } from '../rounds.ts'

export const measure = alone(import.meta.filename)

const BATCH = 1000
const BATCHES = 10

export async function inside({ rounds, folder }: Alone): Promise<Values> {
  const rows = successes(BATCH, { arms: 11, jobKeys: 20 }).map(encodeEvent)
  const ready = cellsOf(rows)
  const warehouse = await openDuckdb(join(folder, 'product.duckdb'), loadCatalogue())
  const connection = await openBare(join(folder, 'bare.duckdb'))
  const committed = async (write: () => Promise<void>) => {
    await connection.run('BEGIN TRANSACTION')
    await write()
    await connection.run('COMMIT')
  }
  const perSecond = await interleave(rounds, {
    product: rateOf(() => inBatches(() => warehouse.insert('job_events', rows))),
    appender: rateOf(() => inBatches(() => committed(() => append(connection, ready)))),
    atOnce: rateOf(() => committed(() => inBatches(() => append(connection, ready)))),
  })
  await warehouse.close()
  return {
    'warehouse writes': perSecond.product.map(
      (value, round) => value / (perSecond.appender[round] as number),
    ),
    'warehouse writes, rows a second': perSecond.product,
    'appender, rows a second': perSecond.appender,
    'appender, one commit for all, rows a second': perSecond.atOnce,
  }
}

async function inBatches(write: () => Promise<void>): Promise<void> {
  for (let batch = 0; batch < BATCHES; batch += 1) await write()
}

/** Rows a second, waiting for the disk included. */
function rateOf(writeAll: () => Promise<void>): Contender {
  return async () => {
    const start = performance.now()
    await writeAll()
    return (BATCH * BATCHES * 1000) / (performance.now() - start)
  }
}

/** The same tables, made by the product, and then opened without it. */
async function openBare(path: string): Promise<DuckDBConnection> {
  await (await openDuckdb(path, loadCatalogue())).close()
  return (await DuckDBInstance.create(path)).connect()
}

type Append = (appender: DuckDBAppender) => void

/** A row as the calls that append it, so that nothing is looked up or converted while time is taken. */
function cellsOf(rows: readonly Row[]): Append[][] {
  const { columns } = describe('job_events')
  return rows.map((row) => columns.map(({ name, type }) => appending(type, row[name])))
}

function appending(type: string, value: unknown): Append {
  if (value === null || value === undefined) return (appender) => appender.appendNull()
  if (type === 'INT64') {
    const integer = BigInt(value as number)
    return (appender) => appender.appendBigInt(integer)
  }
  if (type === 'TIMESTAMP') {
    const instant = new DuckDBTimestampTZValue(BigInt(Date.parse(value as string)) * 1000n)
    return (appender) => appender.appendTimestampTZ(instant)
  }
  if (type === 'FLOAT64') return (appender) => appender.appendDouble(value as number)
  if (type === 'BOOL') return (appender) => appender.appendBoolean(value as boolean)
  return (appender) => appender.appendVarchar(value as string)
}

async function append(connection: DuckDBConnection, rows: readonly Append[][]): Promise<void> {
  const appender = await connection.createAppender('job_events', 'ci_metrics')
  for (const row of rows) {
    for (const cell of row) cell(appender)
    appender.endRow()
  }
  appender.closeSync()
}
