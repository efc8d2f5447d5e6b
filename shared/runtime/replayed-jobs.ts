/** The jobs of an evaluation with their finishes, in the order of their starts, as a replay takes them. */
import type { ReplayedJob } from '../domain/evaluation/rejection-replay.ts'
import type { Row, Warehouse } from '../ports.ts'
import type { PropensitySource } from '../schema/evaluation-report.ts'
import { decodeEvent } from '../schema/event.ts'
import type { Window } from '../schema/moment.ts'
import { statementOf } from './ask-evaluation.ts'
import type { Statement } from './evaluation-questions.ts'
import { loadCatalogue } from './sql.ts'

/** Of the propensities of what was done: so many are smaller than what is kept with. */
const SHARE_BELOW = 0.05

const smallestOf = (source: PropensitySource) => `SELECT propensity
FROM ci_metrics.propensities
WHERE source = '${source}'
QUALIFY ROW_NUMBER() OVER (ORDER BY propensity) = CAST(CEIL(${SHARE_BELOW} * COUNT(*) OVER ()) AS INT64)`

const checkOf = (source: PropensitySource) =>
  `SELECT is_passed FROM ci_metrics.propensity_check WHERE source = '${source}'`

const jobsOf = (source: PropensitySource) => `SELECT
  finishes.*,
  decisions.action AS evaluated_action,
  decisions.feasible AS evaluated_feasible,
  decisions.started_at AS evaluated_start,
  propensities.propensity AS evaluated_propensity
FROM ci_metrics.evaluation_decisions AS decisions
INNER JOIN ci_metrics.propensities AS propensities
  ON propensities.decision_id = decisions.decision_id AND propensities.source = '${source}'
INNER JOIN ci_metrics.job_event_log AS finishes
  ON finishes.kind = 'job.finished'
  AND finishes.instance = decisions.instance
  AND finishes.project_id = decisions.project_id
  AND finishes.job_id = decisions.job_id`

/** Exported for who checks that BigQuery takes them. */
export function replayStatements(source: PropensitySource): Record<'smallest' | 'check' | 'jobs', Statement> {
  return {
    smallest: { select: smallestOf(source) },
    check: { select: checkOf(source) },
    jobs: { select: jobsOf(source) },
  }
}

type ReadWarehouse = Pick<Warehouse, 'query' | 'stream'>

/** The propensity to keep jobs with, and whether those of the source pass their test; null while there are no jobs. */
export async function replayFacts(
  warehouse: ReadWarehouse,
  window: Window,
  source: PropensitySource,
): Promise<{ smallestPropensity: number | null; isPassed: boolean | null }> {
  const catalogue = loadCatalogue()
  const statements = replayStatements(source)
  const ask = async (statement: Statement) =>
    (await warehouse.query(statementOf(statement, catalogue, window)))[0]
  const smallest = await ask(statements.smallest)
  const check = await ask(statements.check)
  return {
    smallestPropensity: (smallest?.propensity as number | undefined) ?? null,
    isPassed: (check?.is_passed as boolean | undefined) ?? null,
  }
}

/** The finish's arm is what was done: of a routed job the arm that it was routed to. */
export async function* replayedJobs(
  warehouse: ReadWarehouse,
  window: Window,
  source: PropensitySource,
): AsyncIterable<ReplayedJob> {
  const sql = statementOf(replayStatements(source).jobs, loadCatalogue(), window)
  for await (const rows of warehouse.stream(`${sql}\nORDER BY evaluated_start, job_id`)) {
    yield* rows.map(replayedJob)
  }
}

function replayedJob({
  evaluated_action: action,
  evaluated_feasible: feasible,
  evaluated_start: _,
  evaluated_propensity: propensity,
  ...finish
}: Row): ReplayedJob {
  return {
    finish: { ...decodeEvent(finish), arm: action as string },
    feasible: JSON.parse(feasible as string) as string[],
    propensity: propensity as number,
  }
}
