/** How far back a state can tell whether it holds a job. */
import type { JobEvent } from './event.ts'
import { hourOf } from './folded.ts'
import type { BanditState } from './state.ts'
import { REDELIVERY_ALLOWANCE_MS } from './working-state.ts'

/**
 * Whether the state may have held the event's job and forgotten its id: then it cannot say whether the job is in the
 * sums. Only a message that comes again after days is so old, as a dead letter that is given back.
 */
export function mayBeForgotten(
  state: BanditState,
  { occurredAt }: Pick<JobEvent, 'occurredAt'>,
  lateAfterMs: number,
): boolean {
  if (state.newestFinishAt === null) return false
  return hourOf(occurredAt) < hourOf(state.newestFinishAt - lateAfterMs - REDELIVERY_ALLOWANCE_MS)
}
