/**
 * Dead letters on Pub/Sub: topic `dead-letters`, kept by the pull subscription of the same name.
 *
 * Two ways lead there: our own copies of what can never be handled, and Pub/Sub's of what was refused too often. The
 * way back is the topic of the subscription that gave up, with an attribute that says whom it is for.
 */
import type { DeadLetter, DeadLetters } from '../../ports.ts'
import { NOT_JSON, parseBody } from '../../schema/intake.ts'
import { type Attributes, buriedAttributes, deathOf, lastRedrive, redrivenAttributes } from './attributes.ts'
import type { PubsubClient } from './pubsub-client.ts'
import { type LeaseOptions, openLease, type Pulled } from './pubsub-lease.ts'

const DEAD_LETTERS = 'dead-letters'

/** A message that can never be handled. */
export type Poison = {
  /** Who gives up on it. */
  subscription: string
  topic?: string
  data: Buffer
  attributes: Attributes
  reason: string
}
export type Bury = (poison: Poison) => Promise<void>

export function openBury(client: PubsubClient): Bury {
  return ({ data, attributes, ...died }) =>
    client.publish(DEAD_LETTERS, data, buriedAttributes(attributes, died))
}

/** Pub/Sub gives letters out in no order: the newest of so many are told. */
const MOST_LOOKED_AT = 10_000
const REDRIVEN_AT_ONCE = 1000

export function openPubsubDeadLetters(client: PubsubClient, options: LeaseOptions): DeadLetters {
  const { log } = options

  async function list({ subscription, limit }: Parameters<DeadLetters['list']>[0]): Promise<DeadLetter[]> {
    const lease = openLease(client, DEAD_LETTERS, options)
    try {
      const letters = new Map((await lease.pull(MOST_LOOKED_AT)).map((letter) => [letter.id, letter]))
      return [...letters.values()]
        .map(described)
        .filter((letter) => subscription === undefined || letter.subscription === subscription)
        .sort((one, other) => other.diedAt - one.diedAt)
        .slice(0, limit)
    } finally {
      await lease.close()
    }
  }

  /** Whom a letter goes back to, and by which topic; undefined when nobody reads there under that name any more. */
  async function wayBack({
    attributes,
  }: Pulled): Promise<{ subscription: string; topic: string } | undefined> {
    const { subscription } = deathOf(attributes)
    const topic = subscription && (await client.topicOf(subscription))
    return subscription && topic ? { subscription, topic } : undefined
  }

  /**
   * A crash between the publication and the acknowledgement gives a letter back twice: handlers drop repeats. What
   * dies again meanwhile is left where it is, or a redrive would never end.
   */
  async function redrive(
    { subscription: only }: Parameters<DeadLetters['redrive']>[0],
    progress: (done: number) => void = () => {},
  ): Promise<Record<string, number>> {
    const run = Date.now()
    const lease = openLease(client, DEAD_LETTERS, options)
    const redriven: Record<string, number> = {}
    const given = new Set<string>()
    let lost = 0

    async function giveBack(letter: Pulled): Promise<'done' | 'left'> {
      if (given.has(letter.id)) return 'done'
      if (lastRedrive(letter.attributes) >= run) return 'left'
      const way = await wayBack(letter)
      if (way === undefined) lost += 1
      if (way === undefined || (only !== undefined && way.subscription !== only)) return 'left'
      given.add(letter.id)
      const { subscription, topic } = way
      await client.publish(topic, letter.data, redrivenAttributes(letter.attributes, subscription, run))
      redriven[subscription] = (redriven[subscription] ?? 0) + 1
      return 'done'
    }

    try {
      while (true) {
        const letters = await lease.pull(REDRIVEN_AT_ONCE)
        if (letters.length === 0) break
        const fates = await Promise.allSettled(letters.map(giveBack))
        await lease.ack(letters.filter((_, index) => isDone(fates[index])))
        progress(Object.values(redriven).reduce((sum, count) => sum + count, 0))
        for (const fate of fates) if (fate.status === 'rejected') throw fate.reason
      }
    } finally {
      // What was left waits for another redrive.
      await lease.close()
    }
    if (lost > 0) log.warning('letters.unaddressed', { letters: lost })
    return redriven
  }

  return { list, redrive }
}

function isDone(fate: PromiseSettledResult<'done' | 'left'> | undefined): boolean {
  return fate?.status === 'fulfilled' && fate.value === 'done'
}

function described({ data, attributes, publishedAt }: Pulled): DeadLetter {
  const { subscription, reason } = deathOf(attributes)
  const body = parseBody(data)
  return {
    subscription: subscription ?? 'unknown',
    body: body === NOT_JSON ? data.toString() : body,
    reason,
    diedAt: publishedAt,
  }
}
