/**
 * The warehouse in the cloud: BigQuery, the tables and views of sql/. `runner-bandit deploy-sql` makes them. Rows come
 * in by tabledata.insertAll; one that comes twice is there twice, and the views keep one of each.
 */
import { TransientError } from '../../errors.ts'
import type { TableName, Warehouse } from '../../ports.ts'
import type { Catalogue, TableDescription } from '../../schema/table.ts'
import { type BigqueryAccess, DATASET, lazyClient, retrying } from './bigquery-client.ts'
import { messageOf } from './bigquery-errors.ts'
import { openJobs, type Page } from './bigquery-jobs.ts'
import { afterRefusedRows, batchesOf, type RawRow } from './bigquery-rows.ts'
import { runSelect } from './bigquery-select.ts'

/**
 * Of one question of the product: $6.25 at $6.25 a TiB. Generous, since of a clustered table BigQuery bounds what it
 * might read, not what it does.
 */
const MAX_BYTES_BILLED = 2 ** 40

export type BigqueryOptions = BigqueryAccess & { catalogue: Catalogue }

export type BigqueryWarehouse = Warehouse & {
  /** Waits for what runs; what comes later is refused. */
  close(): Promise<void>
}

/**
 * Nothing is loaded and nobody asked before the first call.
 *
 * Of an insert that failed some rows may be there, and its repetition writes them again. An invalid row refuses all
 * rows of its call when the descriptions in sql/ tell, else those of its request.
 */
export function openBigquery({ catalogue, ...access }: BigqueryOptions): BigqueryWarehouse {
  const client = lazyClient(access)
  const jobs = openJobs(client, access)
  const running = new Set<Promise<unknown>>()
  let closed = false

  function during<T>(work: () => Promise<T>): Promise<T> {
    if (closed) return Promise.reject(new TransientError('the warehouse is closed'))
    const result = work()
    running.add(result)
    const forget = () => running.delete(result)
    result.then(forget, forget)
    return result
  }

  async function send(table: TableName, batch: RawRow[]): Promise<void> {
    await retrying(`insert into ${table}`, access, async () => {
      const place = (await client()).dataset(DATASET).table(table)
      try {
        await place.insert(batch, { raw: true, partialRetries: 0 })
      } catch (error) {
        throw afterRefusedRows(error, table, batch)
      }
    })
  }

  async function allRows(first: Promise<Page>) {
    const rows = []
    for (let page: Page | undefined = await first; page !== undefined; page = await page.next?.()) {
      for (const row of page.rows) rows.push(row)
    }
    return rows
  }

  return {
    insert: (table, rows) =>
      during(async () => {
        for (const batch of batchesOf(table, tableNamed(catalogue, table), rows)) await send(table, batch)
      }),
    remove: (table, condition, parameters = {}) =>
      during(async () => {
        const sql = `DELETE FROM ${DATASET}.${table} WHERE ${condition}`
        return (await jobs.run({ sql, parameters }, `delete from ${table}`)).affected
      }),
    query: (sql, parameters = {}) =>
      during(() => allRows(jobs.run({ sql, parameters, maxBytesBilled: MAX_BYTES_BILLED }))),
    async *stream(sql) {
      let next: (() => Promise<Page>) | undefined = () => jobs.run({ sql })
      while (next !== undefined) {
        const page: Page = await during(next)
        if (page.rows.length > 0) yield page.rows
        next = page.next
      }
    },
    session: (work) =>
      during(async () => {
        const sessionId = await jobs.beginSession()
        try {
          return await work({
            query: (sql) => allRows(jobs.run({ sql, sessionId, maxBytesBilled: MAX_BYTES_BILLED })),
            async keep(name, select) {
              const sql = `CREATE TEMP TABLE ${name} AS ${select}`
              await jobs.run({ sql, sessionId, maxBytesBilled: MAX_BYTES_BILLED }, `keep ${name}`)
              return `_SESSION.${name}`
            },
          })
        } finally {
          // One that cannot be ended ends by itself, a day later.
          await jobs
            .endSession(sessionId)
            .catch((error: unknown) =>
              access.log.warning('bigquery.session_left', { reason: messageOf(error) }),
            )
        }
      }),
    select: (sql) => during(() => runSelect(sql, jobs, access)),
    async close() {
      closed = true
      await Promise.allSettled(running)
    },
  }
}

function tableNamed(catalogue: Catalogue, name: TableName): TableDescription {
  const table = catalogue.tables.get(name)
  if (table === undefined) throw new RangeError(`sql/${DATASET} describes no table ${name}`)
  return table
}
