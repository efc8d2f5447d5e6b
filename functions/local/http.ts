/** The paths of the table on one machine: a server on node:http. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { ConfigError, InvalidInputError } from '../../shared/errors.ts'
import type { Deps, HttpRequest, HttpResponse } from '../../shared/runtime/handler.ts'
import { answer, targetOf } from '../../shared/runtime/serve.ts'
import { routes } from '../routes.ts'

const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000

const LISTEN_FAULTS: Record<string, string> = {
  EADDRINUSE: 'another program listens there; set another PORT',
  EACCES: 'this user may not listen there; set a PORT above 1023',
  EADDRNOTAVAIL: 'this machine has no such address; set another HOST',
  ENOTFOUND: 'this machine has no such address; set another HOST',
}

/** Listens; resolves with the port when connections are taken. */
export async function listen(deps: Deps): Promise<{ server: Server; port: number }> {
  const { host, port } = deps.settings
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS })
  server.on('request', (request, response) => {
    respond(request, response, deps).catch((error: unknown) => {
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

async function respond(request: IncomingMessage, response: ServerResponse, deps: Deps): Promise<void> {
  const { path, query } = targetOf(request.url)
  const reply = await answer(routes, path, neutral(request, query), deps)
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
  try {
    for await (const chunk of request) {
      length += chunk.length
      if (length > maxBytes) return undefined
      chunks.push(chunk)
    }
  } catch (cause) {
    throw new InvalidInputError('the body ended before its end', { cause })
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
