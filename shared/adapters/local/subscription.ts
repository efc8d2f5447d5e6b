/** One subscription of the embedded bus: batches, backoff, retries one by one, dead letters. */
import type { DatabaseSync } from 'node:sqlite'
import { InvalidInputError, TransientError } from '../../errors.ts'
import type { Clock, Topic } from '../../ports.ts'
import { openDrains } from './drains.ts'
import { inTransaction } from './sqlite.ts'
import { DEFAULTS, MAX_BACKOFF_MS, type SubscriptionOptions } from './subscription-options.ts'
import { openSubscriptionStore, type Pending } from './subscription-store.ts'

export type Subscription = {
  topic: Topic
  /** Messages yet to handle, those set aside for a retry included. */
  backlog(): number
  /** Messages that failed and wait for another attempt. */
  setAside(): number
  isPaused(): boolean
  /** Called after a commit that added messages of the topic. */
  added(count: number): void
  /** Called after dead letters were made retries that were never tried. */
  redriven(count: number): void
  /** @throws TransientError when the subscription is stopped before. */
  drained(): Promise<void>
  /** Handles the messages up to `seq`, no further, and resolves; nothing is handled until `resume`. */
  pauseAt(seq: number): Promise<void>
  resume(): void
  /** Resolves when the handler in hand is done; nothing is handled any more. */
  stop(): Promise<void>
}

/** What became of a message. */
type Outcome = { pending: Pending; error: unknown; fate: 'handled' | 'retried' | 'buried' }

/** So that many retries do not hold up what is new: between each so many, a batch has its turn. */
const RETRIES_AT_ONCE = 10

export function startSubscription(
  database: DatabaseSync,
  clock: Clock,
  subscriptionOptions: SubscriptionOptions,
): Subscription {
  const options = { ...DEFAULTS, ...subscriptionOptions }
  const { name, topic } = options
  const store = openSubscriptionStore(database, name, topic)
  let cursor = store.cursor()
  let backlog = store.backlog(cursor)
  /** Redriven messages that were not tried yet. */
  let untried = store.untried()
  /** Messages beyond it are not handled for the time being. */
  let limit = Number.POSITIVE_INFINITY
  let paused = false
  let stopped = false
  let timer: { handle: NodeJS.Timeout; at: number } | undefined
  let running: Promise<void> | undefined
  /** The dependency of the batch up to `last` is down: it waits where it is, and is tried again as it is. */
  let outage: { failures: number; last: number } | undefined
  /** Failures in a row to write the bus's own file. */
  let fileFailures = 0
  const drains = openDrains((seq) => seq <= cursor && untried === 0)

  /** Runs in `delayMs`, or sooner where that was asked for already. */
  function wakeIn(delayMs: number): void {
    const at = performance.now() + delayMs
    if (paused || stopped || running !== undefined || (timer !== undefined && timer.at <= at)) return
    clearTimeout(timer?.handle)
    timer = { at, handle: setTimeout(wake, delayMs) }
  }

  function cancelTimer(): void {
    clearTimeout(timer?.handle)
    timer = undefined
  }

  function wake(): void {
    timer = undefined
    running = run()
      .then((isMoreWaiting) => {
        running = undefined
        scheduleNext(isMoreWaiting)
      })
      .catch((error: unknown) => {
        // The bus's own file could not be used: what was handled will be handled again.
        running = undefined
        fileFailures += 1
        report(0, error, false)
        wakeIn(backoffMs(fileFailures))
      })
  }

  function scheduleNext(isMoreWaiting: boolean): void {
    if (outage !== undefined) return wakeIn(backoffMs(outage.failures))
    if (untried > 0) return wakeIn(0)
    const retryAt = store.nextRetryAt()
    if (retryAt !== null) wakeIn(Math.min(MAX_BACKOFF_MS, Math.max(0, retryAt - clock.now())))
    if (store.batch(cursor, limit, 1).length > 0) wakeIn(isMoreWaiting ? 0 : options.lingerMs)
  }

  /** Returns whether there is more to handle than was taken. */
  async function run(): Promise<boolean> {
    await retryDue()
    if (paused || stopped) return false
    await handleUntried()
    if (paused || stopped) return false
    return handleBatch()
  }

  /** Dead letters that were given back: a batch at a time, and one by one only when that fails. */
  async function handleUntried(): Promise<void> {
    const batch = untried === 0 ? [] : store.untriedBatch(options.maxBatch)
    if (batch.length === 0) return
    const error = await attempt(batch)
    const outcomes: Outcome[] = []
    for (const pending of batch) {
      if (stopped && error !== undefined) return
      const isSharedOrNone = error === undefined || error instanceof TransientError || batch.length === 1
      outcomes.push(outcomeOf(pending, isSharedOrNone ? error : await attempt([pending])))
    }
    untried -= batch.length
    try {
      settle(outcomes, cursor)
    } catch (failure) {
      untried += batch.length
      throw failure
    }
  }

  async function retryDue(): Promise<void> {
    const outcomes: Outcome[] = []
    for (const pending of store.dueRetries(clock.now(), RETRIES_AT_ONCE)) {
      if (paused || stopped) break
      outcomes.push(outcomeOf(pending, await attempt([pending])))
    }
    if (outcomes.length > 0) settle(outcomes, cursor)
  }

  async function handleBatch(): Promise<boolean> {
    const batch = store.batch(cursor, Math.min(limit, outage?.last ?? limit), options.maxBatch)
    const last = batch.at(-1)?.seq
    if (last === undefined) return false
    const failures = outage?.failures ?? 0
    const error = await attempt(batch)
    if (error instanceof TransientError && failures + 1 < options.maxAttempts) {
      outage = { failures: failures + 1, last }
      report(batch.length, error, false)
      return false
    }
    const outcomes: Outcome[] = []
    for (const pending of batch) {
      if (stopped && error !== undefined) return false
      // One bad message must not hold up the others: find it.
      const reason = error === undefined || batch.length === 1 ? error : await attempt([pending])
      outcomes.push(outcomeOf({ ...pending, attempts: failures }, reason))
    }
    settle(outcomes, last)
    outage = undefined
    return batch.length === options.maxBatch
  }

  /** Returns what the handler threw, undefined when it handled them. */
  async function attempt(batch: readonly Pending[]): Promise<unknown> {
    try {
      await options.handle(batch.map(({ body }) => JSON.parse(body)))
      return undefined
    } catch (error) {
      return error ?? new Error('the handler rejected with nothing')
    }
  }

  function outcomeOf(pending: Pending, error: unknown): Outcome {
    if (error === undefined) return { pending, error, fate: 'handled' }
    const isHopeless = error instanceof InvalidInputError || pending.attempts + 1 >= options.maxAttempts
    return { pending, error, fate: isHopeless ? 'buried' : 'retried' }
  }

  /** Writes down what became of messages; only then is it counted and told. */
  function settle(outcomes: readonly Outcome[], newCursor: number): void {
    inTransaction(database, () => {
      for (const { pending, error, fate } of outcomes) {
        const attempts = pending.attempts + 1
        if (fate === 'buried') store.bury(pending.seq, pending.body, reasonOf(error), clock.now())
        else if (fate === 'retried')
          store.retryLater(pending.seq, attempts, clock.now() + backoffMs(attempts), reasonOf(error))
        else store.removeRetry(pending.seq)
      }
      store.moveCursor(newCursor)
      store.prune()
    })
    fileFailures = 0
    cursor = newCursor
    backlog -= outcomes.filter(({ fate }) => fate !== 'retried').length
    drains.settled()
    for (const { error, fate } of outcomes) if (fate !== 'handled') report(1, error, fate === 'buried')
  }

  function backoffMs(failures: number): number {
    return Math.min(MAX_BACKOFF_MS, options.firstBackoffMs * 2 ** (failures - 1))
  }

  function report(messages: number, error: unknown, deadLetter: boolean): void {
    options.onFailure?.({ subscription: name, messages, error, deadLetter })
  }

  wakeIn(0)
  return {
    topic,
    backlog: () => backlog,
    setAside: () => store.retries(),
    isPaused: () => paused,
    added(count) {
      backlog += count
      if (outage === undefined) wakeIn(options.lingerMs)
    },
    redriven(count) {
      backlog += count
      untried += count
      wakeIn(0)
    },
    drained: () => drains.until(store.newest()),
    async pauseAt(seq) {
      limit = seq
      await drains.until(Math.min(seq, store.newest()))
      // Who asked may have lost patience meanwhile, and let it go on.
      if (limit !== seq) return
      paused = true
      cancelTimer()
      await running
    },
    resume() {
      limit = Number.POSITIVE_INFINITY
      paused = false
      wakeIn(0)
    },
    async stop() {
      stopped = true
      cancelTimer()
      drains.stop()
      await running
    },
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
