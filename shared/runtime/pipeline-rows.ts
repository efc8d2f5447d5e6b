/** What the tables tell of a pipeline's jobs: the decisions on them, and the recommendations that they were given. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Instant } from '../domain/event.ts'
import type { Row, Warehouse } from '../ports.ts'

/** A pipeline and its child pipelines; of what is older than `since` nothing is read. */
export type Pipelines = {
  instance: string
  projectId: number
  pipelineIds: readonly number[]
  since: Instant
}

/** `cut`: why these are not all. */
export type PipelineRows = { rows: Row[]; cut?: string }

const MAX_ROWS = 1000

/** `awaited`: ids of jobs that ended; `patience` ends the waiting. */
type Waiting = { awaited: readonly number[]; lookEveryMs: number; patience: AbortSignal }

/**
 * The rows of `decision_outcomes`, by job. Waits for those of jobs that were told of a moment ago, since they are decided
 * on beside this; what is there when patience ends is the answer.
 */
export async function decisionsOf(
  pipelines: Pipelines,
  warehouse: Warehouse,
  waiting: Waiting,
): Promise<PipelineRows> {
  const undecided = await undecidedOf(pipelines, warehouse, waiting)
  const ids = idsOf(pipelines)
  const sql = `SELECT decision_id, pipeline_id, job_id, job_name, stage, decided_at, decided_late, tags_source,
       actual_runner, mab_runner, nsai_runner, nsai_feasible_count, nsai_confidence, mab_would_match, nsai_would_match,
       job_status, job_duration, queued_seconds, failure_reason, reward,
       routed_decision_id, routed_runner, routed_propensity, routed_policy, routed_mode, landed_as_routed
     FROM ci_metrics.decision_outcomes
     WHERE instance = @instance AND project_id = @project_id AND pipeline_id IN (${ids.list})
       AND decided_at >= CAST(@since AS TIMESTAMP)
     ORDER BY job_id LIMIT ${MAX_ROWS + 1}`
  const parameters = { ...ofProject(pipelines), ...ids.parameters }
  const told = cutOf(await warehouse.query(sql, parameters), 'decisions')
  return undecided === 0 ? told : { cut: `${undecided} jobs are still being decided on`, ...told }
}

/**
 * How many of them are not decided on when patience ends. Looks at a table of which BigQuery reads the last days only, and
 * not at the view, which reads several; an outcome is written after its decision.
 */
async function undecidedOf(
  pipelines: Pipelines,
  warehouse: Warehouse,
  { awaited, lookEveryMs, patience }: Waiting,
): Promise<number> {
  const undecided = new Set(awaited)
  for (let isOver = false; undecided.size > 0 && !isOver; ) {
    await sleep(lookEveryMs, undefined, { signal: patience }).catch(() => {})
    isOver = patience.aborted
    const jobs = namedParameters('job', [...undecided].slice(0, MAX_ROWS))
    const rows = await warehouse.query(
      `SELECT DISTINCT job_id FROM ci_metrics.job_outcomes
       WHERE instance = @instance AND project_id = @project_id AND job_id IN (${jobs.list})
         AND finished_at >= CAST(@since AS TIMESTAMP)`,
      { ...ofProject(pipelines), ...jobs.parameters },
    )
    for (const { job_id: id } of rows) undecided.delete(id as number)
  }
  return undecided.size
}

/** The rows of `recommendations`, in the order in which they were given. */
export async function recommendationsOf(pipelines: Pipelines, warehouse: Warehouse): Promise<PipelineRows> {
  const ids = idsOf(pipelines)
  const sql = `SELECT decision_id, decided_at, pipeline_id, kind, job_name, job_tags, mode, routed, canary_group,
       policy, policy_version, arm, tag, propensity, confidence, feasible_count, reason
     FROM ci_metrics.recommendations
     WHERE (instance = @instance OR instance IS NULL) AND project_id = @project_id
       AND pipeline_id IN (${ids.list}) AND decided_at >= CAST(@since AS TIMESTAMP)
     QUALIFY ROW_NUMBER() OVER (PARTITION BY decision_id ORDER BY decided_at) = 1
     ORDER BY decided_at, decision_id LIMIT ${MAX_ROWS + 1}`
  const parameters = { ...ofProject(pipelines), ...ids.parameters }
  return cutOf(await warehouse.query(sql, parameters), 'recommendations')
}

const idsOf = ({ pipelineIds }: Pipelines) => namedParameters('pipeline', pipelineIds)

const ofProject = ({ instance, projectId, since }: Pipelines) => ({
  instance,
  project_id: projectId,
  since: new Date(since).toISOString(),
})

function namedParameters(name: string, ids: readonly number[]) {
  const parameters = Object.fromEntries(ids.map((id, index) => [`${name}_${index}`, id]))
  const list = Object.keys(parameters)
    .map((each) => `@${each}`)
    .join(', ')
  return { parameters, list }
}

function cutOf(rows: Row[], what: string): PipelineRows {
  if (rows.length <= MAX_ROWS) return { rows }
  return { rows: rows.slice(0, MAX_ROWS), cut: `there are more than ${MAX_ROWS} ${what}` }
}
