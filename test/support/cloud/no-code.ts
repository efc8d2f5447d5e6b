/** What Google does without code of ours: BigQuery subscriptions write tables, a log sink publishes lines. */
import type { Message, PubSub, Subscription } from '@google-cloud/pubsub'
import type { TableName, Warehouse } from '../../../shared/ports.ts'

const EVERY_MS = 50

/** Writes what a subscription has as rows of a table, at least once, as they are. */
export function bigquerySubscription(
  subscription: Subscription,
  table: TableName,
  warehouse: Pick<Warehouse, 'insert'>,
): { close(): Promise<void> } {
  let waiting: Message[] = []
  let writing: Promise<void> = Promise.resolve()
  const write = async () => {
    const messages = waiting
    waiting = []
    if (messages.length === 0) return
    try {
      await warehouse.insert(
        table,
        messages.map(({ data }) => JSON.parse(data.toString())),
      )
      for (const message of messages) message.ack()
    } catch {
      for (const message of messages) message.nack()
    }
  }
  const timer = setInterval(() => {
    writing = writing.then(write)
  }, EVERY_MS)
  subscription.on('message', (message: Message) => waiting.push(message))
  subscription.on('error', () => {})
  return {
    async close() {
      clearInterval(timer)
      await writing
      await subscription.close()
    },
  }
}

/** Publishes those lines of a function's stdout that the sink's filter lets pass, as entries of Cloud Logging. */
export function logSink(pubsub: PubSub, topic: string): (line: string) => void {
  return (line) => {
    if (!line.startsWith('{')) return
    const jsonPayload = JSON.parse(line) as { message?: string }
    if (jsonPayload.message !== 'row.journaled') return
    const entry = { insertId: String(Math.random()), logName: 'stdout', jsonPayload }
    pubsub
      .topic(topic)
      .publishMessage({ json: entry })
      .catch(() => {})
  }
}
