/**
 * check-routing: takes a project back to advisory when its routed jobs do worse than the others.
 *
 * Trigger: hourly. Reads: decision_outcomes, document `modes`, fleet. Writes: `audit_log`, document `modes`. Repetition:
 * a project that has fallen back is judged no more, until a person clears it. In canary the control is what was drawn
 * uniformly; in autonomous it is what was not routed in the same weeks, which is not drawn at random: a weaker one.
 */

import { projectNamesOf } from '../shared/domain/decision.ts'
import { isRouting } from '../shared/domain/mode.ts'
import { type ComparedJob, compareRouted, whyTripped } from '../shared/domain/safeguard.ts'
import type { Deps } from '../shared/runtime/handler.ts'
import { modeWanted } from '../shared/runtime/mode-in-effect.ts'
import { updateDocument } from '../shared/runtime/update-document.ts'
import { encodeModeDocument, readModeDocument } from '../shared/schema/mode-document.ts'
import { auditRow, encodeRow } from '../shared/schema/rows.ts'

type RoutingDeps = Pick<Deps, 'clock' | 'documents' | 'fleet' | 'log' | 'settings' | 'warehouse'>

const WINDOW_MS = 14 * 86_400_000
/** The newest, when there are more. */
const MOST_JOBS = 20_000

export async function checkRouting(deps: RoutingDeps): Promise<void> {
  const { clock, documents, log } = deps
  const now = clock.now()
  const { fallen_back: fallenBack, cleared_at: clearedAt } = readModeDocument(
    (await documents.read('modes')).value,
  )
  for (const { id, names } of await routedProjects(now - WINDOW_MS, deps)) {
    if (fallenBack[id] !== undefined || !isRouting(modeWanted(names, deps).mode)) continue
    const since = Math.max(now - WINDOW_MS, clearedAt[id] ?? 0)
    const comparison = compareRouted(await jobsOf(id, since, deps))
    const reason = whyTripped(comparison)
    log.debug('routing.compared', { project_id: id, ...comparison })
    if (reason !== undefined) await fallBack(id, { at: now, reason }, { ...comparison }, deps)
  }
}

async function routedProjects(
  since: number,
  { warehouse }: RoutingDeps,
): Promise<{ id: string; names: string[] }[]> {
  const rows = await warehouse.query(
    `SELECT project_id, MAX(project_path) AS project_path FROM ci_metrics.decision_outcomes
     WHERE routed_decision_id IS NOT NULL AND decided_at >= CAST(@since AS TIMESTAMP)
     GROUP BY project_id ORDER BY project_id`,
    { since: new Date(since).toISOString() },
  )
  return rows.map(({ project_id: id, project_path: path }) => ({
    id: String(id),
    names: projectNamesOf(Number(id), typeof path === 'string' ? path : null),
  }))
}

/**
 * What ended; of a canary only what was drawn, which of the two groups whoever drew says. What was routed and ran
 * elsewhere all the same (an answer that came too late, a pipeline that ignores it) tells of neither.
 */
async function jobsOf(id: string, since: number, { warehouse }: RoutingDeps): Promise<ComparedJob[]> {
  const rows = await warehouse.query(
    `SELECT job_key, job_status, job_duration, routed_mode, routed_canary_group FROM ci_metrics.decision_outcomes
     WHERE project_id = @project_id AND COALESCE(landed_as_routed, TRUE) AND job_status IN ('success', 'failed') AND decided_at >= CAST(@since AS TIMESTAMP)
     ORDER BY decided_at DESC LIMIT ${MOST_JOBS}`,
    { project_id: Number(id), since: new Date(since).toISOString() },
  )
  const isCanary = rows.some((row) => row.routed_mode === 'canary')
  const isAutonomous = rows.some((row) => row.routed_mode === 'autonomous')
  return rows.flatMap((row): ComparedJob[] => {
    if (isCanary && !isAutonomous && row.routed_mode !== 'canary') return []
    return [
      {
        isRouted: row.routed_mode === 'autonomous' || row.routed_canary_group === 'policy',
        jobKey: String(row.job_key),
        isSuccess: row.job_status === 'success',
        durationSeconds: typeof row.job_duration === 'number' ? row.job_duration : null,
      },
    ]
  })
}

/** The row first: cut off before the document is written, it is done again, and the log says so twice. */
async function fallBack(
  id: string,
  fall: { at: number; reason: string },
  details: Record<string, unknown>,
  { documents, warehouse, log }: RoutingDeps,
): Promise<void> {
  const row = {
    auditId: `mode.fall_back/${id}/${new Date(fall.at).toISOString()}`,
    actedAt: fall.at,
    actor: 'check-routing',
    action: 'mode.fall_back' as const,
    subject: `project ${id}`,
    reason: fall.reason,
    details,
  }
  await warehouse.insert('audit_log', [encodeRow(auditRow, row)])
  await updateDocument(documents, 'modes', (value) => {
    const document = readModeDocument(value)
    return encodeModeDocument({ ...document, fallen_back: { ...document.fallen_back, [id]: fall } })
  })
  log.warning('mode.fell_back', { project_id: id, reason: fall.reason })
}
