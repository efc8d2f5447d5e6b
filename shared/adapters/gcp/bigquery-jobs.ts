/** Query jobs: begun once although an answer may be lost, their results read page by page. */
import { randomUUID } from 'node:crypto'
import type { Job, Query } from '@google-cloud/bigquery'
import type { Row } from '../../ports.ts'
import { INTEGERS, parametersOf, rowOf } from './bigquery-cells.ts'
import { type BigqueryAccess, type Client, DATASET, retrying } from './bigquery-client.ts'
import type { BigqueryFailure } from './bigquery-errors.ts'

export type JobRequest = {
  sql: string
  parameters?: Readonly<Record<string, string | number>>
  /** The job fails, and costs nothing, when it would read more. */
  maxBytesBilled?: number
  timeoutMs?: number
  /** In which the statement finds temporary tables, and leaves them; of `beginSession`. */
  sessionId?: string
}

export type Page = {
  rows: Row[]
  /** Rows that DML changed. */
  affected: number
  /** Undefined after the last page. */
  next: (() => Promise<Page>) | undefined
}

export type DryRun = {
  statementType: string
  referencedTables: readonly { projectId?: string; datasetId?: string; tableId?: string }[]
  referencedRoutines: readonly { routineId?: string }[]
}

export type Jobs = {
  /** Runs the statement, and resolves with its first page. */
  run(request: JobRequest, doing?: string): Promise<Page>
  /** Resolves with the id of a session, which lasts until it is ended, or for a day. */
  beginSession(): Promise<string>
  endSession(id: string): Promise<void>
  /** What the statement would do; does nothing. Errors are the client's own. */
  dryRun(sql: string): Promise<DryRun>
}

/** A page of events is some 5 MB on the wire, and several times that in memory. */
const PAGE_ROWS = 4000
/** Longer than any statement of the product takes; what hangs ends. */
const TIMEOUT_MS = 10 * 60_000
const ALREADY_THERE = 409

export function openJobs(client: Client, access: BigqueryAccess): Jobs {
  const { projectId, location } = access

  const queryOf = ({
    sql,
    parameters = {},
    maxBytesBilled,
    timeoutMs = TIMEOUT_MS,
    sessionId,
  }: JobRequest): Query => ({
    query: sql,
    useLegacySql: false,
    defaultDataset: { projectId, datasetId: DATASET },
    jobTimeoutMs: timeoutMs,
    // Written out: what the client makes of `params` and `types` sends a key that the API does not have.
    ...(Object.keys(parameters).length > 0 && {
      parameterMode: 'NAMED',
      queryParameters: parametersOf(parameters),
    }),
    ...(maxBytesBilled !== undefined && { maximumBytesBilled: String(maxBytesBilled) }),
    ...(sessionId !== undefined && { connectionProperties: [{ key: 'session_id', value: sessionId }] }),
  })

  async function begin(query: Query, jobId: string): Promise<Job> {
    try {
      const [job] = await (await client()).createQueryJob({ ...query, jobId })
      return job
    } catch (error) {
      // The answer to an earlier try was lost, its job was not.
      if ((error as BigqueryFailure).code !== ALREADY_THERE) throw error
      return (await client()).job(jobId, location === undefined ? {} : { location })
    }
  }

  async function pageOf(job: Job, pageToken?: string): Promise<Page> {
    while (true) {
      const [rows, , answer] = await job.getQueryResults({
        autoPaginate: false,
        maxResults: PAGE_ROWS,
        wrapIntegers: INTEGERS,
        ...(pageToken !== undefined && { pageToken }),
      })
      if (answer?.jobComplete === false) continue
      const nextToken = answer?.pageToken
      return {
        rows: rows.map(rowOf),
        affected: Number((answer as { numDmlAffectedRows?: string } | undefined)?.numDmlAffectedRows ?? 0),
        next: nextToken ? () => retrying('read a page', access, () => pageOf(job, nextToken)) : undefined,
      }
    }
  }

  /** @param read gets what the job has to give, when it has ended. */
  function runJob<T>(query: Query, doing: string, read: (job: Job) => Promise<T>): Promise<T> {
    // The same name for every try, so that a DELETE whose answer was lost is not begun twice and counts its rows.
    let jobId = randomUUID() as string
    return retrying(doing, access, async () => {
      let job: Job | undefined
      try {
        job = await begin(query, jobId)
        return await read(job)
      } catch (error) {
        // A job that has failed stays so: another try needs another job.
        if ((error as BigqueryFailure).code === undefined || (job && (await hasFailed(job))))
          jobId = randomUUID()
        throw error
      }
    })
  }

  const run: Jobs['run'] = (request, doing = 'run a query') =>
    runJob(queryOf(request), doing, (job) => pageOf(job))

  return {
    run,
    beginSession: () =>
      runJob({ ...queryOf({ sql: 'SELECT 1' }), createSession: true }, 'begin a session', async (job) => {
        await pageOf(job)
        const [{ statistics }] = await job.getMetadata()
        const id = statistics?.sessionInfo?.sessionId
        if (id === undefined) throw new Error('BigQuery began a session and did not name it')
        return id
      }),
    async endSession(sessionId) {
      await run({ sql: 'CALL BQ.ABORT_SESSION()', sessionId }, 'end a session')
    },
    async dryRun(sql) {
      const [, answer] = await (await client()).createQueryJob({ ...queryOf({ sql }), dryRun: true })
      const {
        statementType = '',
        referencedTables = [],
        referencedRoutines = [],
      } = answer.statistics?.query ?? {}
      return { statementType, referencedTables, referencedRoutines }
    },
  }
}

async function hasFailed(job: Job): Promise<boolean> {
  try {
    const [metadata] = await job.getMetadata()
    return metadata.status?.errorResult !== undefined
  } catch {
    // Who cannot be asked is asked for its results again.
    return false
  }
}
