/**
 * shadow: what each policy would have picked, and what became of the job.
 *
 * Trigger: topic `job-events`. Reads: state, fleet, what was seen of the runners; of GitLab, where there is a token, the
 * tags that the jobs ask for, for two seconds at most. Writes: tables `runner_decisions`, `job_outcomes`.
 * Repetition: a decision keeps the id of its event, an outcome its own; the views take the first of each.
 */
import { mayBeForgotten } from '../shared/domain/id-window.ts'
import { decideAtFinish, decideAtStart, outcomeOf } from '../shared/domain/shadow.ts'
import { breather } from '../shared/runtime/breathe.ts'
import type { Deps } from '../shared/runtime/handler.ts'
import { withJobTags } from '../shared/runtime/job-tags.ts'
import { siteFactsOf } from '../shared/runtime/site-facts.ts'
import { decodeMessage } from '../shared/schema/event.ts'
import { decisionRow, encodeRow, outcomeRow } from '../shared/schema/rows.ts'

export async function shadow(
  bodies: unknown[],
  deps: Pick<Deps, 'state' | 'warehouse' | 'documents' | 'gitlab' | 'fleet' | 'clock' | 'settings' | 'log'>,
): Promise<void> {
  const { state, warehouse, fleet, clock, settings, log } = deps
  const told = bodies.map(decodeMessage).filter((event) => !event.conflicting)
  const events = await withJobTags(told, deps)
  const snapshot = await state.read()
  const context = {
    state: snapshot.state,
    generation: snapshot.generation,
    fleet,
    decidedAt: clock.now(),
    site: siteFactsOf(deps),
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
