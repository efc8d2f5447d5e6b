/**
 * The same table of triggers on one machine: the topics as subscriptions of the embedded bus, the paths as a
 * server on node:http.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Log } from '../shared/ports.ts'
import { type LocalDeps, openLocalDeps } from '../shared/runtime/deps.ts'
import { logTotals } from '../shared/runtime/event-log.ts'
import { type Deps, type HttpRequest, type HttpResponse, isHttpRoute } from '../shared/runtime/handler.ts'
import { answer } from '../shared/runtime/serve.ts'
import type { Settings } from '../shared/schema/settings.ts'
import { rebuild } from './rebuild.ts'
import { routes } from './routes.ts'

const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000

/**
 * Opens the data folder and starts handling what is published in it.
 * @param options.mend the caller is about to rebuild the state, so it need not be readable.
 */
export async function openFolder(
  settings: Settings,
  log: Log,
  { mend = false }: { mend?: boolean } = {},
): Promise<LocalDeps> {
  const deps = await openLocalDeps(settings, log)
  try {
    if (!mend) await rememberUnmanagedArms(deps)
    subscribe(deps)
    if (!mend && (await isBehindLog(deps))) await rebuild({ check: false }, deps)
    return deps
  } catch (error) {
    await deps.close()
    throw error
  }
}

async function rememberUnmanagedArms({ state, fleet, unmanagedArms }: LocalDeps): Promise<void> {
  for (const arm of (await state.read()).state.arms.keys()) if (!fleet.arms.has(arm)) unmanagedArms.add(arm)
}

function subscribe(deps: LocalDeps): void {
  for (const route of routes) {
    if (isHttpRoute(route)) continue
    deps.bus.subscribe({
      name: route.name,
      topic: route.trigger.topic,
      handle: (bodies) => route.handle(bodies, deps),
      onFailure: ({ subscription, messages, error, deadLetter }) =>
        deps.log.warning(deadLetter ? 'message.buried' : 'message.deferred', {
          subscription,
          messages,
          error,
        }),
    })
  }
}

/** Whether the log holds jobs that the state lacks: a bulk operation was killed between the two. */
async function isBehindLog({ state, warehouse }: LocalDeps): Promise<boolean> {
  const inLog = await logTotals(warehouse)
  const inState = { observations: 0, exposureMs: 0 }
  for (const { n, exposureMs } of (await state.read()).state.arms.values()) {
    inState.observations += n
    inState.exposureMs += exposureMs
  }
  return inLog.observations > inState.observations || inLog.exposureMs > inState.exposureMs
}

/** Listens; resolves with the port when connections are taken. */
export async function listen(deps: Deps): Promise<{ server: Server; port: number }> {
  const { host, port } = deps.settings
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS })
  server.on('request', (request, response) => void respond(request, response, deps))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return { server, port: typeof address === 'object' && address !== null ? address.port : port }
}

async function respond(request: IncomingMessage, response: ServerResponse, deps: Deps): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://local')
  const reply = await answer(routes, pathname, neutral(request, searchParams), deps)
  send(request, response, reply)
}

function neutral(request: IncomingMessage, query: URLSearchParams): HttpRequest {
  const { method = 'GET', headers } = request
  return { method, query, headers, body: (maxBytes) => readBody(request, maxBytes) }
}

/** Stops reading as soon as the body is known to be too long. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return undefined
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    length += chunk.length
    if (length > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: HttpResponse,
): void {
  const isText = typeof body === 'string'
  const payload = isText ? body : `${JSON.stringify(body)}\n`
  response.writeHead(status, {
    'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json',
    'content-length': Buffer.byteLength(payload),
    // A body that was not read to its end would be taken for the next request.
    ...(request.complete ? {} : { connection: 'close' }),
    ...headers,
  })
  response.end(request.method === 'HEAD' ? undefined : payload)
}
