/** What a handler is: transport-neutral, and told by its type which ports it touches. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Instant } from '../domain/event.ts'
import type { Fleet } from '../domain/fleet.ts'
import type {
  Clock,
  Deliveries,
  EventBus,
  Gitlab,
  Log,
  Rng,
  Spool,
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
  spool: Spool
  /**
   * GitLab's API by this access token, else by that of the settings.
   * @throws InvalidInputError when there is none.
   */
  gitlab(apiToken?: string): Gitlab
  log: Log
  fleet: Fleet
  settings: Settings
  /** Unmanaged arms seen by this process or in the state it started from; ingest adds to it. */
  unmanagedArms: Set<string>
  epoch: Epoch
}

/** What counts since the last reset (law 8): events received after its start. `reset` moves it. */
export type Epoch = { startedAt: Instant }

export type HttpRequest = {
  method: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  /** The body as sent, or undefined when it is longer than `maxBytes`; nothing is read before the call. */
  body(maxBytes: number): Promise<Uint8Array | undefined>
  /** Reads what is left of the body and keeps nothing: its whole length, or undefined when that is over `maxBytes`. */
  drain(maxBytes: number): Promise<number | undefined>
}

/** `body`: an object is sent as JSON, a string as text/plain. */
export type HttpResponse = { status: number; headers?: Record<string, string>; body: object | string }

export type HttpHandler = (request: HttpRequest, deps: Deps) => Promise<HttpResponse>
export type MessageHandler = (bodies: unknown[], deps: Deps) => Promise<void>
export type TickHandler = (deps: Deps) => Promise<void>

type HttpRoute = {
  name: string
  trigger: { path: string; methods: readonly string[] }
  handle: HttpHandler
}
type TopicRoute = { name: string; trigger: { topic: Topic }; handle: MessageHandler }
type TickRoute = { name: string; trigger: { schedule: 'daily' }; handle: TickHandler }

/** One line of the table of triggers. */
export type Route = HttpRoute | TopicRoute | TickRoute

export function isHttpRoute(route: Route): route is HttpRoute {
  return 'path' in route.trigger
}

export function isTopicRoute(route: Route): route is TopicRoute {
  return 'topic' in route.trigger
}

export function isTickRoute(route: Route): route is TickRoute {
  return 'schedule' in route.trigger
}

/** Reports how far a long operation is; `total` is undefined while it is not known, `at` says where it is. */
export type Progress = (step: { doing: string; done: number; total?: number; at?: string }) => void
