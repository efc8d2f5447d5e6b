/** The connection to Pub/Sub: loaded and made at first use, bounded in time, with errors of our own. */
import type { PubSub, Topic, v1 } from '@google-cloud/pubsub'
import { InvalidInputError, TransientError } from '../../errors.ts'
import type { Attributes } from './attributes.ts'
import { requireCredentials } from './google-credentials.ts'
import { inTime, once, publishOptions, severalTimes, translating } from './pubsub-calls.ts'
import { codeOf, isMissing } from './pubsub-errors.ts'

export type Subscriber = InstanceType<typeof v1.SubscriberClient>
type Publisher = InstanceType<typeof v1.PublisherClient>

export type PubsubClient = {
  projectId: string
  /**
   * Resolves when Pub/Sub has the message.
   * @throws TransientError when it does not say so in time, ConfigError when the topic is not there or not ours,
   *   InvalidInputError for what it never takes.
   */
  publish(topic: string, data: Buffer, attributes: Attributes): Promise<void>
  /** Calls Pub/Sub about a subscription, and again a few times when that may help. */
  ask<T>(subscription: string, call: (subscriber: Subscriber, path: string) => Promise<T>): Promise<T>
  /** The topic that a subscription reads; undefined when one of them is gone. */
  topicOf(subscription: string): Promise<string | undefined>
  /** Whether there is such a topic. */
  hasTopic(name: string): Promise<boolean>
  /** Sends what was published, and lets the connections go. */
  close(): Promise<void>
}

export type ClientOptions = {
  projectId: string
  /** Another address than Google's, as `host:port`; left out, PUBSUB_EMULATOR_HOST counts. */
  apiEndpoint?: string | undefined
  /** So long may a publication take: who sends a webhook waits ten seconds. */
  publishWithinMs?: number | undefined
}

const PUBLISH_WITHIN_MS = 7_000
/** Pub/Sub takes 10 MB with the attributes; what is larger it may leave unanswered. */
const MAX_MESSAGE_BYTES = 9_900_000

/** What a subscription reads whose topic was deleted. */
export const DELETED_TOPIC = '_deleted-topic_'

export function openPubsubClient({
  projectId,
  apiEndpoint,
  publishWithinMs = PUBLISH_WITHIN_MS,
}: ClientOptions): PubsubClient {
  const topics = new Map<string, Topic>()
  const topicNames = new Map<string, Promise<string | undefined>>()
  const underWay = new Set<Promise<unknown>>()
  let opening: Promise<PubSub> | undefined
  /** Each of its own: some functions only publish, some do not. */
  let publishing: Promise<Publisher> | undefined
  let subscribing: Promise<Subscriber> | undefined
  let closing: Promise<void> | undefined

  async function open(): Promise<PubSub> {
    const { PubSub } = await import('@google-cloud/pubsub')
    const pubsub = new PubSub({ projectId, ...(apiEndpoint === undefined ? {} : { apiEndpoint }) })
    // An emulator asks for none.
    if (!pubsub.isEmulator) await requireCredentials(pubsub.auth)
    return pubsub
  }

  async function opened(): Promise<PubSub> {
    if (closing !== undefined) throw new TransientError('the bus is closed')
    opening ??= kept(open())
    return opening
  }

  /**
   * A client is made ready here: one that becomes so with its first call, and finds no credentials, ends the process
   * by a rejection that nobody can catch.
   */
  async function madeReady<T extends { initialize(): Promise<unknown> }>(client: T): Promise<T> {
    await client.initialize()
    return client
  }

  async function connectPublisher(pubsub: PubSub): Promise<Publisher> {
    const client = await pubsub.getClientAsync_({ client: 'PublisherClient' })
    return madeReady(client as unknown as Publisher)
  }

  async function connectSubscriber(): Promise<Subscriber> {
    const [{ v1 }, pubsub] = await Promise.all([import('@google-cloud/pubsub'), opened()])
    const config = await pubsub.getClientConfig()
    return madeReady(new v1.SubscriberClient(config as ConstructorParameters<typeof v1.SubscriberClient>[0]))
  }

  /** A client that found no credentials keeps that answer for ever: the next call makes another. */
  function forget(): void {
    opening = undefined
    publishing = undefined
    subscribing = undefined
    topics.clear()
  }

  function kept<T>(client: Promise<T>): Promise<T> {
    client.catch(forget)
    return client
  }

  function startOver(error: unknown): never {
    if (codeOf(error) === undefined && !(error instanceof TransientError)) forget()
    throw error
  }

  async function topicNamed(name: string): Promise<Topic> {
    const pubsub = await opened()
    publishing ??= kept(connectPublisher(pubsub))
    await publishing
    const topic = topics.get(name) ?? pubsub.topic(name, publishOptions(publishWithinMs))
    topics.set(name, topic)
    return topic
  }

  async function publish(name: string, data: Buffer, attributes: Attributes): Promise<void> {
    if (data.length > MAX_MESSAGE_BYTES) {
      throw new InvalidInputError(`the message has ${data.length} bytes; Pub/Sub takes ${MAX_MESSAGE_BYTES}`)
    }
    const asked = { what: 'topic', name, projectId, role: 'roles/pubsub.publisher' } as const
    const sending = topicNamed(name).then((topic) => topic.publishMessage({ data, attributes }))
    await translating(asked, () => inTime(sending, publishWithinMs).catch(startOver))
  }

  async function ask<T>(
    subscription: string,
    call: (subscriber: Subscriber, path: string) => Promise<T>,
  ): Promise<T> {
    if (closing !== undefined) throw new TransientError('the bus is closed')
    const path = `projects/${projectId}/subscriptions/${subscription}`
    const role = 'roles/pubsub.subscriber and, to redrive, roles/pubsub.viewer'
    const asked = { what: 'subscription', name: subscription, projectId, role } as const
    return translating(asked, () =>
      severalTimes(async () => {
        subscribing ??= kept(connectSubscriber())
        return call(await subscribing, path)
      }).catch(startOver),
    )
  }

  async function hasTopic(name: string): Promise<boolean> {
    const asked = { what: 'topic', name, projectId, role: 'roles/pubsub.viewer' } as const
    const topic = `projects/${projectId}/topics/${name}`
    try {
      await translating(asked, () =>
        severalTimes(async () => {
          publishing ??= kept(opened().then(connectPublisher))
          await (await publishing).getTopic({ topic }, once())
        }).catch(startOver),
      )
      return true
    } catch (error) {
      if (isMissing((error as Error).cause)) return false
      throw error
    }
  }

  async function findTopic(subscription: string): Promise<string | undefined> {
    try {
      const [{ topic }] = await ask(subscription, (subscriber, path) =>
        subscriber.getSubscription({ subscription: path }, once()),
      )
      return topic == null || topic === DELETED_TOPIC ? undefined : topic.split('/').at(-1)
    } catch (error) {
      if (isMissing((error as Error).cause)) return undefined
      throw error
    }
  }

  async function closeNow(): Promise<void> {
    await Promise.allSettled([...underWay])
    await Promise.allSettled([opening, subscribing].map(async (client) => (await client)?.close()))
  }

  function counted<T>(work: Promise<T>): Promise<T> {
    underWay.add(work)
    const done = () => underWay.delete(work)
    work.then(done, done)
    return work
  }

  return {
    projectId,
    publish: (...message) => counted(publish(...message)),
    ask: (...question) => counted(ask(...question)),
    hasTopic: (name) => counted(hasTopic(name)),
    topicOf(subscription) {
      const known = topicNames.get(subscription) ?? findTopic(subscription)
      topicNames.set(subscription, known)
      known.catch(() => topicNames.delete(subscription))
      return known
    },
    close() {
      closing ??= closeNow()
      return closing
    },
  }
}
