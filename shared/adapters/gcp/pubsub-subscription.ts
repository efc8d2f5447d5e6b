/** What a subscription is set to do. */
import { once } from './pubsub-calls.ts'
import { DELETED_TOPIC, type PubsubClient } from './pubsub-client.ts'
import { isMissing } from './pubsub-errors.ts'

export type SubscriptionFacts = {
  /** Null when it was deleted: then nothing comes any more, also when another was made under its name. */
  topic: string | null
  /** Empty: it is sent everything. */
  filter: string
  /** Null: whoever wants its messages pulls them. */
  push: { endpoint: string; account: string | null; audience: string | null } | null
  /** `project.dataset.table` that Pub/Sub writes its messages to; null: it does not. */
  table: string | null
  /** Null: what is refused comes again for as long as it is kept. */
  deadLetterTopic: string | null
  retentionMs: number
  /** After so long in which nobody read it, it is deleted; null: never. */
  expiresAfterMs: number | null
  /** Why Pub/Sub does not deliver, if it does not. */
  fault: string | null
}

/** Null when it is not there. */
export async function subscriptionFacts(
  client: PubsubClient,
  name: string,
): Promise<SubscriptionFacts | null> {
  try {
    const [found] = await client.ask(name, (subscriber, path) =>
      subscriber.getSubscription({ subscription: path }, once()),
    )
    const { pushConfig, bigqueryConfig, deadLetterPolicy, expirationPolicy } = found
    const endpoint = pushConfig?.pushEndpoint || null
    return {
      topic: found.topic == null || found.topic === DELETED_TOPIC ? null : lastPart(found.topic),
      filter: found.filter ?? '',
      push:
        endpoint === null
          ? null
          : {
              endpoint,
              account: pushConfig?.oidcToken?.serviceAccountEmail || null,
              audience: pushConfig?.oidcToken?.audience || null,
            },
      table: bigqueryConfig?.table || null,
      deadLetterTopic: deadLetterPolicy?.deadLetterTopic ? lastPart(deadLetterPolicy.deadLetterTopic) : null,
      retentionMs: millisOf(found.messageRetentionDuration) ?? 0,
      expiresAfterMs: millisOf(expirationPolicy?.ttl),
      fault: faultOf(found.detached, [bigqueryConfig?.state, found.state]),
    }
  } catch (error) {
    if (isMissing((error as Error).cause)) return null
    throw error
  }
}

function faultOf(isDetached: boolean | null | undefined, states: readonly unknown[]): string | null {
  if (isDetached) return 'it is detached from its topic'
  const state = states.find((state) => state != null && !HEALTHY.includes(String(state)))
  return state === undefined ? null : `its state is ${state}`
}

/** An emulator specifies none. */
const HEALTHY = ['ACTIVE', 'STATE_UNSPECIFIED']

const lastPart = (path: string) => path.split('/').at(-1) ?? path

function millisOf(duration: { seconds?: unknown } | null | undefined): number | null {
  return duration?.seconds == null ? null : Number(duration.seconds) * 1000
}
