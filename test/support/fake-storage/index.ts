/**
 * A Cloud Storage to test with: its JSON API on this machine, for Google's own client (`apiEndpoint`, or
 * STORAGE_EMULATOR_HOST). Strict: what it does not know is refused, not passed over.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { seededDraws } from '../../../shared/domain/rng.ts'
import { callOf } from './api.ts'
import { type Chances, Disconnect, type Fault, type Kind, planFaults } from './faults.ts'
import { openObjects, Refusal, type StoredObject } from './objects.ts'

export type { Chances, Fault, Kind } from './faults.ts'

export type FakeStorageOptions = {
  /** 0, the default, is any free one. */
  port?: number
  buckets?: readonly string[]
  /** Whether what is replaced or deleted stays as a noncurrent version. */
  isVersioned?: boolean
  /** Of one object, changes that come closer than this are answered with 429; Google's limit is 1000. 0: none. */
  writeIntervalMs?: number
  /** Latency of reads and of changes. Google's are some 25 and 60 ms. */
  getMs?: number
  putMs?: number
  chances?: Chances
  seed?: string
  /** Permissions that testIamPermissions denies. */
  denied?: readonly string[]
}

export type FakeStorage = {
  url: string
  /** Requests so far, by kind. */
  counts: Readonly<Record<Kind, number>>
  /** The next requests of a kind meet a fault. */
  fail(kind: Kind | 'any', fault: Fault, times?: number): void
  /** Forgets the faults that were commanded and have not happened. */
  calm(): void
  setChances(chances: Chances): void
  /** An object as it is now, without a request; undefined when there is none. */
  object(name: string, bucket?: string): StoredObject | undefined
  /** Live and noncurrent ones, by name and age. */
  versions(prefix?: string, bucket?: string): StoredObject[]
  /** Puts an object there by other means, without limits. */
  place(name: string, content: Uint8Array | string, metadata?: Record<string, string>, bucket?: string): void
  /** Takes it away by other means; a noncurrent version stays. */
  drop(name: string, bucket?: string): void
  close(): Promise<void>
}

export const BUCKET = 'bandit'

export async function startFakeStorage({
  port = 0,
  buckets = [BUCKET],
  isVersioned = true,
  writeIntervalMs = 0,
  getMs = 0,
  putMs = 0,
  chances = {},
  seed = 'storage',
  denied = [],
}: FakeStorageOptions = {}): Promise<FakeStorage> {
  const draw = seededDraws(seed)
  const limits = { writeIntervalMs }
  const objects = openObjects({ buckets, isVersioned, limits, draw: seededDraws(`${seed} generations`) })
  const faults = planFaults({ getMs, putMs, chances: { ...chances }, draw })
  const deniedPermissions = new Set(denied)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://storage')
    const body = Buffer.concat(await request.toArray())
    const contentType = request.headers['content-type'] ?? ''
    if (url.pathname === '/counts') return send(response, 200, faults.counts)
    if (url.pathname === '/fail') {
      const { kind, fault, times } = JSON.parse(body.toString())
      faults.fail(kind, fault, times)
      return send(response, 200, {})
    }
    try {
      const call = callOf(
        { method: request.method ?? '', url, contentType, body },
        objects,
        deniedPermissions,
      )
      const result = await faults.meet(call.kind, call.act)
      send(response, result.status, result.body, result.headers)
    } catch (error) {
      if (error instanceof Disconnect) response.destroy()
      else if (error instanceof Refusal) {
        const { status, reason, message } = error
        const errors = [{ domain: 'global', reason, message }]
        send(response, status, status === 304 ? undefined : { error: { code: status, message, errors } })
      } else send(response, 500, { error: { code: 500, message: String(error) } })
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts: faults.counts,
    fail: faults.fail,
    calm: faults.calm,
    setChances: faults.setChances,
    object: (name, bucket = BUCKET) => objects.list(bucket, name, false).find((one) => one.name === name),
    versions: (prefix = '', bucket = BUCKET) => objects.list(bucket, prefix, true),
    place(name, content, metadata = {}, bucket = BUCKET) {
      unlimited(() => objects.put(bucket, name, Buffer.from(content), { metadata }, {}))
    },
    drop(name, bucket = BUCKET) {
      unlimited(() => objects.remove(bucket, name, undefined, {}))
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }

  function unlimited(work: () => unknown): void {
    limits.writeIntervalMs = 0
    work()
    limits.writeIntervalMs = writeIntervalMs
  }
}

function send(
  response: ServerResponse,
  status: number,
  body: Buffer | object | undefined,
  headers: Record<string, string> = {},
): void {
  const content = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
  const type =
    Buffer.isBuffer(body) || body === undefined ? {} : { 'content-type': 'application/json; charset=UTF-8' }
  response.writeHead(status, { ...type, 'content-length': content?.length ?? 0, ...headers })
  response.end(content)
}
