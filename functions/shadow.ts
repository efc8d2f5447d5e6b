/**
 * shadow: what each policy would have picked, and what became of the job.
 *
 * Trigger: topic `job-events`. Reads: state, fleet. Writes: tables `runner_decisions`, `job_outcomes`.
 * Repetition: a decision keeps the id of its event, an outcome its own; the views take the first of each.
 */
import { mayBeForgotten } from '../shared/domain/id-window.ts'
import { decideAtFinish, decideAtStart, outcomeOf } from '../shared/domain/shadow.ts'
import { breather } from '../shared/runtime/breathe.ts'
import type { Deps } from '../shared/runtime/handler.ts'
import { decodeMessage } from '../shared/schema/event.ts'
import { decisionRow, encodeRow, outcomeRow } from '../shared/schema/rows.ts'

export async function shadow(
  bodies: unknown[],
  {
    state,
    warehouse,
    fleet,
    clock,
    settings,
    log,
  }: Pick<Deps, 'state' | 'warehouse' | 'fleet' | 'clock' | 'settings' | 'log'>,
): Promise<void> {
  const events = bodies.map(decodeMessage).filter((event) => !event.conflicting)
  const snapshot = await state.read()
  const context = {
    state: snapshot.state,
    generation: snapshot.generation,
    fleet,
    decidedAt: clock.now(),
    lateAfterMs: settings.lateAfterMs,
  }
  const starts = events.filter(({ kind }) => kind === 'job.started')
  const finishes = events.filter(({ kind }) => kind === 'job.finished')
  const decisions: object[] = []
  const breathe = breather()
  for (const event of [...starts, ...finishes]) {
    // The state may hold the outcome of so old a message and not know it any more. What is late was
    // not learned when it was first told; told again, the view keeps the first decision.
    if (!event.late && mayBeForgotten(snapshot.state, event, settings.lateAfterMs)) continue
    const decide = event.kind === 'job.started' ? decideAtStart : decideAtFinish
    const decision = decide(event, context)
    if (decision !== undefined) decisions.push(encodeRow(decisionRow, decision))
    await breathe()
  }

  await warehouse.insert('runner_decisions', decisions)
  await warehouse.insert(
    'job_outcomes',
    finishes.map((event) => encodeRow(outcomeRow, outcomeOf(event))),
  )
  log.debug('decisions.recorded', { decisions: decisions.length, outcomes: finishes.length })
}
