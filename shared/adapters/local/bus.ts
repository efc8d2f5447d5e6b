/**
 * The embedded event bus: a durable log of messages in SQLite, and a cursor per subscription.
 *
 * Publishing commits in groups: all messages that arrive while the event loop is busy share one synchronous
 * commit, and each caller is answered after it. A subscription handles the messages behind its cursor in
 * batches; the cursor moves in the same file, so a crash repeats at most the batch in hand.
 *
 * The file is opened in exclusive mode: it is also the lock of the data folder, which a killed process loses.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { TransientError } from '../../errors.ts'
import type { Clock, DeadLetters, Deliveries, EventBus, Publication, Topic } from '../../ports.ts'
import { busMigrations } from './bus-schema.ts'
import { openDeadLetterStore } from './dead-letter-store.ts'
import { openKeyStore } from './key-store.ts'
import { inTransaction, openExclusively } from './sqlite.ts'
import { type Subscription, startSubscription } from './subscription.ts'
import type { SubscriptionOptions } from './subscription-options.ts'
import { takeTurns } from './turns.ts'

export type LocalBus = EventBus &
  Deliveries & {
    deadLetters: DeadLetters
    /** Starts handling; the cursor of a name that was never there starts at the oldest message kept. */
    subscribe(options: SubscriptionOptions): void
    /** Resolves when the handlers in hand are done and what was published is durable. */
    close(): Promise<void>
  }

/** So long a patient message waits for others to share its commit with. */
const PATIENCE_MS = 25

/** How long `hold` waits for subscriptions to catch up before it gives up. */
const HOLD_PATIENCE_MS = 60_000

/** So many dead letters are given back in one commit; webhooks are answered in between. */
const REDRIVEN_AT_ONCE = 500

/** A message as the file has it. */
type Draft = { topic: Topic; key: string | undefined; body: string; claim: string }
type Waiting = { draft: Draft; resolve(publication: Publication): void; reject(error: unknown): void }

/**
 * @param options.maxQueued messages that the slowest subscription of a topic may have yet to handle; beyond it
 *   `publish` to that topic throws TransientError.
 * @throws ConfigError when another process has the file open.
 */
export function openLocalBus(
  path: string,
  options: { clock: Clock; maxQueued: number; holdPatienceMs?: number },
): LocalBus {
  const { clock, holdPatienceMs = HOLD_PATIENCE_MS } = options
  const database = openExclusively(path, busMigrations(clock.now()))
  const keys = openKeyStore(database)
  const deadLetters = openDeadLetterStore(database)
  const insertMessage = database.prepare('INSERT INTO messages (topic, body, published_at) VALUES (?, ?, ?)')
  const selectNewest = database.prepare(
    "SELECT COALESCE(MAX(seq), 0) AS seq FROM sqlite_sequence WHERE name = 'messages'",
  )
  const selectOldest = database.prepare('SELECT MIN(published_at) AS at FROM messages')
  const subscriptions = new Map<string, Subscription>()
  const all = () => [...subscriptions.values()]
  let waiting: Waiting[] = []
  /** When what waits is flushed: at the end of this turn, or later when nobody waits for any of it. */
  let flushing: { soon: boolean; timer: NodeJS.Timeout | undefined } | undefined
  const waitingOf = new Map<Topic, number>()
  const holdInTurn = takeTurns()
  let closing: Promise<void> | undefined
  let closed = false

  /** Makes durable what waits for it, and answers. */
  function flush(): void {
    const group = waiting
    waiting = []
    clearTimeout(flushing?.timer)
    flushing = undefined
    waitingOf.clear()
    if (group.length === 0) return
    let publications: Publication[]
    try {
      publications = inTransaction(database, () => group.map(({ draft }) => insert(draft)))
    } catch (cause) {
      const error = new TransientError('the message could not be written to disk', { cause })
      for (const { reject } of group) reject(error)
      return
    }
    for (const [index, { resolve }] of group.entries()) resolve(publications[index] as Publication)
    for (const { topic, added } of all()) {
      const count = group.filter(
        ({ draft }, index) => draft.topic === topic && publications[index]?.status === 'accepted',
      ).length
      if (count > 0) added(count)
    }
  }

  function flushSoon(patient: boolean): void {
    if (flushing?.soon || (patient && flushing !== undefined)) return
    clearTimeout(flushing?.timer)
    flushing = { soon: !patient, timer: patient ? setTimeout(flush, PATIENCE_MS) : undefined }
    if (!patient) setImmediate(flush)
  }

  function insert({ topic, key, body, claim }: Draft): Publication {
    if (key !== undefined && !keys.say(key, claim, clock.now())) {
      return { status: 'duplicate', firstClaim: JSON.parse(keys.firstClaim(key)) }
    }
    insertMessage.run(topic, body, clock.now())
    return { status: 'accepted' }
  }

  async function holdNow<T>(work: (setAside: Record<string, number>) => Promise<T>): Promise<T> {
    if (closed) throw new TransientError('the bus is closed')
    flush()
    const seq = selectNewest.get()?.seq as number
    try {
      await inTime(Promise.all(all().map((subscription) => subscription.pauseAt(seq))))
      return await work(
        Object.fromEntries([...subscriptions].map(([name, { setAside }]) => [name, setAside()])),
      )
    } finally {
      for (const subscription of all()) subscription.resume()
    }
  }

  async function inTime(caughtUp: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const behind = [...subscriptions].filter(([, { isPaused }]) => !isPaused()).map(([name]) => name)
        const waited = `${holdPatienceMs / 1000} s`
        reject(new TransientError(`${behind.join(', ')} did not catch up within ${waited}; see the log`))
      }, holdPatienceMs)
    })
    try {
      await Promise.race([caughtUp, tooLate])
    } finally {
      clearTimeout(timer)
    }
  }

  async function closeNow(): Promise<void> {
    await Promise.all(all().map((subscription) => subscription.stop()))
    flush()
    closed = true
    database.close()
  }

  /** What the slowest subscription of the topic has yet to handle. */
  function queued(topic: Topic): number {
    const backlogs = all().flatMap((subscription) =>
      subscription.topic === topic ? [subscription.backlog()] : [],
    )
    return (waitingOf.get(topic) ?? 0) + Math.max(0, ...backlogs)
  }

  async function redrive(
    subscription: string | undefined,
    progress: (done: number) => void = () => {},
  ): Promise<Record<string, number>> {
    const redriven: Record<string, number> = {}
    let done = 0
    // Only to who is there to handle them.
    for (const [name, reader] of subscriptions) {
      if (subscription !== undefined && subscription !== name) continue
      while (closing === undefined) {
        const count = redriveSome(name)
        if (count === 0) break
        redriven[name] = (redriven[name] ?? 0) + count
        reader.redriven(count)
        done += count
        progress(done)
        await nextTurn()
      }
    }
    return redriven
  }

  function redriveSome(subscription: string): number {
    try {
      return deadLetters.redriveSome(subscription, REDRIVEN_AT_ONCE, clock.now())
    } catch (cause) {
      throw new TransientError('the dead letters could not be given back', { cause })
    }
  }

  return {
    async publish({ topic, key, body, claim, patient = false }) {
      if (closed) throw new TransientError('the bus is closed')
      if (queued(topic) >= options.maxQueued) {
        throw new TransientError(`the queue is at its bound of ${options.maxQueued} messages`)
      }
      const draft = { topic, key, body: toJson(body), claim: toJson(claim) }
      return new Promise((resolve, reject) => {
        flushSoon(patient)
        waiting.push({ draft, resolve, reject })
        waitingOf.set(topic, (waitingOf.get(topic) ?? 0) + 1)
      })
    },
    depths: () => Object.fromEntries([...subscriptions].map(([name, { backlog }]) => [name, backlog()])),
    oldestWaitingAt: () => (selectOldest.get()?.at as number | null) ?? null,
    deadLetterCount: deadLetters.count,
    deadLetters: {
      list: async ({ subscription, limit }) => deadLetters.list(subscription, limit),
      redrive: async ({ subscription }, progress) => redrive(subscription, progress),
    },
    subscribe(subscriptionOptions) {
      const { name } = subscriptionOptions
      if (subscriptions.has(name)) throw new RangeError(`there is a subscription ${name} already`)
      subscriptions.set(name, startSubscription(database, clock, subscriptionOptions))
    },
    async drained() {
      flush()
      await Promise.all(all().map((subscription) => subscription.drained()))
    },
    // One at a time: the end of one must not set free what another holds.
    hold: (work) => holdInTurn(() => holdNow(work)),
    remember(said) {
      const drafts = said.map(({ key, claim }) => ({ key, claim: toJson(claim) }))
      try {
        inTransaction(database, () => {
          for (const { key, claim } of drafts) keys.say(key, claim, clock.now())
        })
      } catch (cause) {
        throw new TransientError('the keys could not be written to disk', { cause })
      }
    },
    async forget(saidBefore) {
      // What waits to be written was said before, too.
      flush()
      try {
        return saidBefore === undefined
          ? keys.forgetAll()
          : await keys.forgetSaidBefore(saidBefore, () => closing === undefined)
      } catch (cause) {
        throw new TransientError('the keys could not be removed from the disk', { cause })
      }
    },
    close() {
      closing ??= closeNow()
      return closing
    },
  }
}

function toJson(value: unknown): string {
  return JSON.stringify(value ?? null)
}
