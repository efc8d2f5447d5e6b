/** The inbox on Pub/Sub: a function that comes on a schedule pulls what waits, and acknowledges what it has done. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { isForMe } from '../../domain/addressee.ts'
import type { Inbox, TakenMessages } from '../../ports.ts'
import { NOT_JSON, parseBody } from '../../schema/intake.ts'
import type { PubsubClient } from './pubsub-client.ts'
import type { Bury } from './pubsub-dead-letters.ts'
import { type LeaseOptions, openLease, type Pulled } from './pubsub-lease.ts'

/** So many bodies are parsed before others have a turn. */
const PARSED_AT_ONCE = 1000

/** `close` gives back what was taken and never acknowledged. */
export function openPubsubInbox(
  client: PubsubClient,
  bury: Bury,
  options: LeaseOptions,
): Inbox & { close(): Promise<void> } {
  const leases = new Set<ReturnType<typeof openLease>>()

  function lend(subscription: string) {
    const lease = openLease(client, subscription, options)
    const open = {
      ...lease,
      async close() {
        leases.delete(open)
        await lease.close()
      },
    }
    leases.add(open)
    return open
  }

  /** Sorts what was pulled: bodies to handle, by the id of the message; `others` are done with. */
  async function sorted(subscription: string, pulled: readonly Pulled[]) {
    const mine: Pulled[] = []
    const others: Pulled[] = []
    const bodies = new Map<string, unknown>()
    for (const [index, message] of pulled.entries()) {
      if (index % PARSED_AT_ONCE === 0) await nextTurn()
      const { id, data, attributes } = message
      const body = isForMe(attributes, subscription) ? parseBody(data) : undefined
      if (body === NOT_JSON) await bury({ subscription, data, attributes, reason: 'it is not JSON in UTF-8' })
      if (body === NOT_JSON || body === undefined) {
        others.push(message)
        continue
      }
      mine.push(message)
      bodies.set(id, body)
    }
    return { mine, others, bodies }
  }

  async function take(subscription: string, max: number): Promise<TakenMessages> {
    const lease = lend(subscription)
    try {
      const { mine, others, bodies } = await sorted(subscription, await lease.pull(max))
      await lease.ack(others)
      if (mine.length === 0) await lease.close()
      return {
        bodies: [...bodies.values()],
        async bury(body, reason) {
          const message = mine.find(({ id }) => bodies.get(id) === body)
          if (message === undefined) throw new RangeError('this body was not taken here')
          await bury({ subscription, data: message.data, attributes: message.attributes, reason })
        },
        giveBack: () => lease.close(),
        async ack() {
          try {
            await lease.ack(mine)
          } finally {
            await lease.close()
          }
        },
      }
    } catch (error) {
      await lease.close()
      throw error
    }
  }

  return {
    take,
    async close() {
      await Promise.all([...leases].map((lease) => lease.close()))
    },
  }
}
