/**
 * Everything the domain cannot do by itself. Two families implement these: `adapters/local` on one machine, and
 * Google Cloud's. Each port has one contract suite in test/contract that every adapter passes.
 */
import type { Instant } from './domain/event.ts'
import type { BanditState } from './domain/state.ts'

export type Clock = { now(): Instant }

export type Rng = {
  /** Uniform in [0, 1). */
  next(): number
  /** A name that no other call has given or will give. */
  id(): string
}

export type Topic = 'job-events' | 'quarantine' | 'recommendations'

export type Message = {
  topic: Topic
  /**
   * The producer's id of what is said. A bus that remembers keys answers a second one with `duplicate`; left out
   * by who never says a thing twice.
   */
  key?: string
  /** JSON-able. */
  body: unknown
  /** What the first message of a key is remembered by, to compare a repeat with. */
  claim?: unknown
}

export type Publication = { status: 'accepted' } | { status: 'duplicate'; firstClaim: unknown }

/** At least once, in no promised order, to every subscription of the topic. */
export type EventBus = {
  /**
   * Resolves when the message is durable, and not before.
   * @throws TransientError when it cannot be made durable now (queue bound reached, disk full).
   */
  publish(message: Message): Promise<Publication>
  /** Marks keys as said by other means, so that a repeat can be answered with `duplicate`. */
  remember(said: readonly { key: string; claim: unknown }[]): void
  /** What the subscriptions have yet to handle. */
  depths(): Record<string, number>
  deadLetterCount(): number
}

/** The handling of what was published, as far as this process does it. */
export type Deliveries = {
  /**
   * Resolves when everything published before the call was handled, or set aside for a retry.
   * @throws TransientError when the bus is closed before.
   */
  drained(): Promise<void>
  /**
   * Runs `work` while no handler runs, with everything published before handled (or set aside for a retry) by
   * *every* subscription: the log, the state and the tables then tell of the same events. `work` must not call
   * `hold` or `drained` itself; it is told how many messages each subscription has set aside.
   * @throws TransientError when a subscription does not catch up in time; all go on then.
   */
  hold<T>(work: (setAside: Readonly<Record<string, number>>) => Promise<T>): Promise<T>
}

export type StateSnapshot = {
  /** Names the content; "0" when none was ever written. */
  generation: string
  state: BanditState
  /** When this content was written; null for generation "0". */
  updatedAt: Instant | null
}

/** The object `bandit_state.json`, changed by compare-and-set only. */
export type StateStore = {
  /** @throws ConfigError when the object cannot be understood; TransientError when it was there and is gone. */
  read(): Promise<StateSnapshot>
  /** The present content as it is stored, whatever it is; undefined when there is none. */
  bytes(): Promise<Uint8Array | undefined>
  /** The present generation, also of a content that cannot be understood. */
  generation(): Promise<string>
  /**
   * Replaces the content of `ifGeneration`; durable when resolved.
   * @throws ConflictError when the present generation is another one.
   */
  write(state: BanditState, ifGeneration: string): Promise<StateSnapshot>
  /** The newest snapshot known to this process, without any I/O; undefined before the first read. */
  latest(): StateSnapshot | undefined
}

export type TableName =
  | 'job_events'
  | 'runner_decisions'
  | 'recommendations'
  | 'job_outcomes'
  | 'quarantine'
  | 'resets'

/** A cell as JSON has it: TIMESTAMP as an ISO string, INT64 as a number (a string beyond 2^53). */
export type Row = Record<string, unknown>

/** Tables that only grow, and SQL over them. A row may come twice; the views keep one of each. */
export type Warehouse = {
  /** Appends the rows, all or none; durable when resolved. */
  insert(table: TableName, rows: readonly object[]): Promise<void>
  /** Deletes the rows that fulfil the condition; durable when resolved with their number. */
  remove(table: TableName, condition: string, parameters?: Record<string, string | number>): Promise<number>
  /** The product's own SQL. Parameters are written `@name`. */
  query(sql: string, parameters?: Record<string, string | number>): Promise<Row[]>
  /** As `query`, in pages, for what may not fit into memory. */
  stream(sql: string): AsyncIterable<Row[]>
  /**
   * SQL of a person: one SELECT, nothing outside the warehouse.
   * @throws InvalidInputError for anything else, with the engine's reason.
   */
  select(sql: string): Promise<Row[]>
}

/** A webhook body kept in a file, with the name to report it by. */
export type WebhookFile = { name: string; bytes: Uint8Array }

export type WebhookFiles = {
  /**
   * Bodies, or `{headers, body}`: a JSON document a file, NDJSON one a line; folders in the order of names.
   * @throws InvalidInputError for a path that is not there.
   */
  read(paths: readonly string[]): AsyncIterable<WebhookFile>
}

/** One line per happening. `message` is a constant `noun.past-verb`; what varies is a field with its unit. */
export type Log = {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warning(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}
