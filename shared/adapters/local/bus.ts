/**
 * The embedded event bus: a durable log of messages in SQLite, and a cursor per subscription.
 *
 * Publishing commits in groups: all messages that arrive while the event loop is busy share one synchronous
 * commit, and each caller is answered after it. A subscription handles the messages behind its cursor in
 * batches; the cursor moves in the same file, so a crash repeats at most the batch in hand.
 *
 * The file is opened in exclusive mode: it is also the lock of the data folder, which a killed process loses.
 */
import { TransientError } from '../../errors.ts'
import type { Clock, Deliveries, EventBus, Message, Publication } from '../../ports.ts'
import { inTransaction, openExclusively } from './sqlite.ts'
import { type Subscription, type SubscriptionOptions, startSubscription } from './subscription.ts'

export type LocalBus = EventBus &
  Deliveries & {
    /** Starts handling; the cursor of a name that was never there starts at the oldest message kept. */
    subscribe(options: SubscriptionOptions): void
    close(): Promise<void>
  }

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, body TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS messages_of_topic ON messages (topic, seq);
  CREATE TABLE IF NOT EXISTS published (key TEXT PRIMARY KEY, claim TEXT) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS subscriptions (name TEXT PRIMARY KEY, topic TEXT NOT NULL, cursor INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS retries (
    subscription TEXT NOT NULL, seq INTEGER NOT NULL, attempts INTEGER NOT NULL, due_at INTEGER NOT NULL,
    reason TEXT NOT NULL, PRIMARY KEY (subscription, seq)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS dead_letters (
    subscription TEXT NOT NULL, seq INTEGER NOT NULL, topic TEXT NOT NULL, body TEXT NOT NULL,
    reason TEXT NOT NULL, died_at INTEGER NOT NULL, PRIMARY KEY (subscription, seq)) WITHOUT ROWID;`

type Waiting = { message: Message; resolve(publication: Publication): void; reject(error: unknown): void }

/**
 * @param options.maxQueued messages that the slowest subscription may have yet to handle; beyond it `publish`
 *   throws TransientError.
 * @throws ConfigError when another process has the file open.
 */
export function openLocalBus(path: string, options: { clock: Clock; maxQueued: number }): LocalBus {
  const database = openExclusively(path, SCHEMA)
  const insertMessage = database.prepare('INSERT INTO messages (topic, body) VALUES (?, ?)')
  const insertKey = database.prepare('INSERT OR IGNORE INTO published (key, claim) VALUES (?, ?)')
  const selectClaim = database.prepare('SELECT claim FROM published WHERE key = ?')
  const selectNewest = database.prepare(
    "SELECT COALESCE(MAX(seq), 0) AS seq FROM sqlite_sequence WHERE name = 'messages'",
  )
  const selectDeadLetters = database.prepare('SELECT COUNT(*) AS count FROM dead_letters')
  const subscriptions = new Map<string, Subscription>()
  const all = () => [...subscriptions.values()]
  let waiting: Waiting[] = []
  let closed = false

  function flush(): void {
    const group = waiting
    waiting = []
    if (closed) return rejectAll(group, new TransientError('the bus is closed'))
    let publications: Publication[]
    try {
      publications = inTransaction(database, () => group.map(({ message }) => insert(message)))
    } catch (cause) {
      return rejectAll(group, new TransientError('the message could not be written to disk', { cause }))
    }
    for (const [index, { resolve }] of group.entries()) resolve(publications[index] as Publication)
    for (const { topic, added } of all()) {
      const count = group.filter(
        ({ message }, index) => message.topic === topic && publications[index]?.status === 'accepted',
      ).length
      if (count > 0) added(count)
    }
  }

  function insert({ topic, key, body, claim }: Message): Publication {
    const { changes } = insertKey.run(key, JSON.stringify(claim ?? null))
    if (changes === 0) {
      return { status: 'duplicate', firstClaim: JSON.parse(selectClaim.get(key)?.claim as string) }
    }
    insertMessage.run(topic, JSON.stringify(body))
    return { status: 'accepted' }
  }

  const queued = () => waiting.length + Math.max(0, ...all().map(({ backlog }) => backlog()))

  return {
    publish(message) {
      if (queued() >= options.maxQueued) {
        return Promise.reject(
          new TransientError(`the queue is at its bound of ${options.maxQueued} messages`),
        )
      }
      return new Promise((resolve, reject) => {
        if (waiting.length === 0) setImmediate(flush)
        waiting.push({ message, resolve, reject })
      })
    },
    depths: () => Object.fromEntries([...subscriptions].map(([name, { backlog }]) => [name, backlog()])),
    deadLetterCount: () => selectDeadLetters.get()?.count as number,
    subscribe(subscriptionOptions) {
      subscriptions.set(
        subscriptionOptions.name,
        startSubscription(database, options.clock, subscriptionOptions),
      )
    },
    async drained() {
      await Promise.all(all().map((subscription) => subscription.drained()))
    },
    async hold(work) {
      const seq = selectNewest.get()?.seq as number
      await Promise.all(all().map((subscription) => subscription.pauseAt(seq)))
      try {
        return await work()
      } finally {
        for (const subscription of all()) subscription.resume()
      }
    },
    remember(said) {
      inTransaction(database, () => {
        for (const { key, claim } of said) insertKey.run(key, JSON.stringify(claim))
      })
    },
    async close() {
      if (closed) return
      await Promise.all(all().map((subscription) => subscription.stop()))
      closed = true
      database.close()
    },
  }
}

function rejectAll(group: readonly Waiting[], error: Error): void {
  for (const { reject } of group) reject(error)
}
