import type { JobEvent } from '../domain/event.ts'
import { startFold } from '../domain/fold.ts'
import { decideAtFinish, decideAtStart, outcomeOf } from '../domain/shadow.ts'
import { EMPTY_STATE } from '../domain/state.ts'
import { decisionRow, encodeRow, outcomeRow } from '../schema/rows.ts'
import { breather } from './breathe.ts'
import { finishesInOrder } from './event-log.ts'
import type { Deps, Progress } from './handler.ts'

const CHUNK = 1000
/** The state of a decision about the past was never stored, so it has no generation of its own. */
const GENERATION = 'replay'

/**
 * Walks the finishes of the log and these events in the order they happened, and records for each of these events
 * what would have been decided from the state as it was then.
 *
 * @param events in event-time order, none of them in the log.
 */
export async function decidePast(
  events: readonly JobEvent[],
  deps: Pick<Deps, 'fleet' | 'settings' | 'warehouse'>,
  progress: Progress,
): Promise<void> {
  const { fleet, settings, warehouse } = deps
  const past = startFold(EMPTY_STATE, settings.lateAfterMs)
  const logged = finishesInOrder(warehouse)
  let rows: { decisions: object[]; outcomes: object[] } = { decisions: [], outcomes: [] }
  const flush = async () => {
    await warehouse.insert('runner_decisions', rows.decisions)
    await warehouse.insert('job_outcomes', rows.outcomes)
    rows = { decisions: [], outcomes: [] }
  }
  const breathe = breather()
  try {
    for (const [index, event] of events.entries()) {
      past.add(await logged.before(event.occurredAt))
      const context = {
        state: past.state,
        generation: GENERATION,
        fleet,
        decidedAt: event.occurredAt,
        lateAfterMs: settings.lateAfterMs,
      }
      if (event.kind === 'job.started') {
        const decision = decideAtStart(event, context)
        if (decision !== undefined) rows.decisions.push(encodeRow(decisionRow, decision))
      }
      if (event.kind === 'job.finished') {
        const decision = decideAtFinish(event, context)
        if (decision !== undefined) rows.decisions.push(encodeRow(decisionRow, decision))
        rows.outcomes.push(encodeRow(outcomeRow, outcomeOf(event)))
        past.add([event])
      }
      if (rows.decisions.length >= CHUNK) await flush()
      progress({ doing: 'deciding', done: index + 1, total: events.length })
      await breathe()
    }
    await flush()
  } finally {
    await logged.end()
  }
}
