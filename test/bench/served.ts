/** Servers under load: what one request costs the server's process. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bench, type Child, startChild } from './child.ts'
import { sendAll } from './load.ts'
import { WEBHOOK_TOKEN } from './requests.ts'
import type { Contender } from './rounds.ts'

/** A node:http server that reads what it is sent and answers with a constant. */
export const bareServer = (bench: Bench) => startChild(bench, 'server/bare.ts')

/**
 * `local`: the durable bus of one machine; `memory`: one that keeps nothing on disk.
 * `handles`: whether the subscriptions run, too, or the request path alone.
 */
export type ProductOptions = { bus: 'local' | 'memory'; handles: boolean }

export function productServer(
  bench: Bench,
  { bus, handles }: ProductOptions,
  env: Readonly<Record<string, string>> = {},
): Promise<Child> {
  return startChild(bench, 'server/product.ts', {
    args: [bus, String(handles)],
    env: { ...settings(bench), ...env },
  })
}

/** The product's settings are its defaults, but for a free port, a folder and a token; its launcher keeps what was compiled. */
export function settings(bench: Bench): Record<string, string> {
  return {
    NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'),
    PORT: '0',
    RUNNER_BANDIT_DATA: mkdtempSync(join(bench.folder, 'data-')),
    GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN,
  }
}

/** CPU microseconds of the server's process for each of `count` requests, all of which it has to answer with `status`. */
export function microsPerRequest(
  server: Child,
  count: number,
  status: number,
  requests: (count: number) => Iterable<Buffer>,
): Contender {
  return async () => {
    const before = await server.usage()
    await sendExpecting(server, count, status, requests(count))
    return ((await server.usage()).cpuMicros - before.cpuMicros) / count
  }
}

/** @throws Error when an answer has another status: the figure would be of something else. */
export async function sendExpecting(
  server: Child,
  count: number,
  status: number,
  requests: Iterable<Buffer>,
): Promise<void> {
  const { byStatus } = await sendAll(server.ready as number, requests)
  if (byStatus[status] !== count)
    throw new Error(`expected ${count} answers with ${status}, got ${JSON.stringify(byStatus)}`)
}
