/**
 * Everything the domain cannot do by itself. Two families implement these: `adapters/local` on one machine, and
 * Google Cloud's. Each port has one contract suite in test/contract that every adapter passes.
 */
import type { VmState, VmStatus } from './domain/availability.ts'
import type { Instant } from './domain/event.ts'
import type { GitlabRunner } from './domain/gitlab-runner.ts'
import type { BanditState } from './domain/state.ts'

export type { GitlabRunner, GitlabRunnerManager } from './domain/gitlab-runner.ts'

export type Clock = { now(): Instant }

export type Rng = {
  /** Uniform in [0, 1). */
  next(): number
  /** A name that no other call has given or will give. */
  id(): string
}

export type Topic =
  | 'job-events'
  | 'quarantine'
  | 'recommendations'
  | 'choice-sets'
  /** Rows that a function of the cloud wrote as lines of its log. */
  | 'journal'

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
  /** Nobody waits for it: it may become durable some milliseconds later, together with others. */
  patient?: boolean
}

export type Publication = { status: 'accepted' } | { status: 'duplicate'; firstClaim: unknown }

/** A message that a subscription gave up on. */
export type DeadLetter = {
  subscription: string
  body: unknown
  /** What the handler said the last time. */
  reason: string
  diedAt: Instant
}

/** At least once, in no promised order, to every subscription of the topic. */
export type EventBus = {
  /**
   * Resolves when the message is durable, and not before.
   * @throws TransientError when it cannot be made durable now (queue bound reached, disk full).
   */
  publish(message: Message): Promise<Publication>
  /** Marks keys as said by other means, so that a repeat can be answered with `duplicate`. */
  remember(said: readonly { key: string; claim: unknown }[]): void
  /**
   * Forgets the keys said before an instant, all of them when none is named: a repeat is accepted again. What is
   * published and not handled yet stays. Resolves with their number.
   */
  forget(saidBefore?: Instant): Promise<number>
  /** What the subscriptions have yet to handle. */
  depths(): Record<string, number>
  /** When the oldest message was published that some subscription has yet to handle; null when none waits. */
  oldestWaitingAt(): Instant | null
  /** Null where nobody but the provider's monitoring counts them. */
  deadLetterCount(): number | null
}

/** What subscriptions gave up on. */
export type DeadLetters = {
  /** The newest first. */
  list(options: { subscription?: string | undefined; limit: number }): Promise<DeadLetter[]>
  /**
   * Gives dead letters back to the subscriptions that gave up on them, and to no other, as if they had never been
   * tried; resolves, when that is durable, with how many each got. They are dead letters no more, so a repetition
   * finds none.
   */
  redrive(
    options: { subscription?: string | undefined },
    progress?: (done: number) => void,
  ): Promise<Record<string, number>>
}

/** Messages that wait for who comes and takes them. */
export type Inbox = {
  /**
   * Takes up to `max` messages of a subscription, fewer when no more wait. Until `ack` they are nobody else's; those
   * never acknowledged are delivered again.
   */
  take(subscription: string, max: number): Promise<TakenMessages>
}

export type TakenMessages = {
  bodies: unknown[]
  /** Makes one of the bodies a dead letter. */
  bury(body: unknown, reason: string): Promise<void>
  ack(): Promise<void>
  /** They are delivered again at once, to whoever asks. */
  giveBack(): Promise<void>
}

/** Who says so: the claims of a signed identity token. */
export type IdTokens = {
  /**
   * The claims; undefined of a token that is not to be believed.
   * @throws TransientError when the keys to check it with cannot be had.
   */
  verify(token: string): Promise<Readonly<Record<string, unknown>> | undefined>
}

/** The handling of what was published, as far as this process does it. */
export type Deliveries = {
  /**
   * Resolves when everything published or redriven before the call was handled, or set aside for a retry.
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
  /** The start of the epoch: what was received until the last reset does not count (law 8). 0 while there was none. */
  resetAt: Instant
}

/** The object `bandit_state.json`, changed by compare-and-set only. */
export type StateStore = {
  /**
   * @throws ConfigError when the object cannot be understood, was made by a newer version, or was there and is gone.
   */
  read(): Promise<StateSnapshot>
  /** The present content as it is stored, whatever it is; undefined when there is none. */
  bytes(): Promise<Uint8Array | undefined>
  /** The present generation, also of a content that cannot be understood. */
  generation(): Promise<string>
  /**
   * Replaces the content of `ifGeneration`; durable when resolved.
   * @param options.resetAt begins a new epoch; left out, the present one goes on.
   * @throws ConflictError when the present generation is another one; ConfigError when the present content was
   *   made by a newer version.
   */
  write(
    state: BanditState,
    ifGeneration: string,
    options?: { resetAt?: Instant | undefined },
  ): Promise<StateSnapshot>
  /**
   * Copies the present content, whatever it is, to a place of its own; of the copies the newest ten are kept.
   * Resolves, when the copy is durable, with its name; undefined when there is no content.
   */
  backup(): Promise<string | undefined>
  /** The newest snapshot known to this process, without waiting for any I/O; undefined before the first read. */
  latest(): StateSnapshot | undefined
}

/** Into how many shards the state is divided. */
export type StateLayout = {
  /**
   * Begins to change the number of shards, or goes on with a change that was cut off; undefined when it is that
   * number already.
   * @throws ConfigError when a change to another number has not ended.
   */
  begin(to: number): Promise<Resharding | undefined>
}

/** The steps of a change, in their order; each may be repeated, also by another process. */
export type Resharding = {
  from: number
  /** Ends all writing to the shards as they were, and resolves with what is in them. */
  seal(): Promise<Pick<StateSnapshot, 'state' | 'resetAt'>[]>
  /** Makes the new shards. */
  write(states: readonly BanditState[], resetAt: Instant): Promise<void>
  /** Lets the writers of the new shards begin. */
  end(): Promise<void>
}

export type TableName =
  | 'job_events'
  | 'runner_decisions'
  | 'recommendations'
  | 'choice_sets'
  | 'job_outcomes'
  | 'quarantine'
  | 'resets'
  | 'audit_log'
  | 'potential_outcomes'

/** A cell as JSON has it: TIMESTAMP as an ISO string, INT64 as a number (a string beyond 2^53). */
export type Row = Record<string, unknown>

export type WarehouseSession = {
  /** As the warehouse's own. */
  query(sql: string): Promise<Row[]>
  /** Keeps the rows of a SELECT, under a name that is new to the session; resolves with what they are read by, after FROM. */
  keep(name: string, select: string): Promise<string>
}

/** Tables that only grow, and SQL over them. A row may come twice; the views keep one of each. */
export type Warehouse = {
  /**
   * Appends the rows; durable when resolved. Of a call that failed some may stay, and its repetition writes them
   * again.
   */
  insert(table: TableName, rows: readonly object[]): Promise<void>
  /** Deletes the rows that fulfil the condition; durable when resolved with their number. */
  remove(table: TableName, condition: string, parameters?: Record<string, string | number>): Promise<number>
  /** The product's own SQL. Parameters are written `@name`. */
  query(sql: string, parameters?: Record<string, string | number>): Promise<Row[]>
  /** As `query`, in pages, for what may not fit into memory. */
  stream(sql: string): AsyncIterable<Row[]>
  /** Questions that share what is kept between them; it is gone when `work` ends, well or not. */
  session<T>(work: (session: WarehouseSession) => Promise<T>): Promise<T>
  /**
   * SQL of a person: one SELECT, nothing outside the warehouse.
   * @throws InvalidInputError for anything else, with the engine's reason.
   */
  select(sql: string): Promise<Row[]>
}

/** A table or view as it is there. */
export type PresentTable = {
  name: string
  isView: boolean
  /** `type` and `mode` as sql/ says them, or other words for what sql/ has not. */
  columns: readonly { name: string; type: string; mode: string }[]
  /** The column by whose day it is partitioned. */
  partitionBy: string | null
}

/** The tables and views of the warehouse, where it does not make them itself when it is opened. */
export type WarehouseSchema = {
  /** Null when not even the dataset is there. */
  present(): Promise<PresentTable[] | null>
  /** Runs one statement of GoogleSQL's DDL. @throws InvalidInputError when it is refused, with the engine's reason. */
  define(ddl: string): Promise<void>
  /** As `define`, and changes nothing. */
  check(ddl: string): Promise<void>
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

/** A project of GitLab: its id, and its full path. */
export type GitlabProject = { id: number; path: string }

/** Jobs as GitLab lists them, newest first, cut down to the keys that are read of them (schema/gitlab-api.ts). */
export type JobsPage = {
  jobs: readonly Record<string, unknown>[]
  /** Where the next page begins, for `finishedJobs`, also of a later process; null on the last. */
  next: string | null
}

/** A project's webhook, as GitLab keeps it. Secrets never come back. */
export type GitlabHook = {
  id: number
  url: string
  jobEvents: boolean
  pipelineEvents: boolean
  pushEvents: boolean
  sslVerification: boolean
  /** `executable`, `temporarily_disabled` or `disabled`; null when GitLab does not say. */
  alertStatus: string | null
  disabledUntil: Instant | null
  /** Whether it has a secret token, and one to sign with; null before GitLab 19.0. */
  tokenPresent: boolean | null
  signingTokenPresent: boolean | null
}

/** What a webhook shall be. A secret that is undefined stays what it is. */
export type GitlabHookWish = Pick<
  GitlabHook,
  'url' | 'jobEvents' | 'pipelineEvents' | 'pushEvents' | 'sslVerification'
> & { token: string | undefined; signingToken: string | undefined }

/** Whose runners: all that a project or group may use, or all of the instance (of which only an administrator is told). */
export type RunnerScope = { project: string } | { group: string } | 'instance'

export type GitlabPendingJob = {
  id: number
  name: string
  tags: readonly string[] | null
  refProtected: boolean | null
  createdAt: Instant
  /** Seconds that it has waited, as GitLab counts; null: it does not say. */
  queuedSeconds: number | null
}

export type GitlabCiConfig = { valid: boolean; errors: readonly string[]; mergedYaml: string | null }

/**
 * GitLab's REST API, by one access token. Waits where GitLab says so, and tries again what may work later.
 * @throws InvalidInputError when GitLab refuses, with what is to be done; TransientError when it does not answer.
 */
export type Gitlab = {
  /** By its id, or its full path. */
  project(idOrPath: string): Promise<GitlabProject>
  /** Every job that has ended, retried ones too, by falling id. */
  finishedJobs(projectId: number, from?: string): AsyncIterable<JobsPage>
  hooks(projectId: number): Promise<GitlabHook[]>
  createHook(projectId: number, wish: GitlabHookWish): Promise<GitlabHook>
  updateHook(projectId: number, hookId: number, wish: GitlabHookWish): Promise<GitlabHook>
  /** Runners with their tags and their managers, each once, by id. What is refused of one stands in its `untold`. */
  runners(of: RunnerScope): Promise<GitlabRunner[]>
  /** Whether there is a runner of this id; null when GitLab does not tell this token. */
  hasRunner(id: number): Promise<boolean | null>
  /** Jobs that wait for a runner, the oldest first. */
  pendingJobs(projectId: number): Promise<GitlabPendingJob[]>
  /**
   * Every job of a pipeline, of any status, retried ones too; bridges are none.
   * @param wanted with so many, or a page more, no further page is read.
   */
  pipelineJobs(projectId: number, pipelineId: number, wanted?: number): Promise<Record<string, unknown>[]>
  /** Ids of the pipelines of the same project that its trigger jobs started. */
  childPipelines(projectId: number, pipelineId: number): Promise<number[]>
  /**
   * A project's CI configuration with all includes merged, as GitLab reads it.
   * @param content instead of what the ref's file holds.
   */
  ciConfig(projectId: number, of: { content?: string; ref?: string }): Promise<GitlabCiConfig>
  /** Has GitLab send one; resolves with whether it was answered 2xx, else with what GitLab says of it. */
  testHook(projectId: number, hookId: number, trigger: string): Promise<{ ok: boolean; reason: string }>
}

/** What a long reading has brought so far, while it is not finished: entries that survive the process. */
export type Spool = {
  /**
   * Opens what is kept under a name, or an empty one. A crash may cost the entry that was being appended.
   * @throws TransientError when it is open already.
   */
  open(name: string): Promise<SpooledEntries>
}

export type SpooledEntries = {
  /** JSON-able; durable when resolved. */
  append(entry: unknown): Promise<void>
  /** In the order in which they were appended. @throws InvalidInputError when they cannot be understood. */
  entries(): AsyncIterable<unknown>
  /** Forgets all entries. */
  clear(): Promise<void>
  close(): Promise<void>
}

/** One line per happening. `message` is a constant `noun.past-verb`; what varies is a field with its unit. */
export type Log = {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warning(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

/**
 * A small JSON document that several processes change by compare-and-set: what ticks decided and must not decide twice.
 * `latest` is for who must not wait; where other processes write, it lags by some seconds.
 */
export type Documents = {
  /** @throws ConfigError when what is there cannot be understood. */
  read(name: DocumentName): Promise<DocumentSnapshot>
  /** Durable when resolved. @throws ConflictError when the present generation is another one. */
  write(name: DocumentName, value: unknown, ifGeneration: string): Promise<DocumentSnapshot>
  /** The newest snapshot known to this process, without waiting for any I/O; undefined before the first read. */
  latest(name: DocumentName): DocumentSnapshot | undefined
}

export type DocumentName = 'availability' | 'modes'

/** `value` is undefined, and the generation "0", while there is none. */
export type DocumentSnapshot = { value: unknown; generation: string }

/** A virtual machine that runners run on. */
export type VmRef = { name: string; zone: string; project: string | null }

export type { VmState, VmStatus }

/** @throws TransientError when the provider does not answer: whether a request took effect is then not known. */
export type Vms = {
  state(vm: VmRef): Promise<VmState>
  /** Has it started; with the same request id again it is the same request. A running one stays as it is. */
  start(vm: VmRef, requestId: string): Promise<void>
  stop(vm: VmRef, requestId: string): Promise<void>
}
