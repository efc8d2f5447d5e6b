/** What a handler is: transport-neutral, and told by its type which ports it touches. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Fleet } from '../domain/fleet.ts'
import type {
  Clock,
  Deliveries,
  EventBus,
  Log,
  Rng,
  StateStore,
  Topic,
  Warehouse,
  WebhookFiles,
} from '../ports.ts'
import type { Settings } from '../schema/settings.ts'

export type Deps = {
  clock: Clock
  rng: Rng
  bus: EventBus
  deliveries: Deliveries
  state: StateStore
  warehouse: Warehouse
  webhookFiles: WebhookFiles
  log: Log
  fleet: Fleet
  settings: Settings
  /** Unmanaged arms seen by this process or in the state it started from; ingest adds to it. */
  unmanagedArms: Set<string>
}

export type HttpRequest = {
  method: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  /** The body as sent, or undefined when it is longer than `maxBytes`; nothing is read before the call. */
  body(maxBytes: number): Promise<Uint8Array | undefined>
}

/** `body`: an object is sent as JSON, a string as text/plain. */
export type HttpResponse = { status: number; headers?: Record<string, string>; body: object | string }

export type HttpHandler = (request: HttpRequest, deps: Deps) => Promise<HttpResponse>
export type MessageHandler = (bodies: unknown[], deps: Deps) => Promise<void>

/** One line of the table of triggers. */
export type Route =
  | { name: string; trigger: { path: string; methods: readonly string[] }; handle: HttpHandler }
  | { name: string; trigger: { topic: Topic }; handle: MessageHandler }

export function isHttpRoute(route: Route): route is Extract<Route, { handle: HttpHandler }> {
  return 'path' in route.trigger
}

/** Reports how far a long operation is; `total` is undefined while it is not known. */
export type Progress = (step: { doing: string; done: number; total?: number }) => void
