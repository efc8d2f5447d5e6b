/** How far the log and the state are from each other while both go on. */
import type { Instant, JobEvent } from '../domain/event.ts'
import { isFolded } from '../domain/folded.ts'
import { mayBeForgotten } from '../domain/id-window.ts'
import type { BanditState } from '../domain/state.ts'
import type { StateStore, Warehouse } from '../ports.ts'
import { countedFinishes, LOG_WRITER } from './event-log.ts'

export type LogLag = {
  /** Events that the state holds and the log does not: what writes the log is behind, or has lost them. */
  unlogged: number
  /** Events of the log that the state does not hold: learn is behind, or has lost them. */
  unlearned: number
  /** When the oldest of these was received. */
  oldestUnlearnedAt: Instant | null
}

/**
 * Compares the ids of the state with those of the log. What is older than the ids reach back is taken as being in both.
 */
export async function lagOf(
  state: BanditState,
  { warehouse, lateAfterMs }: { warehouse: Warehouse; lateAfterMs: number },
): Promise<LogLag> {
  const isLearned = learnedBy(state, lateAfterMs)
  let unlogged = 0
  for (const projects of state.folded.values()) for (const ids of projects.values()) unlogged += ids.length
  let unlearned = 0
  let oldestUnlearnedAt: Instant | null = null
  for await (const page of countedFinishes(warehouse)) {
    for (const event of page) {
      if (isFolded(state.folded, event)) unlogged -= 1
      else if (!isLearned(event)) {
        unlearned += 1
        oldestUnlearnedAt = Math.min(oldestUnlearnedAt ?? event.receivedAt, event.receivedAt)
      }
    }
  }
  return { unlogged, unlearned, oldestUnlearnedAt }
}

/** Whether the state holds the event, or is as old as to hold it without its id. */
export function learnedBy(state: BanditState, lateAfterMs: number): (event: JobEvent) => boolean {
  return (event) => isFolded(state.folded, event) || mayBeForgotten(state, event, lateAfterMs)
}

/** The log is written within seconds of the events' publication; so often it is looked at again. */
const TRIES = 6
const PAUSE_MS = 5000

/**
 * What the subscriptions have yet to handle, for whoever holds them where nobody counts that: by the ids in the state
 * and in the log. Waits up to half a minute for a log that lacks what the state holds.
 */
export async function settledLag(
  state: Pick<StateStore, 'read'>,
  log: Parameters<typeof lagOf>[1],
): Promise<Record<string, number>> {
  for (let tries = 1; ; tries += 1) {
    const { unlogged, unlearned } = await lagOf((await state.read()).state, log)
    if (unlogged === 0 || tries === TRIES) return { [LOG_WRITER]: unlogged, learn: unlearned }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}
