/** Query jobs: begun by jobs.insert or jobs.query, their results read in pages. */
import { randomUUID } from 'node:crypto'
import { alreadyThere, invalid, notFound, Refusal, refuseUnknown } from './answers.ts'
import { asAsked, type Cell, type Field } from './cells.ts'
import type { Engine, Parameter, Result } from './engine.ts'
import type { Store } from './store.ts'

type Json = Record<string, unknown>
type Job = { id: string; result?: Result; refusal?: Refusal; polls: number; sessionId?: string | undefined }

export type Jobs = {
  /** The next job begins, does nothing, and fails. */
  failNext(refusal: Refusal): void
  insert(body: Json): Promise<object>
  query(body: Json): Promise<object>
  get(id: string, query: URLSearchParams): object
  results(id: string, query: URLSearchParams): object
}

export type JobOptions = {
  /** Rows of a page at most, whatever a request wants. */
  maxPageRows: number
  /** How often a job is asked for before it says that it is complete. */
  pollsBeforeDone: number
  /** What a query is said to read. */
  bytesProcessed: number
}

const QUERY_KEYS = [
  'query',
  'useLegacySql',
  'parameterMode',
  'queryParameters',
  'defaultDataset',
  'maximumBytesBilled',
  'useQueryCache',
  'priority',
  'createSession',
  'connectionProperties',
]
const RESULT_KEYS = [
  'location',
  'maxResults',
  'pageToken',
  'startIndex',
  'timeoutMs',
  'prettyPrint',
  'formatOptions.useInt64Timestamp',
]

export function openJobs(engine: Engine, store: Store, options: JobOptions): Jobs {
  const { projectId, location } = store
  const jobs = new Map<string, Job>()
  let failingNext: Refusal | undefined
  const referenceOf = (id: string) => ({ projectId, jobId: id, location })

  function jobNamed(id: string, query: URLSearchParams): Job {
    const job = jobs.get(id)
    if (job === undefined || (query.get('location') ?? location) !== location)
      throw notFound(`Job ${projectId}:${id}`)
    return job
  }

  function statusOf({ refusal, polls }: Job): object {
    if (polls < options.pollsBeforeDone) return { state: 'RUNNING' }
    if (refusal === undefined) return { state: 'DONE' }
    const error = { reason: refusal.reason, message: refusal.message }
    return { state: 'DONE', errorResult: error, errors: [error] }
  }

  function statisticsOf({ statementType, referenced, fields, affected }: Result): object {
    const referencedTables = referenced.map((name) => {
      const [tableId, datasetId, project = projectId] = name.split('.').reverse()
      return { projectId: project, datasetId, tableId }
    })
    return {
      totalBytesProcessed: String(options.bytesProcessed),
      query: {
        statementType,
        totalBytesProcessed: String(options.bytesProcessed),
        ...(referencedTables.length > 0 && { referencedTables }),
        ...(statementType === 'SELECT' && { schema: { fields } }),
        ...(affected !== undefined && { numDmlAffectedRows: String(affected) }),
      },
    }
  }

  const resourceOf = (job: Job) => ({
    kind: 'bigquery#job',
    id: `${projectId}:${location}.${job.id}`,
    jobReference: referenceOf(job.id),
    status: statusOf(job),
    ...(job.result !== undefined && {
      statistics: {
        ...statisticsOf(job.result),
        ...(job.sessionId !== undefined && { sessionInfo: { sessionId: job.sessionId } }),
      },
    }),
  })

  async function run(query: Json, dryRun: boolean, sessionId?: string): Promise<Result> {
    refuseUnknown(query, QUERY_KEYS, 'configuration.query')
    if (query.useLegacySql !== false)
      throw invalid('The fake speaks no legacy SQL: useLegacySql has to be false.')
    const parameters = parametersOf(query)
    const limit = Number(query.maximumBytesBilled ?? Number.POSITIVE_INFINITY)
    if (options.bytesProcessed > limit && !dryRun)
      throw new Refusal(
        400,
        'bytesBilledLimitExceeded',
        `Query exceeded limit for bytes billed: ${limit}. ${options.bytesProcessed} or higher required.`,
      )
    return engine.run({ sql: String(query.query ?? ''), parameters, sessionId }, { dryRun })
  }

  async function begin(id: string, query: Json): Promise<Job> {
    const job: Job = { id, polls: 0 }
    jobs.set(id, job)
    const failing = failingNext
    failingNext = undefined
    try {
      if (failing !== undefined) throw failing
      job.sessionId = query.createSession === true ? await engine.beginSession() : sessionOf(query)
      job.result = await run(query, false, job.sessionId)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      job.refusal = error
    }
    return job
  }

  function page(job: Job, query: URLSearchParams): object {
    const { fields, rows, affected } = job.result as Result
    const start = Number(query.get('pageToken')?.replace('page-', '') ?? query.get('startIndex') ?? 0)
    const size = Math.min(Number(query.get('maxResults') ?? options.maxPageRows), options.maxPageRows)
    const useInt64 = query.get('formatOptions.useInt64Timestamp') === 'true'
    const shown = rows.slice(start, start + size).map(({ f }) => ({
      f: f.map((cell: Cell, index) => asAsked(cell, fields[index] as Field, useInt64)),
    }))
    return {
      jobReference: referenceOf(job.id),
      jobComplete: true,
      totalRows: String(rows.length),
      schema: { fields },
      ...(shown.length > 0 && { rows: shown }),
      ...(start + size < rows.length && { pageToken: `page-${start + size}` }),
      ...(affected !== undefined && { numDmlAffectedRows: String(affected) }),
    }
  }

  return {
    failNext(refusal) {
      failingNext = refusal
    },
    async insert(body) {
      refuseUnknown(body, ['configuration', 'jobReference'], 'Job')
      const { configuration, jobReference } = body as { configuration: Json; jobReference?: Json }
      refuseUnknown(configuration, ['query', 'dryRun', 'jobTimeoutMs', 'labels'], 'configuration')
      const reference = jobReference ?? {}
      if ((reference.location ?? location) !== location)
        throw notFound(`Dataset ${projectId}:ci_metrics was not found in location ${reference.location}`)
      const id = String(reference.jobId ?? randomUUID())
      if (configuration.dryRun === true) {
        const result = await run(configuration.query as Json, true)
        return {
          configuration,
          jobReference: { projectId, location },
          status: { state: 'DONE' },
          statistics: statisticsOf(result),
        }
      }
      if (jobs.has(id)) throw alreadyThere(`Job ${projectId}:${location}.${id}`)
      return resourceOf(await begin(id, configuration.query as Json))
    },
    async query(body) {
      const {
        requestId: _,
        maxResults,
        formatOptions,
        location: at,
        timeoutMs: __,
        jobCreationMode: ___,
        ...query
      } = body
      if ((at ?? location) !== location) throw notFound(`Dataset ${projectId}:ci_metrics in location ${at}`)
      const job = await begin(randomUUID(), query)
      if (job.refusal !== undefined) throw job.refusal
      const asked = new URLSearchParams()
      if (maxResults !== undefined) asked.set('maxResults', String(maxResults))
      const { useInt64Timestamp } = (formatOptions ?? {}) as { useInt64Timestamp?: boolean }
      if (useInt64Timestamp) asked.set('formatOptions.useInt64Timestamp', 'true')
      return page(job, asked)
    },
    get: (id, query) => resourceOf(jobNamed(id, query)),
    results(id, query) {
      refuseUnknown(Object.fromEntries(query), RESULT_KEYS, 'getQueryResults')
      const job = jobNamed(id, query)
      job.polls += 1
      if (job.polls <= options.pollsBeforeDone) return { jobReference: referenceOf(id), jobComplete: false }
      if (job.refusal !== undefined) throw job.refusal
      return page(job, query)
    },
  }
}

function sessionOf({ connectionProperties = [] }: Json): string | undefined {
  const given = connectionProperties as { key: string; value: string }[]
  if (given.some(({ key }) => key !== 'session_id'))
    throw invalid('The fake knows no connection property but session_id.')
  return given[0]?.value
}

function parametersOf({ parameterMode, queryParameters = [] }: Json): Parameter[] {
  const given = queryParameters as {
    name?: string
    parameterType: { type: string }
    parameterValue: { value: string }
  }[]
  if (given.length > 0 && String(parameterMode).toUpperCase() !== 'NAMED')
    throw invalid('The fake takes named parameters only.')
  return given.map(({ name = '', parameterType: { type }, parameterValue: { value } }) => ({
    name,
    type,
    value,
  }))
}
