/**
 * The admission guard: this product's own listener in front of functions-framework.
 *
 * The framework reads bodies before any function sees them, up to 1 GiB and inflating what is compressed, closes no slow
 * socket, and answers any method. Its server is made by `http.createServer`, so whoever replaces that before decides
 * what the server does: here every request is answered by the listener, within its bounds, and the framework's own
 * handling is never reached. What it keeps doing is to start the process, listen on PORT and speak for crashes.
 */
import http, { type RequestListener, type Server } from 'node:http'
import { type Bounds, serverOptions } from '../http/listener.ts'

/** Requests in hand get this long after SIGTERM; Cloud Run kills after 10 s. */
const GRACE_MS = 8000

/** All servers made from now on in this process answer by `listener`. */
export function guardServers(listener: RequestListener, bounds: Bounds): void {
  const { createServer } = http
  http.createServer = (() => {
    const { maxHeadersCount, ...options } = serverOptions(bounds)
    const server = createServer(options, listener)
    server.maxHeadersCount = maxHeadersCount
    // After the framework's own handlers, which it sets when it listens, and which would end the process at once.
    server.once('listening', () => setImmediate(endGently, server))
    return server
  }) as typeof http.createServer
}

/** What was taken is answered before the process ends: GitLab does not send a webhook again. */
function endGently(server: Server): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.removeAllListeners(signal)
    process.once(signal, () => {
      server.close(() => process.exit(0))
      server.closeIdleConnections()
      setTimeout(() => process.exit(0), GRACE_MS).unref()
    })
  }
}
