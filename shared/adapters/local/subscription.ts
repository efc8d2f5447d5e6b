/** One subscription of the embedded bus: batches, backoff, retries one by one, dead letters. */
import type { DatabaseSync } from 'node:sqlite'
import { InvalidInputError, TransientError } from '../../errors.ts'
import type { Clock, Topic } from '../../ports.ts'
import { inTransaction } from './sqlite.ts'

export type SubscriptionOptions = {
  name: string
  topic: Topic
  /** Handles message bodies, all or none; they are acknowledged when it resolves. */
  handle(bodies: unknown[]): Promise<void>
  /** Most messages in one call. */
  maxBatch?: number
  /** How long to gather a batch, so that a trickle does not commit row by row. */
  lingerMs?: number
  /** Attempts before a message becomes a dead letter. */
  maxAttempts?: number
  firstBackoffMs?: number
  onFailure?(failure: DeliveryFailure): void
}

export type DeliveryFailure = { subscription: string; messages: number; error: unknown; deadLetter: boolean }

export type Subscription = {
  topic: Topic
  /** Messages yet to handle, those set aside for a retry included. */
  backlog(): number
  /** Called after a commit that added messages of the topic. */
  added(count: number): void
  drained(): Promise<void>
  /** Handles the messages up to `seq`, no further, and resolves; nothing is handled until `resume`. */
  pauseAt(seq: number): Promise<void>
  resume(): void
  /** Resolves when the handler in hand is done; nothing is handled any more. */
  stop(): Promise<void>
}

const DEFAULTS = { maxBatch: 1000, lingerMs: 50, maxAttempts: 100, firstBackoffMs: 1000 }
/** As Pub/Sub's: 100 attempts with it take less than the day by which ids outlive the lateness window. */
const MAX_BACKOFF_MS = 600_000

type Pending = { seq: number; body: string; attempts: number }

export function startSubscription(
  database: DatabaseSync,
  clock: Clock,
  subscriptionOptions: SubscriptionOptions,
): Subscription {
  const options = { ...DEFAULTS, ...subscriptionOptions }
  const { name, topic } = options
  const store = statements(database, name, topic)
  let cursor = store.cursor()
  let backlog = store.backlog(cursor)
  /** Messages beyond it are not handled for the time being. */
  let limit = Number.POSITIVE_INFINITY
  let halted = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  /** Failures in a row of a whole batch: its dependency is down, so the messages wait where they are. */
  let outageFailures = 0
  let drains: { seq: number; resolve(): void }[] = []

  function schedule(delayMs: number): void {
    if (halted || running !== undefined || timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      running = run()
        .catch((error: unknown) => {
          // The bus's own file could not be written: what was handled will be handled again.
          outageFailures += 1
          report(0, error, false)
        })
        .finally(() => {
          running = undefined
          scheduleNext()
        })
    }, delayMs)
  }

  function scheduleNext(): void {
    if (outageFailures > 0) return schedule(backoffMs(outageFailures))
    if (store.batch(cursor, limit, 1).length > 0) return schedule(options.lingerMs)
    const dueAt = store.nextRetryAt()
    if (dueAt !== null) schedule(Math.max(0, dueAt - clock.now()))
  }

  async function run(): Promise<void> {
    for (const pending of store.dueRetries(clock.now(), options.maxBatch)) {
      if (halted) return
      const error = await attempt([pending])
      if (error === undefined) finish(() => store.removeRetry(pending.seq), 1)
      else setAside(pending, error)
    }
    let batch = store.batch(cursor, limit, options.maxBatch)
    while (batch.length > 0 && !halted) {
      if (!(await handleBatch(batch))) return
      batch = store.batch(cursor, limit, options.maxBatch)
    }
  }

  /** Returns whether to go on at once. */
  async function handleBatch(batch: readonly Pending[]): Promise<boolean> {
    const error = await attempt(batch)
    if (error instanceof TransientError && outageFailures + 1 < options.maxAttempts) {
      outageFailures += 1
      report(batch.length, error, false)
      return false
    }
    const failed: [Pending, unknown][] = []
    if (error !== undefined) {
      // One bad message must not hold up the others: find it.
      for (const pending of batch) {
        const reason = batch.length === 1 ? error : await attempt([pending])
        if (reason !== undefined) failed.push([pending, reason])
      }
    }
    const attempts = outageFailures
    outageFailures = 0
    const last = (batch.at(-1) as Pending).seq
    finish(() => {
      for (const [pending, reason] of failed) setAside({ ...pending, attempts }, reason)
      store.moveCursor(last)
    }, batch.length - failed.length)
    cursor = last
    resolveDrains()
    return true
  }

  async function attempt(batch: readonly Pending[]): Promise<unknown> {
    try {
      await options.handle(batch.map(({ body }) => JSON.parse(body)))
      return undefined
    } catch (error) {
      return error ?? new Error('the handler rejected with nothing')
    }
  }

  /** Keeps a failed message for another attempt, or as a dead letter when no attempt can help. */
  function setAside(pending: Pending, error: unknown): void {
    const attempts = pending.attempts + 1
    const deadLetter = error instanceof InvalidInputError || attempts >= options.maxAttempts
    const reason = error instanceof Error ? error.message : String(error)
    if (deadLetter) {
      store.bury(pending.seq, pending.body, reason, clock.now())
      backlog -= 1
    } else {
      store.retryLater(pending.seq, attempts, clock.now() + backoffMs(attempts), reason)
    }
    report(1, error, deadLetter)
  }

  function finish(change: () => void, handled: number): void {
    inTransaction(database, () => {
      change()
      store.prune()
    })
    backlog -= handled
  }

  function resolveDrains(): void {
    const reached = drains.filter(({ seq }) => seq <= cursor)
    drains = drains.filter(({ seq }) => seq > cursor)
    for (const { resolve } of reached) resolve()
  }

  function reached(seq: number): Promise<void> {
    if (seq <= cursor) return Promise.resolve()
    return new Promise((resolve) => {
      drains.push({ seq, resolve })
    })
  }

  function backoffMs(failures: number): number {
    return Math.min(MAX_BACKOFF_MS, options.firstBackoffMs * 2 ** (failures - 1))
  }

  function report(messages: number, error: unknown, deadLetter: boolean): void {
    options.onFailure?.({ subscription: name, messages, error, deadLetter })
  }

  scheduleNext()
  return {
    topic,
    backlog: () => backlog,
    added(count) {
      backlog += count
      if (outageFailures === 0) schedule(options.lingerMs)
    },
    drained: () => reached(store.newest()),
    async pauseAt(seq) {
      limit = seq
      await reached(Math.min(seq, store.newest()))
      halted = true
      clearTimeout(timer)
      timer = undefined
      await running
    },
    resume() {
      limit = Number.POSITIVE_INFINITY
      halted = false
      scheduleNext()
    },
    async stop() {
      halted = true
      clearTimeout(timer)
      await running
    },
  }
}

function statements(database: DatabaseSync, name: string, topic: Topic) {
  const prepare = (sql: string) => database.prepare(sql)
  prepare('INSERT OR IGNORE INTO subscriptions (name, topic, cursor) VALUES (?, ?, 0)').run(name, topic)
  const selectCursor = prepare('SELECT cursor FROM subscriptions WHERE name = ?')
  const updateCursor = prepare('UPDATE subscriptions SET cursor = ? WHERE name = ?')
  const selectNewest = prepare('SELECT MAX(seq) AS seq FROM messages WHERE topic = ?')
  const countBehind = prepare('SELECT COUNT(*) AS count FROM messages WHERE topic = ? AND seq > ?')
  const countRetries = prepare('SELECT COUNT(*) AS count FROM retries WHERE subscription = ?')
  const selectBatch = prepare(
    'SELECT seq, body, 0 AS attempts FROM messages WHERE topic = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
  )
  const selectDue = prepare(`
    SELECT seq, body, attempts FROM retries JOIN messages USING (seq)
    WHERE subscription = ? AND due_at <= ? ORDER BY due_at LIMIT ?`)
  const selectNextDue = prepare('SELECT MIN(due_at) AS due_at FROM retries WHERE subscription = ?')
  const upsertRetry = prepare('INSERT OR REPLACE INTO retries VALUES (?, ?, ?, ?, ?)')
  const deleteRetry = prepare('DELETE FROM retries WHERE subscription = ? AND seq = ?')
  const insertDead = prepare('INSERT OR REPLACE INTO dead_letters VALUES (?, ?, ?, ?, ?, ?)')
  const deleteHandled = prepare(`
    DELETE FROM messages WHERE topic = ? AND seq NOT IN (SELECT seq FROM retries)
      AND seq <= (SELECT MIN(cursor) FROM subscriptions WHERE topic = ?)`)
  const count = (row: Record<string, unknown> | undefined) => row?.count as number
  return {
    cursor: () => selectCursor.get(name)?.cursor as number,
    moveCursor: (seq: number) => updateCursor.run(seq, name),
    newest: () => (selectNewest.get(topic)?.seq as number | null) ?? 0,
    backlog: (cursor: number) => count(countBehind.get(topic, cursor)) + count(countRetries.get(name)),
    batch: (cursor: number, last: number, size: number) =>
      selectBatch.all(topic, cursor, Math.min(last, Number.MAX_SAFE_INTEGER), size) as unknown as Pending[],
    dueRetries: (now: number, limit: number) => selectDue.all(name, now, limit) as unknown as Pending[],
    nextRetryAt: () => selectNextDue.get(name)?.due_at as number | null,
    retryLater: (seq: number, attempts: number, dueAt: number, reason: string) =>
      upsertRetry.run(name, seq, attempts, dueAt, reason),
    removeRetry: (seq: number) => deleteRetry.run(name, seq),
    bury(seq: number, body: string, reason: string, at: number) {
      insertDead.run(name, seq, topic, body, reason, at)
      deleteRetry.run(name, seq)
    },
    prune: () => deleteHandled.run(topic, topic),
  }
}
