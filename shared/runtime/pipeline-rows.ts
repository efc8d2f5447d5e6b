/** What the tables tell of a pipeline's jobs: the decisions on them, and the recommendations that they were given. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Row, Warehouse } from '../ports.ts'
import type { Deps } from './handler.ts'

/** A pipeline and its child pipelines. */
export type Pipelines = { instance: string; projectId: number; pipelineIds: readonly number[] }

/** `cut`: why these are not all. */
export type PipelineRows = { rows: Row[]; cut?: string }

const MAX_ROWS = 1000
const MS_PER_DAY = 86_400_000
/** A pipeline ends within days of what it asked; this bounds what BigQuery reads. */
const ASKED_WITHIN_MS = 31 * MS_PER_DAY

/**
 * The rows of `decision_outcomes`, by job. Waits for those of jobs that were told of a moment ago, since they are decided
 * on beside this.
 * @param options.awaited ids of jobs; `patience` ends the waiting, and what is there by then is the answer.
 */
export async function decisionsOf(
  pipelines: Pipelines,
  warehouse: Warehouse,
  {
    awaited,
    lookEveryMs,
    patience,
  }: { awaited: readonly number[]; lookEveryMs: number; patience: AbortSignal },
): Promise<PipelineRows> {
  const ids = idsOf(pipelines)
  const sql = `SELECT decision_id, pipeline_id, job_id, job_name, stage, decided_at, decided_late, tags_source,
       actual_runner, mab_runner, nsai_runner, nsai_feasible_count, nsai_confidence, mab_would_match, nsai_would_match,
       job_status, job_duration, queued_seconds, failure_reason, reward,
       routed_decision_id, routed_runner, routed_propensity, routed_policy, routed_mode, landed_as_routed
     FROM ci_metrics.decision_outcomes
     WHERE instance = @instance AND project_id = @project_id AND pipeline_id IN (${ids.list})
     ORDER BY job_id LIMIT ${MAX_ROWS + 1}`
  const parameters = { instance: pipelines.instance, project_id: pipelines.projectId, ...ids.parameters }
  while (true) {
    const rows = await warehouse.query(sql, parameters)
    if (rows.length > MAX_ROWS) return cutOf(rows, 'decisions')
    const decided = new Set(rows.filter((row) => row.job_status !== null).map((row) => row.job_id))
    const waiting = awaited.filter((id) => !decided.has(id)).length
    if (waiting === 0) return { rows }
    if (patience.aborted) return { rows, cut: `${waiting} jobs are still being decided on` }
    await sleep(lookEveryMs, undefined, { signal: patience }).catch(() => {})
  }
}

/** The rows of `recommendations`, in the order in which they were given. */
export async function recommendationsOf(
  pipelines: Pipelines,
  { warehouse, clock }: Pick<Deps, 'warehouse' | 'clock'>,
): Promise<PipelineRows> {
  const ids = idsOf(pipelines)
  const sql = `SELECT decision_id, decided_at, pipeline_id, kind, job_name, job_tags, mode, routed, canary_group,
       policy, policy_version, arm, tag, propensity, confidence, feasible_count, reason
     FROM ci_metrics.recommendations
     WHERE project_id = @project_id AND pipeline_id IN (${ids.list}) AND decided_at >= CAST(@since AS TIMESTAMP)
     QUALIFY ROW_NUMBER() OVER (PARTITION BY decision_id ORDER BY decided_at) = 1
     ORDER BY decided_at, decision_id LIMIT ${MAX_ROWS + 1}`
  const since = new Date(clock.now() - ASKED_WITHIN_MS).toISOString()
  const parameters = { project_id: pipelines.projectId, since, ...ids.parameters }
  return cutOf(await warehouse.query(sql, parameters), 'recommendations')
}

function idsOf({ pipelineIds }: Pipelines) {
  const parameters = Object.fromEntries(pipelineIds.map((id, index) => [`pipeline_${index}`, id]))
  const list = Object.keys(parameters)
    .map((name) => `@${name}`)
    .join(', ')
  return { parameters, list }
}

function cutOf(rows: Row[], what: string): PipelineRows {
  if (rows.length <= MAX_ROWS) return { rows }
  return { rows: rows.slice(0, MAX_ROWS), cut: `there are more than ${MAX_ROWS} ${what}` }
}
