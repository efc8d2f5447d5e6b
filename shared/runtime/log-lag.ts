/** How far the log and the state are from each other while both go on. */
import type { Instant, JobEvent } from '../domain/event.ts'
import { isFolded, type JobIdentity } from '../domain/folded.ts'
import { mayBeForgotten } from '../domain/id-window.ts'
import type { BanditState } from '../domain/state.ts'
import type { StateSnapshot, StateStore, Warehouse } from '../ports.ts'
import { LOG_WRITER, lastResetAt } from './event-log.ts'

export type LogLag = {
  /** Events that the state holds and the log does not: what writes the log is behind, or has lost them. */
  unlogged: number
  /** Events of the log that the state does not hold: learn is behind, or has lost them. */
  unlearned: number
  /** When the oldest of these was received. */
  oldestUnlearnedAt: Instant | null
}

/** Witnesses of one finish may name another moment, by so much. */
const ALLOWANCE_MS = 2 * 86_400_000

/**
 * Compares the ids of the state with those of the log, as far as the ids reach back; what is older is taken as being in
 * both. A state of an epoch before the last reset holds nothing that counts.
 */
export async function lagOf(
  { state, resetAt }: Pick<StateSnapshot, 'state' | 'resetAt'>,
  { warehouse, lateAfterMs }: { warehouse: Warehouse; lateAfterMs: number },
): Promise<LogLag> {
  const lag: LogLag = { unlogged: 0, unlearned: 0, oldestUnlearnedAt: null }
  if (resetAt < (await lastResetAt(warehouse))) return lag
  for (const projects of state.folded.values())
    for (const ids of projects.values()) lag.unlogged += ids.length
  const since = (state.newestFinishAt ?? 0) - lateAfterMs - ALLOWANCE_MS
  for await (const page of warehouse.stream(finishesSince(Math.max(0, since)))) {
    for (const row of page) {
      const { instance, project_id: projectId, job_id: jobId } = row
      const occurredAt = Date.parse(row.occurred_at as string)
      const job = { instance, projectId, jobId } as JobIdentity
      // Also where the log counts another witness than was learned: it has not lost the job.
      if (isFolded(state.folded, job)) lag.unlogged -= 1
      else if (row.is_counted && !mayBeForgotten(state, { occurredAt }, lateAfterMs)) {
        const receivedAt = Date.parse(row.received_at as string)
        lag.unlearned += 1
        lag.oldestUnlearnedAt = Math.min(lag.oldestUnlearnedAt ?? receivedAt, receivedAt)
      }
    }
  }
  return lag
}

const finishesSince = (at: Instant) => `
  SELECT
    instance, project_id, job_id, MIN(occurred_at) AS occurred_at, MIN(received_at) AS received_at,
    COUNTIF(NOT late AND NOT conflicting) > 0 AS is_counted
  FROM ci_metrics.job_events
  WHERE
    kind = 'job.finished'
    AND occurred_at >= TIMESTAMP '${new Date(at).toISOString().replace('T', ' ').replace('Z', '+00')}'
    AND received_at > (SELECT COALESCE(MAX(reset_at), TIMESTAMP '1970-01-01 00:00:00+00') FROM ci_metrics.resets)
  GROUP BY instance, project_id, job_id`

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
    const { unlogged, unlearned } = await lagOf(await state.read(), log)
    if (unlogged === 0 || tries === TRIES) return { [LOG_WRITER]: unlogged, learn: unlearned }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}
