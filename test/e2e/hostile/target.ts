/** A server to attack: what it keeps, what it logs, and sockets that speak as no client of HTTP would. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import type { Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll } from 'vitest'
import type { Bounds } from '../../../functions/http/listener.ts'
import { openFolder } from '../../../functions/local/folder.ts'
import { listen } from '../../../functions/local/http.ts'
import type { Log } from '../../../shared/ports.ts'
import { loadConfig } from '../../../shared/runtime/config.ts'
import type { LocalDeps } from '../../../shared/runtime/deps.ts'
import { dataFolder, WEBHOOK_TOKEN } from '../../support/server.ts'

const TABLES = ['job_events', 'runner_decisions', 'job_outcomes', 'quarantine', 'recommendations', 'resets']

const cleanups: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const cleanUp of cleanups) await cleanUp()
})

export type Target = {
  url: string
  port: number
  deps: LocalDeps
  server: Server
  /** Messages logged at info or above. */
  logged: string[]
  /** What is on disk: the state's bytes, the number of rows in each table, the names of the files. */
  kept(): Promise<object>
  /** How many rows a table has. */
  rows(table: string): Promise<number>
}

export async function startTarget(
  env: Record<string, string | undefined> = {},
  bounds: Partial<Bounds> = {},
): Promise<Target> {
  const logged: string[] = []
  const note = (message: string) => {
    logged.push(message)
  }
  const log: Log = { debug() {}, info: note, warning: note, error: note }
  const settings = loadConfig({
    PORT: '0',
    GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN,
    RUNNER_BANDIT_DATA: dataFolder(),
    ...env,
  })
  const deps = await openFolder(settings, log)
  const { server, port } = await listen(deps, bounds)
  cleanups.push(async () => {
    server.closeAllConnections()
    server.close()
    await deps.close()
  })
  const rows = async (table: string) => {
    await deps.deliveries.drained()
    const [row] = await deps.warehouse.query(`SELECT COUNT(*) AS n FROM ci_metrics.${table}`)
    return Number(row?.n)
  }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    deps,
    server,
    logged,
    rows,
    async kept() {
      await deps.deliveries.drained()
      const state = createHash('sha256')
        .update((await deps.state.bytes()) ?? '')
        .digest('hex')
      const counts = TABLES.map((table) => `(SELECT COUNT(*) FROM ci_metrics.${table}) AS ${table}`)
      const [row] = await deps.warehouse.query(`SELECT ${counts.join(', ')}`)
      // SQLite and DuckDB have files beside theirs, which come and go.
      const files = readdirSync(settings.dataFolder).map((name) => name.replace(/[-.](wal|shm|journal)$/, ''))
      return { ...row, state, files: [...new Set(files)].sort() }
    },
  }
}

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
