/** What waits in a subscription, without waiting for what does not. */
import { type PubSub, v1 } from '@google-cloud/pubsub'

export type Waiting = { data: Buffer; attributes: Record<string, string> }
export type Puller = {
  /** Takes all that waits. */
  take(subscription: string): Promise<Waiting[]>
  close(): Promise<void>
}

type Client = InstanceType<typeof v1.SubscriberClient>

export async function openPuller(pubsub: PubSub): Promise<Puller> {
  const config = await pubsub.getClientConfig()
  const client: Client = new v1.SubscriberClient(
    config as ConstructorParameters<typeof v1.SubscriberClient>[0],
  )
  return {
    async take(name) {
      const subscription = `projects/${pubsub.projectId}/subscriptions/${name}`
      const taken: Waiting[] = []
      while (true) {
        const [pulled] = await client.pull({ subscription, maxMessages: 1000, returnImmediately: true })
        const messages = pulled.receivedMessages ?? []
        if (messages.length === 0) return taken
        for (const { message } of messages) {
          const { data, attributes } = message ?? {}
          taken.push({ data: Buffer.from((data ?? '') as Uint8Array), attributes: attributes ?? {} })
        }
        await client.acknowledge({ subscription, ackIds: messages.map(({ ackId }) => ackId as string) })
      }
    },
    close: () => client.close(),
  }
}
