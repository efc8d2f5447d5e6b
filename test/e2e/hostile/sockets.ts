/** Sockets that speak as no client of HTTP would. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { WEBHOOK_TOKEN } from '../../support/server.ts'

export type Parts = {
  method?: string
  path?: string
  /** Lines, beside Host, Content-Type and the token. */
  headers?: readonly string[]
  token?: string | undefined
  body?: string | Buffer
}

/** A request byte for byte; it says no length unless its headers do, and that it is the last of its connection. */
export function rawRequest({ method = 'POST', path = '/webhooks/gitlab', ...parts }: Parts): Buffer {
  const token = 'token' in parts ? parts.token : WEBHOOK_TOKEN
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: bandit',
    ...(parts.headers?.some((line) => line.startsWith('Connection:')) ? [] : ['Connection: close']),
    'Content-Type: application/json',
    ...(token === undefined ? [] : [`X-Gitlab-Token: ${token}`]),
    ...(parts.headers ?? []),
  ]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), Buffer.from(parts.body ?? '')])
}

/** Sends a whole body of a known length. */
export function rawPost(body: string | Buffer, parts: Parts = {}): Buffer {
  const length = `Content-Length: ${Buffer.byteLength(body)}`
  return rawRequest({ ...parts, headers: [length, ...(parts.headers ?? [])], body })
}

/**
 * Connects, lets `speak` write, and resolves with all that was answered when the server has closed the connection.
 */
export async function converse(port: number, speak: Buffer | ((socket: Socket) => void)): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  // A server that has heard enough may reset the connection.
  socket.on('error', () => {})
  const over = new Promise((resolve) => socket.once('end', resolve).once('close', resolve))
  await once(socket, 'connect')
  if (typeof speak === 'function') speak(socket)
  else socket.write(speak)
  await over
  socket.destroy()
  return answer
}

/** The status of the first answer; undefined when there was none. */
export function statusOf(answer: string): number | undefined {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]
  return status === undefined ? undefined : Number(status)
}
