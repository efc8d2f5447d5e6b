/** SQL of a person: one SELECT over the warehouse, within bounds of cost, time and size, and nothing else. */
import { InvalidInputError } from '../../errors.ts'
import type { Row } from '../../ports.ts'
import { type BigqueryAccess, DATASET, retrying } from './bigquery-client.ts'
import { isAboutTheSql, messageOf } from './bigquery-errors.ts'
import type { DryRun, Jobs } from './bigquery-jobs.ts'

/** 6 cents at $6.25 a TiB; the tables of ten million jobs are smaller. */
const MAX_BYTES_BILLED = 10 * 2 ** 30
/** As long, and as much, as the local warehouse gives. */
const TIMEOUT_MS = 60_000
const MAX_ROWS = 100_000

/** What leaves the dataset without being a table: a dry run does not list it. */
const WAYS_OUT = /\b(EXTERNAL_QUERY|INFORMATION_SCHEMA)\b/i

/** @throws InvalidInputError for anything but one SELECT that stays in the dataset and within the bounds. */
export async function runSelect(sql: string, jobs: Jobs, access: BigqueryAccess): Promise<Row[]> {
  if (sql.trim() === '') throw new InvalidInputError('Only SELECT is taken, and there is none.')
  const wayOut = WAYS_OUT.exec(sql)?.[0]
  if (wayOut !== undefined)
    throw new InvalidInputError(`SELECT may not say ${wayOut}: it leads out of ${DATASET}.`)
  try {
    refuseAllButSelect(await retrying('look at a query', access, () => jobs.dryRun(sql)), access.projectId)
    const rows: Row[] = []
    const request = { sql, maxBytesBilled: MAX_BYTES_BILLED, timeoutMs: TIMEOUT_MS }
    let page = await jobs.run(request)
    while (true) {
      for (const row of page.rows) rows.push(row)
      if (rows.length > MAX_ROWS) {
        throw new InvalidInputError(
          `The answer has more than ${MAX_ROWS} rows: aggregate, or narrow it with WHERE or LIMIT.`,
        )
      }
      if (page.next === undefined) return rows
      page = await page.next()
    }
  } catch (error) {
    const cause = (error as Error).cause ?? error
    if (error instanceof InvalidInputError || !isAboutTheSql(cause)) throw error
    throw new InvalidInputError(`BigQuery takes no such SELECT: ${messageOf(cause)}`, { cause })
  }
}

function refuseAllButSelect(
  { statementType, referencedTables, referencedRoutines }: DryRun,
  projectId: string,
): void {
  if (statementType === 'SCRIPT') throw new InvalidInputError('One SELECT at a time is taken.')
  if (statementType !== 'SELECT') throw new InvalidInputError(`Only SELECT is taken, not ${statementType}.`)
  const elsewhere = referencedTables.find(
    (table) => table.projectId !== projectId || table.datasetId !== DATASET,
  )
  if (elsewhere !== undefined) {
    throw new InvalidInputError(
      `SELECT reads ${DATASET} only, not ${elsewhere.projectId}.${elsewhere.datasetId}.${elsewhere.tableId}.`,
    )
  }
  const [routine] = referencedRoutines
  if (routine !== undefined)
    throw new InvalidInputError(`SELECT calls no routine, and so not ${routine.routineId}.`)
}
