/** The paths of the table on one machine: a server on node:http. */
import { createServer, type Server } from 'node:http'
import { ConfigError } from '../../shared/errors.ts'
import type { Deps } from '../../shared/runtime/handler.ts'
import { answer } from '../../shared/runtime/serve.ts'
import { BOUNDS, type Bounds, listenerOf, serverOptions } from '../http/listener.ts'
import { routes } from '../routes.ts'

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
  const { maxHeadersCount, ...options } = serverOptions(bounds)
  const server = createServer(
    options,
    listenerOf((path, request) => answer(routes, path, request, deps), deps.log, bounds),
  )
  server.maxHeadersCount = maxHeadersCount
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
