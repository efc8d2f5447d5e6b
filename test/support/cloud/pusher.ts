/**
 * Pub/Sub's push, many at once: the emulator has one push of a subscription under way at a time, where Pub/Sub has up to
 * some thousands. Here a pull subscription of the emulator is pushed on, in Pub/Sub's own form.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Message, Subscription } from '@google-cloud/pubsub'
import type { Send } from './front-end.ts'

const BACKOFF_MS = 500

export function pushOn(
  subscription: Subscription,
  name: string,
  url: () => string,
  send: Send,
): { pushes: number; close(): Promise<void> } {
  const pusher = {
    pushes: 0,
    close: () => subscription.close(),
  }
  subscription.on('error', () => {})
  subscription.on('message', async (message: Message) => {
    pusher.pushes += 1
    const { id, data, attributes, publishTime, deliveryAttempt } = message
    const body = JSON.stringify({
      message: {
        data: data.toString('base64'),
        messageId: id,
        message_id: id,
        attributes,
        publishTime: publishTime.toISOString(),
      },
      subscription: `projects/played-project/subscriptions/${name}`,
      deliveryAttempt,
    })
    const status = await send(url(), Buffer.from(body))
    const isTaken = status !== undefined && status < 300
    if (isTaken) return message.ack()
    // The emulator's own backoff doubles without end.
    await sleep(BACKOFF_MS)
    message.nack()
  })
  return pusher
}
