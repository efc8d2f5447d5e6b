/** A server on one machine: the data folder opened, its paths and its socket listened on. */

import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import type { Clock, Log } from '../../shared/ports.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import type { Settings } from '../../shared/schema/settings.ts'
import { openFolder } from './folder.ts'
import { listen } from './http.ts'
import { serveOperations, socketPath } from './socket.ts'
import { startTicks } from './ticks.ts'

/** The file of the folder's own webhook token. */
export const tokenFile = (dataFolder: string) => join(dataFolder, 'webhook-token')

export type RunningServer = {
  deps: LocalDeps
  /** "http://127.0.0.1:8080" */
  address: string
  /** Whether the webhook token was made at this start, so that nobody can know it yet. */
  isTokenNew: boolean
  /** Takes nothing new and resolves when what was taken is safe. */
  close(): Promise<void>
}

/** @param options.graceMs requests in flight get this long to end. */
export async function startServer(
  settings: Settings,
  log: Log,
  { clock, graceMs }: { clock?: Clock; graceMs: number },
): Promise<RunningServer> {
  socketPath(settings.dataFolder)
  const hadToken = existsSync(tokenFile(settings.dataFolder))
  const deps = await openFolder(settings, log, clock === undefined ? {} : { clock })
  const { server, port, socket } = await listenToAll(deps).catch(async (error: unknown) => {
    await deps.close()
    throw error
  })
  const ticks = startTicks(deps)
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host
  return {
    deps,
    address: `http://${host}:${port}`,
    isTokenNew: deps.ownToken && !hadToken,
    async close() {
      server.close()
      socket.close()
      setTimeout(() => server.closeAllConnections(), graceMs).unref()
      server.closeIdleConnections()
      await once(server, 'close')
      socket.closeAllConnections()
      await ticks.stop()
      await deps.close()
    },
  }
}

async function listenToAll(deps: LocalDeps): Promise<{ server: Server; port: number; socket: Server }> {
  const { server, port } = await listen(deps)
  try {
    return { server, port, socket: await serveOperations(deps) }
  } catch (error) {
    server.close()
    throw error
  }
}

/** Resolves with the first signal that asks this process to end. */
export function toldToStop(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  // A terminal's Ctrl-C reaches this process and its launcher, which passes it on: what comes again changes nothing.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => resolve(signal))
  return promise
}
