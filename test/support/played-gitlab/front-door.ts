/** One address for a played GitLab: its API, its identity tokens, and below /play what a person may do with it. */
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Play = (method: string, path: string, query: URLSearchParams) => Promise<unknown>

type Doors = { api: string; issuer: string; play: Play }

export async function frontDoor(doors: () => Doors, port: number): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const asked = new URL(request.url ?? '/', 'http://front.door')
    const { api, issuer, play } = doors()
    if (asked.pathname.startsWith('/api/')) passOn(request, response, api)
    else if (/^\/(\.well-known|oauth)\//.test(asked.pathname)) passOn(request, response, issuer)
    else
      play(request.method ?? 'GET', asked.pathname, asked.searchParams).then(
        (body) =>
          answer(response, body === undefined ? 404 : 200, body ?? { error: 'there is no such page' }),
        (error: unknown) => answer(response, 400, { error: error instanceof Error ? error.message : error }),
      )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(`${JSON.stringify(body, null, 2)}\n`)
}

function passOn(request: IncomingMessage, response: ServerResponse, to: string): void {
  const onwards = forward(`${to}${request.url}`, {
    method: request.method ?? 'GET',
    headers: request.headers,
  })
  onwards.on('response', (reply) => {
    response.writeHead(reply.statusCode ?? 502, reply.headers)
    reply.pipe(response)
  })
  onwards.on('error', () => answer(response, 502, { error: 'the played GitLab is away' }))
  request.pipe(onwards)
}
