/** Messages that were pulled and are neither handled nor given back: nobody else gets them meanwhile. */
import type { Instant } from '../../domain/event.ts'
import type { Log } from '../../ports.ts'
import type { Attributes } from './attributes.ts'
import { once } from './pubsub-calls.ts'
import type { PubsubClient, Subscriber } from './pubsub-client.ts'
import { codeOf, DEADLINE_EXCEEDED } from './pubsub-errors.ts'

export type Pulled = {
  /** Names this delivery. */
  ackId: string
  /** Names the message, also when it is delivered again. */
  id: string
  data: Buffer
  attributes: Attributes
  publishedAt: Instant
}

export type Lease = {
  /** Up to `max` messages that wait, fewer when a short wait brings no more. */
  pull(max: number): Promise<Pulled[]>
  /** They are handled. */
  ack(messages: readonly Pulled[]): Promise<void>
  /** Gives back at once what was not acknowledged. */
  close(): Promise<void>
}

export type LeaseOptions = {
  log: Log
  /** So long an empty subscription is waited for. */
  emptyAfterMs?: number | undefined
  /** After a crash messages are another's so much later. */
  leaseSeconds?: number | undefined
}

/** Pub/Sub gives no more at once, and takes no more ids in a request of 512 KB. */
const MAX_AT_ONCE = 1000
/** One pull brings few of many: as many as these run side by side. */
const PULLS_AT_ONCE = 4
const REQUESTS_AT_ONCE = 8

/** What an answer brings that comes later is nobody's until the deadline of the subscription. */
const EMPTY_AFTER_MS = 2_000
const LEASE_SECONDS = 60
/** A lease is renewed so often before it ends. */
const RENEWALS = 3
/** Who has not acknowledged by now never will. */
const LONGEST_LEASE_MS = 15 * 60_000

export function openLease(
  client: PubsubClient,
  subscription: string,
  { log, emptyAfterMs = EMPTY_AFTER_MS, leaseSeconds = LEASE_SECONDS }: LeaseOptions,
): Lease {
  const held = new Set<string>()
  const startedAt = performance.now()
  let closed = false
  let extending: Promise<void> | undefined

  const timer = setInterval(
    () => {
      if (performance.now() - startedAt > LONGEST_LEASE_MS) clearInterval(timer)
      else extending = extend([...held]).catch((error) => log.warning('lease.lost', { subscription, error }))
    },
    (leaseSeconds * 1000) / RENEWALS,
  )
  timer.unref()

  const extend = (ackIds: readonly string[], seconds = leaseSeconds) =>
    inChunks(ackIds, (some) =>
      client.ask(subscription, (subscriber, path) =>
        subscriber.modifyAckDeadline(
          { subscription: path, ackIds: some, ackDeadlineSeconds: seconds },
          once(),
        ),
      ),
    )

  async function pullSome(max: number): Promise<Pulled[]> {
    const response = await client.ask(subscription, (subscriber, path) =>
      pullOnce(subscriber, path, Math.min(max, MAX_AT_ONCE), emptyAfterMs),
    )
    for (const { ackId } of response) held.add(ackId)
    return response
  }

  return {
    async pull(max) {
      const messages: Pulled[] = []
      let asked = 0
      const work = async () => {
        while (asked < max) {
          const count = Math.min(max - asked, MAX_AT_ONCE)
          asked += count
          const some = await pullSome(count)
          asked -= count - some.length
          if (some.length === 0) return
          await extend(some.map(({ ackId }) => ackId))
          messages.push(...some)
        }
      }
      await Promise.all(Array.from({ length: PULLS_AT_ONCE }, work))
      return messages
    },
    async ack(messages) {
      const ackIds = messages.map(({ ackId }) => ackId)
      await inChunks(ackIds, async (some) => {
        await client.ask(subscription, (subscriber, path) =>
          subscriber.acknowledge({ subscription: path, ackIds: some }, once()),
        )
        for (const ackId of some) held.delete(ackId)
      })
    },
    async close() {
      if (closed) return
      closed = true
      clearInterval(timer)
      await extending
      // Where this fails they come back all the same, when the lease runs out.
      await extend([...held], 0).catch((error) => log.warning('lease.kept', { subscription, error }))
    },
  }
}

/** Nothing is what Pub/Sub answers with silence: it keeps the request until there is something. */
async function pullOnce(
  subscriber: Subscriber,
  path: string,
  max: number,
  waitMs: number,
): Promise<Pulled[]> {
  try {
    const [{ receivedMessages }] = await subscriber.pull(
      { subscription: path, maxMessages: max },
      once(waitMs),
    )
    return (receivedMessages ?? []).map(({ ackId, message }) => ({
      ackId: ackId ?? '',
      id: message?.messageId ?? '',
      data: Buffer.from((message?.data ?? '') as Uint8Array),
      attributes: message?.attributes ?? {},
      publishedAt:
        Number(message?.publishTime?.seconds ?? 0) * 1000 + (message?.publishTime?.nanos ?? 0) / 1e6,
    }))
  } catch (error) {
    if (codeOf(error) === DEADLINE_EXCEEDED) return []
    throw error
  }
}

async function inChunks(
  ackIds: readonly string[],
  send: (some: string[]) => Promise<unknown>,
): Promise<void> {
  let next = 0
  const work = async () => {
    while (next < ackIds.length) {
      const some = ackIds.slice(next, next + MAX_AT_ONCE)
      next += MAX_AT_ONCE
      await send(some)
    }
  }
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, work))
}
