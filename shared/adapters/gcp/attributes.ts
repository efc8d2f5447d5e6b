/** What messages carry beside their body on Pub/Sub: what subscriptions filter by, and the way of a dead letter. */
import * as z from 'zod'
import { shardOf } from '../../domain/shard.ts'

export type Attributes = Readonly<Record<string, string>>

const event = z.object({ kind: z.string(), project_id: z.int(), job_id: z.int() })
const ofProject = z.object({ project_id: z.int() })

/**
 * `type`: the kind of a job event; `project_id`: whose it is, where it is known; `shard`: which part of the state a
 * job event belongs to.
 */
export function attributesOf(body: unknown, shards: number): Attributes {
  const told = event.safeParse(body).data
  if (told === undefined) {
    const projectId = ofProject.safeParse(body).data?.project_id
    return projectId === undefined ? {} : { project_id: String(projectId) }
  }
  return {
    type: told.kind,
    project_id: String(told.project_id),
    shard: String(shardOf(told.project_id, told.job_id, shards)),
  }
}

/** So long may the value of an attribute be. */
const MAX_VALUE_BYTES = 1024

/** What our own copy of a message that can never be handled carries. */
export function buriedAttributes(
  attributes: Attributes,
  died: { subscription: string; topic?: string | undefined; reason: string },
): Attributes {
  const { subscription, topic, reason } = died
  return {
    ...withoutDeath(attributes),
    subscription,
    reason: cut(reason),
    ...(topic === undefined ? {} : { topic }),
  }
}

/** What a message carries that is given back; `run` orders the redrives. */
export function redrivenAttributes(attributes: Attributes, subscription: string, run: number): Attributes {
  return { ...withoutDeath(attributes), redrive_for: subscription, redriven_at: String(run) }
}

/** Which redrive a letter was given back by before; 0 when it never was. */
export function lastRedrive(attributes: Attributes): number {
  return Number(attributes.redriven_at ?? 0)
}

/** Pub/Sub's own marks on what was nacked too often; it does not name the topic. */
const PUBSUB_MARK = 'CloudPubSubDeadLetterSource'
const OUR_MARKS = new Set(['subscription', 'topic', 'reason'])

/** Who gave up on a letter, and why; undefined when it does not say who. */
export function deathOf(attributes: Attributes): { subscription: string | undefined; reason: string } {
  // Our copies carry none of Pub/Sub's marks: where both are, Pub/Sub's are the later ones.
  const source = attributes[`${PUBSUB_MARK}Subscription`]
  if (source === undefined) {
    return { subscription: attributes.subscription, reason: attributes.reason ?? 'it does not say why' }
  }
  const attempts = attributes[`${PUBSUB_MARK}DeliveryCount`] ?? 'many'
  const told = attributes[`${PUBSUB_MARK}DeliveryErrorMessage`]
  return {
    subscription: source.split('/').at(-1),
    reason: `gave up after ${attempts} attempts${told === undefined ? '' : `: ${told}`}`,
  }
}

function withoutDeath(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(([name]) => !OUR_MARKS.has(name) && !name.startsWith(PUBSUB_MARK)),
  )
}

function cut(text: string): string {
  // Streaming leaves out a character that is cut in two.
  return new TextDecoder().decode(Buffer.from(text).subarray(0, MAX_VALUE_BYTES), { stream: true })
}
