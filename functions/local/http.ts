/** The paths of the table on one machine: a server on node:http. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { ConfigError } from '../../shared/errors.ts'
import type { Deps, HttpResponse } from '../../shared/runtime/handler.ts'
import { answer, targetOf } from '../../shared/runtime/serve.ts'
import { routes } from '../routes.ts'
import { type BodyBudget, bodyOf } from './body.ts'

/** What a sender may take of this process. */
export type Bounds = {
  /** For all headers of a request to arrive. */
  headersTimeoutMs: number
  /** For the whole request to arrive. */
  requestTimeoutMs: number
  /** How often connections are looked over for these two. */
  checkEveryMs: number
  maxHeaders: number
  /** What the bodies in hand may take together; beyond it requests are answered 503. */
  maxBodyBytes: number
}

const BOUNDS: Bounds = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  checkEveryMs: 5000,
  maxHeaders: 200,
  maxBodyBytes: 64 * 1024 * 1024,
}

/** After an answer that came before the end of the body, longer ones close their connection. */
const SHORT_BODY_BYTES = 65_536

const TOO_MANY_HEADERS: HttpResponse = {
  status: 431,
  headers: { connection: 'close' },
  body: { error: 'The request has too many headers.' },
}

const LISTEN_FAULTS: Record<string, string> = {
  EADDRINUSE: 'another program listens there; set another PORT',
  EACCES: 'this user may not listen there; set a PORT above 1023',
  EADDRNOTAVAIL: 'this machine has no such address; set another HOST',
  ENOTFOUND: 'this machine has no such address; set another HOST',
}

/** Listens; resolves with the port when connections are taken. */
export async function listen(
  deps: Deps,
  changes: Partial<Bounds> = {},
): Promise<{ server: Server; port: number }> {
  const { host, port } = deps.settings
  const bounds = { ...BOUNDS, ...changes }
  const server = createServer({
    headersTimeout: bounds.headersTimeoutMs,
    requestTimeout: bounds.requestTimeoutMs,
    connectionsCheckingInterval: bounds.checkEveryMs,
  })
  // One more than allowed: Node leaves out what is beyond, and a header that is left out cannot be judged.
  server.maxHeadersCount = bounds.maxHeaders + 1
  const budget: BodyBudget = { bytes: 0, maxBytes: bounds.maxBodyBytes }
  server.on('request', (request, response) => {
    if (request.rawHeaders.length > 2 * bounds.maxHeaders) return send(request, response, TOO_MANY_HEADERS)
    respond(request, response, deps, budget).catch((error: unknown) => {
      deps.log.error('request.failed', { error })
      response.destroy()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = LISTEN_FAULTS[error.code ?? '']
      reject(reason === undefined ? error : new ConfigError(`HOST ${host}, PORT ${port}: ${reason}.`))
    })
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return { server, port: typeof address === 'object' && address !== null ? address.port : port }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  deps: Deps,
  budget: BodyBudget,
): Promise<void> {
  const { path, query } = targetOf(request.url)
  const { method = 'GET', headers } = request
  const { body, drain, release } = bodyOf(request, budget)
  try {
    send(request, response, await answer(routes, path, { method, query, headers, body, drain }, deps))
  } finally {
    release()
  }
}

/** Whether what is left of a body is read past for less than a new connection costs; Node does so by itself. */
function isShort({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? Number.POSITIVE_INFINITY) <= SHORT_BODY_BYTES
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
    ...(request.complete || isShort(request) ? {} : { connection: 'close' }),
    ...headers,
  })
  response.end(request.method === 'HEAD' ? undefined : payload)
}
