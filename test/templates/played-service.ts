/** A service that answers what a test wants, and remembers what it was asked. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { WhenDone } from '../support/temporary-folder.ts'

export type Question = {
  method: string
  path: string
  token: string | undefined
  form: Record<string, string>
}

export type Reply =
  | string
  | { status: number; body: string; headers?: Record<string, string> }
  /** Takes the question and says nothing. */
  | 'hang'
  /** Says some lines again and again, and never ends. */
  | { drip: string }
  /** Breaks off in the middle of an answer. */
  | { half: string }

export type PlayedService = { url: string; asked: Question[]; reply: (question: Question) => Reply }

export async function startPlayedService(
  reply: PlayedService['reply'],
  whenDone: WhenDone,
): Promise<PlayedService> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const question = {
      method: request.method ?? '',
      path: request.url ?? '',
      token: request.headers.authorization?.replace('Bearer ', ''),
      form: Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString('utf8'))),
    }
    service.asked.push(question)
    send(response, service.reply(question))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  whenDone(() => {
    server.closeAllConnections()
    server.close()
  })
  const service: PlayedService = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    reply,
  }
  return service
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply === 'hang') return
  if (typeof reply === 'string') return void response.end(reply)
  if ('status' in reply) return void response.writeHead(reply.status, reply.headers).end(reply.body)
  if ('half' in reply) {
    response.writeHead(200, { 'content-length': reply.half.length + 10 })
    return void response.write(reply.half, () => response.destroy())
  }
  const dripping = setInterval(() => response.write(reply.drip), 100)
  response.on('close', () => clearInterval(dripping))
}
