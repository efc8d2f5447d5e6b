/** What a subscription of the embedded bus can be told. */
import type { Topic } from '../../ports.ts'

export type SubscriptionOptions = {
  name: string
  topic: Topic
  /** Handles message bodies, all or none; they are acknowledged when it resolves. */
  handle(bodies: unknown[]): Promise<void>
  /** Most messages in one call. */
  maxBatch?: number
  /** How long to gather a batch, so that a trickle does not commit row by row. */
  lingerMs?: number
  /** Attempts before a message becomes a dead letter. */
  maxAttempts?: number
  firstBackoffMs?: number
  onFailure?(failure: DeliveryFailure): void
}

export type DeliveryFailure = { subscription: string; messages: number; error: unknown; deadLetter: boolean }

export const DEFAULTS = { maxBatch: 250, lingerMs: 50, maxAttempts: 100, firstBackoffMs: 1000 }
/** As Pub/Sub's: 100 attempts with it take less than the day by which ids outlive the lateness window. */
export const MAX_BACKOFF_MS = 600_000
