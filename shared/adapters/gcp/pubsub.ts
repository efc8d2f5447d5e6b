/**
 * The event bus on Pub/Sub: topics with subscriptions that push to functions, or that a function pulls.
 *
 * What nobody waits for and is small does not go there at all: it is a line of the function's log, which a sink of
 * Cloud Logging takes to topic `journal`. A request to Pub/Sub that is under way when the answer is sent may never end,
 * as functions have no CPU between requests.
 */
import { TransientError } from '../../errors.ts'
import type { DeadLetters, EventBus, Inbox, Message, TableName } from '../../ports.ts'
import { attributesOf } from './attributes.ts'
import { type ClientOptions, openPubsubClient } from './pubsub-client.ts'
import { openBury, openPubsubDeadLetters, type Poison } from './pubsub-dead-letters.ts'
import { openPubsubInbox } from './pubsub-inbox.ts'
import type { LeaseOptions } from './pubsub-lease.ts'

export type PubsubBus = EventBus & {
  deadLetters: DeadLetters
  inbox: Inbox
  /** Copies a message that can never be handled to the dead letters; durable when resolved. */
  bury(poison: Poison): Promise<void>
  /** Resolves when what was published is durable; what was taken and not acknowledged is given back. */
  close(): Promise<void>
}

export type PubsubOptions = ClientOptions &
  LeaseOptions & {
    /** Of the state; which one a job belongs to is an attribute of its events. */
    shards: number
    /**
     * Writes a row as one line of the log, before it returns. Left out where no sink reads the log: then the entry
     * that the sink would make is published.
     */
    journal?: ((table: TableName, row: object) => void) | undefined
  }

/** Of a line of the log 256 KB are kept. */
const MAX_JOURNAL_BYTES = 200_000

/** Connects at first use. */
export function openPubsubBus(options: PubsubOptions): PubsubBus {
  const { shards, journal } = options
  const client = openPubsubClient(options)
  const bury = openBury(client)
  const inbox = openPubsubInbox(client, bury, options)
  let closing: Promise<void> | undefined

  async function publish({ topic, body }: Message): Promise<void> {
    const json = Buffer.from(JSON.stringify(body ?? null))
    const table = journaledTable(topic, json.length)
    if (table !== undefined && journal !== undefined) journal(table, body as object)
    else if (topic === 'recommendations') await client.publish('journal', entryOf(topic, body), {})
    else await client.publish(topic, json, attributesOf(body, shards))
  }

  return {
    async publish(message) {
      if (closing !== undefined) throw new TransientError('the bus is closed')
      await publish(message)
      return { status: 'accepted' }
    },
    // Nothing here knows what was said before: repeats are dropped by the ids in the state and by the views.
    remember() {},
    forget: async () => 0,
    depths: () => ({}),
    oldestWaitingAt: () => null,
    deadLetterCount: () => null,
    deadLetters: openPubsubDeadLetters(client, options),
    inbox: { take: inbox.take },
    bury,
    close() {
      closing ??= inbox.close().then(() => client.close())
      return closing
    },
  }
}

const entryOf = (table: TableName, row: unknown) =>
  Buffer.from(JSON.stringify({ jsonPayload: { table, row } }))

/** The table whose rows a topic carries, if they go by the log. */
function journaledTable(topic: Message['topic'], bytes: number): TableName | undefined {
  if (topic === 'recommendations') return 'recommendations'
  if (topic === 'choice-sets' && bytes <= MAX_JOURNAL_BYTES) return 'choice_sets'
  return undefined
}
