/**
 * check-state: says each day that the state is the fold of the log (law 9), while both go on, and mends it if not.
 *
 * Trigger: daily, in the cloud; on one machine each start compares the two. Reads: state, log. Writes: where they differ
 * the state, made anew from the log. Repetition: as good as new.
 *
 * They differ when two witnesses of one job disagreed and learn was told of them in another order than they were
 * admitted in: the log decides (law 2). Any other difference is a fault, and so are events that learn has not had for an
 * hour; the log line makes an alert of each.
 */
import { TransientError } from '../shared/errors.ts'
import { foldLog } from '../shared/runtime/event-log.ts'
import type { Deps } from '../shared/runtime/handler.ts'
import { lagOf, learnedBy } from '../shared/runtime/log-lag.ts'
import { rebuildState } from '../shared/runtime/rebuild-state.ts'
import { encodeState } from '../shared/schema/state.ts'

type CheckDeps = Pick<Deps, 'state' | 'warehouse' | 'deliveries' | 'settings' | 'clock' | 'log'>

/** The log is written within seconds; so often it is looked at again, when it lacks what the state holds. */
const TRIES = 6
const PAUSE_MS = 20_000
/** Events that are not learned after so long may not be on their way any more; if they are, they count once all the same. */
const STUCK_AFTER_MS = 3_600_000

/** @throws TransientError when the log goes on lacking events that the state holds. */
export async function checkState(deps: CheckDeps): Promise<void> {
  const { state, warehouse, settings, clock, log } = deps
  const { lateAfterMs } = settings
  for (let tries = 1; ; tries += 1) {
    const snapshot = await state.read()
    const lag = await lagOf(snapshot, { warehouse, lateAfterMs })
    const { unlogged, unlearned, oldestUnlearnedAt } = lag
    if (unlogged === 0) {
      const isLearned = learnedBy(snapshot.state, lateAfterMs)
      const folded = await foldLog(warehouse, lateAfterMs, { only: isLearned })
      const isEqual = Buffer.from(encodeState(folded.state)).equals(encodeState(snapshot.state))
      const report = { generation: snapshot.generation, events: folded.events, unlearned }
      const ageMs = oldestUnlearnedAt === null ? 0 : clock.now() - oldestUnlearnedAt
      if (ageMs > STUCK_AFTER_MS)
        log.error('events.unlearned', { ...report, oldest_age_seconds: Math.round(ageMs / 1000) })
      else if (isEqual) return log.info('state.checked', report)
      else log.error('state.differed', report)
      await rebuildState(deps)
      return
    }
    if (tries === TRIES) {
      throw new TransientError(`the log lacks ${unlogged} events that the state holds`)
    }
    await pause()
  }
}

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, PAUSE_MS))
