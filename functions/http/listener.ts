/** Requests on node:http, within bounds, on one machine and in the cloud alike. */
import type { IncomingMessage, RequestListener, ServerOptions, ServerResponse } from 'node:http'
import type { Log } from '../../shared/ports.ts'
import type { HttpRequest, HttpResponse } from '../../shared/runtime/handler.ts'
import { targetOf } from '../../shared/runtime/serve.ts'
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

export const BOUNDS: Bounds = {
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

/** Never throws. */
export type Answer = (path: string, request: HttpRequest) => Promise<HttpResponse>

/** The bounds that the server itself has to keep; `maxHeadersCount` it takes only as a property. */
export function serverOptions(bounds: Bounds): ServerOptions & { maxHeadersCount: number } {
  return {
    headersTimeout: bounds.headersTimeoutMs,
    requestTimeout: bounds.requestTimeoutMs,
    connectionsCheckingInterval: bounds.checkEveryMs,
    // One more than allowed: Node leaves out what is beyond, and a header that is left out cannot be judged.
    maxHeadersCount: bounds.maxHeaders + 1,
  }
}

export function listenerOf(answer: Answer, log: Log, bounds: Bounds): RequestListener {
  const budget: BodyBudget = { bytes: 0, maxBytes: bounds.maxBodyBytes }
  return (request, response) => {
    if (request.rawHeaders.length > 2 * bounds.maxHeaders) return send(request, response, TOO_MANY_HEADERS)
    respond(request, response, answer, budget).catch((error: unknown) => {
      log.error('request.failed', { error })
      response.destroy()
    })
  }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  budget: BodyBudget,
): Promise<void> {
  const { path, query } = targetOf(request.url)
  const { method = 'GET', headers } = request
  const { body, drain, release } = bodyOf(request, budget)
  try {
    send(request, response, await answer(path, { method, query, headers, body, drain }))
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
