import { setImmediate as breathe } from 'node:timers/promises'
import type { JobEvent } from '../domain/event.ts'
import { startFold } from '../domain/fold.ts'
import { decideAtFinish, decideAtStart, outcomeOf } from '../domain/shadow.ts'
import { EMPTY_STATE } from '../domain/state.ts'
import { decisionRow, encodeRow, outcomeRow } from '../schema/rows.ts'
import { finishesInOrder } from './event-log.ts'
import type { Deps, Progress } from './handler.ts'

const CHUNK = 1000
/** Decisions in one go; then whoever waits for an answer of this process gets it. */
const BREATH = 50
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
      rows.decisions.push(encodeRow(decisionRow, decideAtFinish(event, context)))
      rows.outcomes.push(encodeRow(outcomeRow, outcomeOf(event)))
      past.add([event])
    }
    if (rows.decisions.length >= CHUNK) await flush()
    progress({ doing: 'deciding', done: index + 1, total: events.length })
    if (index % BREATH === 0) await breathe()
  }
  await flush()
  await logged.end()
}
