/** What a handler is: transport-neutral, and told by its type which ports it touches. */
import type { IncomingHttpHeaders } from 'node:http'
import type { EventKind } from '../domain/event.ts'
import type { Fleet } from '../domain/fleet.ts'
import type {
  Clock,
  DeadLetters,
  Deliveries,
  Documents,
  EventBus,
  Gitlab,
  IdTokens,
  Inbox,
  Log,
  Rng,
  Spool,
  StateLayout,
  StateStore,
  Topic,
  Vms,
  Warehouse,
  WebhookFiles,
} from '../ports.ts'
import type { Settings } from '../schema/settings.ts'

export type Deps = {
  clock: Clock
  rng: Rng
  bus: EventBus
  deadLetters: DeadLetters
  inbox: Inbox
  deliveries: Deliveries
  /** The whole state. */
  state: StateStore
  /** Its parts, each of the jobs of one shard (`shardOf`), changed by itself; one is the whole state. */
  shards: readonly StateStore[]
  layout: StateLayout
  warehouse: Warehouse
  /** What ticks decided, and must not decide twice. */
  documents: Documents
  vms: Vms
  webhookFiles: WebhookFiles
  spool: Spool
  /**
   * GitLab's API by this access token, else by that of the settings; `signal` ends all that is asked by it.
   * @throws InvalidInputError when there is none.
   */
  gitlab(apiToken?: string, signal?: AbortSignal): Gitlab
  /** Of CI jobs, and of Google's services; undefined where no settings say whom to believe. */
  idTokens: { gitlab: IdTokens | undefined; google: IdTokens | undefined }
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
  /** Reads what is left of the body and keeps nothing: its whole length, or undefined when that is over `maxBytes`. */
  drain(maxBytes: number): Promise<number | undefined>
}

/** `body`: an object is sent as JSON, a string as text/plain. */
export type HttpResponse = { status: number; headers?: Record<string, string>; body: object | string }

export type HttpHandler = (request: HttpRequest, deps: Deps) => Promise<HttpResponse>
export type MessageHandler = (bodies: unknown[], deps: Deps) => Promise<void>
/** @param shard for ticks of which each shard has its own. */
export type TickHandler = (deps: Deps, shard?: number) => Promise<void>

/** The functions of the cloud: what scales alike and has the same rights is one. */
export type ServiceName = 'ingest' | 'recommend' | 'admin' | 'learn' | 'shadow' | 'record' | 'ticks'

type HttpRoute = {
  name: string
  trigger: { path: string; methods: readonly string[] }
  service: ServiceName
  handle: HttpHandler
}
export type TopicRoute = {
  name: string
  trigger: {
    topic: Topic
    /** The kinds of event that it takes; left out: all messages. */
    kinds?: readonly EventKind[]
  }
  /**
   * `bigquery`: in the cloud a BigQuery subscription writes the rows, and no function runs. `journal`: there the rows
   * are lines of the log, which `record-journal` takes.
   */
  service: ServiceName | 'bigquery' | 'journal'
  /** On one machine there is nothing for it to do. */
  onlyInCloud?: true
  handle: MessageHandler
}
export type TickRoute = {
  name: string
  trigger: { schedule: 'daily' | 'hourly' | 'minutely' }
  service: ServiceName
  /** On one machine there is nothing for it to do. */
  onlyInCloud?: true
  handle: TickHandler
}

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
