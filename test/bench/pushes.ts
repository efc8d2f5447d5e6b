/** What Pub/Sub brings to learn: job events as they are on the bus, alone or as the bodies of pushes. */
import type { JobEvent } from '../../shared/domain/event.ts'
import { shardOf } from '../../shared/domain/shard.ts'
import { encodeEvent } from '../../shared/schema/event.ts'
import { type Size, wantedSuccesses } from './learned.ts'

/** The example fleet, and as many kinds of job as a large group has. */
export const REALISTIC: Size = { arms: 11, jobKeys: 200 }

export type Part = { shard: number; shards: number }

/** Finishes of one shard, none of which is among the first `after` jobs. */
const finishes = (count: number, after: number, { shard, shards }: Part): JobEvent[] =>
  wantedSuccesses(count, after, REALISTIC, (...job) => shardOf(...job, shards) === shard)

const dataOf = (event: JobEvent) => Buffer.from(JSON.stringify(encodeEvent(event)))

/** The data of messages. */
export const eventBodies = (count: number, after: number, part: Part): Buffer[] =>
  finishes(count, after, part).map(dataOf)

/** Requests as Pub/Sub makes them, with all that it says beside the message. */
export function pushes(count: number, after: number, part: Part): Buffer[] {
  const { shard, shards } = part
  const name = shards === 1 ? 'learn' : `learn-${shard}`
  return finishes(count, after, part).map((event, index) => {
    const messageId = String(9_000_000_000_000_000 + index)
    const publishTime = new Date(event.receivedAt).toISOString()
    const attributes = { type: event.kind, project_id: String(event.projectId), shard: String(shard) }
    const data = dataOf(event).toString('base64')
    const message = {
      attributes,
      data,
      messageId,
      message_id: messageId,
      publishTime,
      publish_time: publishTime,
    }
    const subscription = `projects/bench-project/subscriptions/${name}`
    return Buffer.from(JSON.stringify({ deliveryAttempt: 1, message, subscription }))
  })
}
