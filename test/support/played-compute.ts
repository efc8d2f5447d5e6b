/** A played Compute Engine on node:http: instances that are looked at, started and stopped, with request ids remembered. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { WhenDone } from './temporary-folder.ts'

export type ComputeFault =
  | { status: number; reason?: string; message?: string }
  | 'reset'
  | 'hang'
  | 'answer lost'

export type PlayedCompute = {
  url: string
  requests: string[]
  /** What instances are there, by `project/zone/name`, with the status of each. */
  instances: Map<string, string>
  /** Of the next request. */
  fail(fault: ComputeFault): void
  /** What an operation says that it failed of at once. */
  failOperation(code: string): void
}

const PATH = /^\/compute\/v1\/projects\/([^/]+)\/zones\/([^/]+)\/instances\/([^/]+)(?:\/(start|stop))?$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export async function startPlayedCompute(whenDone: WhenDone): Promise<PlayedCompute> {
  const requests: string[] = []
  const instances = new Map<string, string>()
  const remembered = new Set<string>()
  const startedAt = new Map<string, string>()
  let startedMs = Date.parse('2026-11-21T10:00:00Z')
  let fault: ComputeFault | undefined
  let operationError: string | undefined

  function answer(method: string, asked: URL, response: ServerResponse): void {
    const [, project, zone, name, act] = PATH.exec(asked.pathname) ?? []
    const key = `${project}/${zone}/${name}`
    const status = instances.get(key)
    if (status === undefined)
      return refuse(
        response,
        404,
        'notFound',
        `The resource 'projects/${project}/zones/${zone}/instances/${name}' was not found`,
      )
    if (method === 'GET' && act === undefined)
      return send(response, 200, {
        ...{ kind: 'compute#instance', name, status },
        lastStartTimestamp: startedAt.get(key),
      })
    const requestId = asked.searchParams.get('requestId') ?? ''
    if (!UUID.test(requestId))
      return refuse(response, 400, 'invalid', `Invalid value for field 'requestId': '${requestId}'`)
    if (!remembered.has(requestId) && operationError === undefined) {
      startedMs += 60_000
      if (act === 'start' && status !== 'RUNNING') startedAt.set(key, new Date(startedMs).toISOString())
      instances.set(key, act === 'start' ? 'RUNNING' : 'TERMINATED')
    }
    remembered.add(requestId)
    const error = operationError && { errors: [{ code: operationError, message: 'not now' }] }
    operationError = undefined
    send(response, 200, {
      kind: 'compute#operation',
      operationType: act,
      status: 'RUNNING',
      ...(error && { error }),
    })
  }

  const server = createServer((request, response) => {
    const asked = new URL(request.url ?? '/', 'http://compute')
    requests.push(`${request.method} ${asked.pathname}${asked.search}`)
    const wrong = fault
    fault = undefined
    if (wrong === 'hang') return
    if (wrong === 'reset') return void request.socket.destroy()
    if (wrong === 'answer lost') {
      response.end = (() => request.socket.destroy()) as unknown as typeof response.end
    } else if (wrong !== undefined)
      return refuse(response, wrong.status, wrong.reason ?? 'backendError', wrong.message ?? 'not now')
    answer(request.method ?? 'GET', asked, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  whenDone(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    instances,
    fail(next) {
      fault = next
    },
    failOperation(code) {
      operationError = code
    },
  }
}

function refuse(response: ServerResponse, code: number, reason: string, message: string): void {
  send(response, code, { error: { code, message, errors: [{ domain: 'global', reason, message }] } })
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
