/** Pub/Sub's bus for its contract, on the emulator: a project of its own for each test, and handlers that are streamed to. */
import { randomUUID } from 'node:crypto'
import { PubSub, type Message as PubsubMessage } from '@google-cloud/pubsub'
import { openPubsubBus, type PubsubOptions } from '../../shared/adapters/gcp/pubsub.ts'
import { isForMe } from '../../shared/domain/addressee.ts'
import { InvalidInputError, TransientError } from '../../shared/errors.ts'
import type { Log } from '../../shared/ports.ts'
import { createPubsub, type Emulator, type PlannedSubscription } from '../support/pubsub-emulator.ts'
import type { BusHarness, BusUnderTest } from './event-bus.harness.ts'

/** As infra/ does, the subscriptions are made before anything is published; Pub/Sub keeps nothing for later ones. */
const READERS: readonly PlannedSubscription[] = [
  ...['reader', 'later', 'one', 'two', 'mended', 'broken', 'well'].map((name) => ({
    name,
    topic: 'job-events',
    maxDeliveryAttempts: 5,
  })),
  { name: 'other', topic: 'quarantine', maxDeliveryAttempts: 5 },
]

export const silent: Log = { debug() {}, info() {}, warning() {}, error() {} }

export type PubsubPlace = {
  projectId: string
  open(options?: Partial<PubsubOptions>): ReturnType<typeof openPubsubBus>
}

/** A project with topics and subscriptions. */
export async function freshProject(
  emulator: Emulator,
  readers: readonly PlannedSubscription[] = READERS,
): Promise<PubsubPlace> {
  const projectId = `p-${randomUUID()}`
  await createPubsub(emulator, projectId, readers)
  return {
    projectId,
    open: (options = {}) =>
      openPubsubBus({
        projectId,
        apiEndpoint: emulator.host,
        shards: 1,
        log: silent,
        journal() {},
        // A machine may be busy with other tests.
        emptyAfterMs: 1000,
        publishWithinMs: 30_000,
        ...options,
      }),
  }
}

/** The bus with handlers in this process, which a function has by being pushed to. */
function underTest(bus: ReturnType<typeof openPubsubBus>, pubsub: PubSub): BusUnderTest {
  const subscriptions: ReturnType<PubSub['subscription']>[] = []
  const notHere = async () => {
    throw new TransientError('functions are not waited for by the bus')
  }

  function subscribe({ name, handle }: Parameters<BusUnderTest['subscribe']>[0]): void {
    const subscription = pubsub.subscription(name, { flowControl: { maxMessages: 10_000 } })
    subscriptions.push(subscription)
    subscription.on('error', () => {})
    subscription.on('message', async (message: PubsubMessage) => {
      const { data, attributes } = message
      try {
        if (isForMe(attributes, name)) await handle([JSON.parse(data.toString())]).catch(bury)
        message.ack()
      } catch {
        message.nack()
      }

      async function bury(error: unknown): Promise<void> {
        if (!(error instanceof InvalidInputError)) throw error
        await bus.bury({ subscription: name, data, attributes, reason: error.message })
      }
    })
  }

  return {
    ...bus,
    drained: notHere,
    hold: notHere,
    subscribe,
    async close() {
      await Promise.all(subscriptions.map((subscription) => subscription.close()))
      await bus.close()
      await pubsub.close()
    },
  }
}

export function pubsubHarness(emulator: Emulator): BusHarness {
  const byProvider = 'Pub/Sub keeps it to its monitoring'
  return {
    adapter: 'Pub/Sub',
    async fresh() {
      const place = await freshProject(emulator)
      return {
        open: () =>
          underTest(place.open(), new PubSub({ projectId: place.projectId, apiEndpoint: emulator.host })),
      }
    },
    remembersKeys: { cannot: 'Pub/Sub knows no keys; the ids in the state and the views drop repeats' },
    isBounded: { cannot: 'Pub/Sub takes as much as comes' },
    tellsDepths: { cannot: byProvider },
    waitsForHandlers: { cannot: 'its handlers run in functions; a hold is of the state, by its object' },
    handsOverBatches: { cannot: 'Pub/Sub pushes messages one by one' },
    backsOff: { cannot: 'the emulator is loose about when it tries again' },
    handlesOnce: { cannot: 'Pub/Sub delivers again what is not acknowledged in time' },
    sparesOutages: { cannot: 'Pub/Sub counts every refusal alike; infra/ allows 100 in 15 hours' },
    knowsItsReaders: { cannot: 'a subscription is there whether or not somebody reads it' },
  }
}
