/**
 * A strict fake of BigQuery's REST API (v2) on node:http over DuckDB, for the real client: point its `apiEndpoint` here.
 *
 * Played: datasets and tables (get, list, insert, patch), tabledata.insertAll, jobs.insert, jobs.query, results in
 * pages, dry runs, named parameters, the DDL that `ddl.ts` reads, DELETE. Rows live in memory. An insertId is ignored,
 * as the real one may at any time. What DuckDB makes of GoogleSQL is not proven here: test/googlesql does that.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Answer, answerOf, Refusal } from './answers.ts'
import { openEngine } from './engine.ts'
import { type Fault, type Faults, openFaults, refusalOf } from './faults.ts'
import { type JobOptions, openJobs } from './jobs.ts'
import { resourceRoutes } from './resources.ts'
import { openStore } from './store.ts'

export type FakeBigqueryOptions = Partial<JobOptions> & {
  /** 0, and so any free one, when left out. */
  port?: number
  projectId?: string
  location?: string
  /** DDL of what is there from the start. */
  statements?: readonly string[]
  /** For how long DELETE refuses rows that were streamed; 0 when left out, 30 minutes in life. */
  streamingBufferMs?: number
  now?: () => number
}

export type FakeRequest = { method: string; path: string; bytes: number; body: unknown }

export type FakeBigquery = {
  url: string
  projectId: string
  location: string
  faults: Faults
  /** The newest thousand, in order. */
  requests: FakeRequest[]
  close(): Promise<void>
}

const MAX_REQUEST_BYTES = 10 * 1024 * 1024
const KEPT_REQUESTS = 1000
const BASE = '/bigquery/v2'

export async function startFakeBigquery(options: FakeBigqueryOptions = {}): Promise<FakeBigquery> {
  const { projectId = 'played-project', location = 'EU', now = Date.now } = options
  const store = openStore(projectId, location)
  const engine = await openEngine(store, { streamingBufferMs: options.streamingBufferMs ?? 0, now })
  for (const sql of options.statements ?? []) await engine.run({ sql, parameters: [] })
  const { maxPageRows = 10_000, pollsBeforeDone = 0, bytesProcessed = 0 } = options
  const jobs = openJobs(engine, store, { maxPageRows, pollsBeforeDone, bytesProcessed })
  const faults = openFaults()
  const requests: FakeRequest[] = []
  const routes = resourceRoutes({ store, engine, jobs, now })

  async function answer(method: string, url: URL, body: unknown): Promise<Answer> {
    try {
      const path = decodeURIComponent(url.pathname)
      for (const [routeMethod, pattern, handle] of routes) {
        const match = routeMethod === method ? pattern.exec(path) : null
        if (match === null) continue
        if (match[1] !== projectId)
          throw new Refusal(403, 'accessDenied', `Access Denied: Project ${match[1]}`)
        const given = (body ?? {}) as Record<string, unknown>
        return { status: 200, body: await handle(match.slice(2), given, url.searchParams) }
      }
      throw new Refusal(404, 'notFound', `The fake has no ${method} ${path}`)
    } catch (error) {
      if (error instanceof Refusal) return answerOf(error)
      return answerOf(new Refusal(500, 'internalError', String(error)))
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET' } = request
    const url = new URL(request.url ?? '/', 'http://fake')
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    if (url.pathname === '/faults') return control(method, bytes, response)
    const how = faults.next(method, url.pathname)
    if (how === 'reset') return void request.socket.destroy()
    const body = bytes.length === 0 ? undefined : JSON.parse(bytes.toString())
    requests.push({ method, path: url.pathname.replace(BASE, ''), bytes: bytes.length, body })
    if (requests.length > KEPT_REQUESTS) requests.shift()
    if (bytes.length > MAX_REQUEST_BYTES) return send(response, answerOf(tooLarge(bytes.length)))
    if (typeof how === 'object') {
      if (how.status !== undefined) return send(response, answerOf(refusalOf(how)))
      jobs.failNext(refusalOf(how))
    }
    const answered = await answer(method, url, body)
    if (how === 'lose') return void request.socket.destroy()
    send(response, answered)
  }

  /** For who has it as a process: `POST /faults` adds one, `DELETE /faults` ends them. */
  function control(method: string, bytes: Buffer, response: ServerResponse): void {
    if (method === 'DELETE') faults.clear()
    else faults.add(JSON.parse(bytes.toString()) as Fault)
    send(response, { status: 200, body: {} })
  }

  const server = createServer((request, response) => {
    void handle(request, response).catch((error) => {
      send(response, answerOf(new Refusal(400, 'parseError', String(error))))
    })
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    projectId,
    location,
    faults,
    requests,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
      engine.close()
    },
  }
}

const tooLarge = (bytes: number) =>
  new Refusal(413, 'uploadTooLarge', `Request size is too large: ${bytes} limit: ${MAX_REQUEST_BYTES}`)

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' })
  response.end(JSON.stringify(body))
}
