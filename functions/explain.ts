/**
 * explain: why a decision was made as it was, and what became of the job.
 *
 * Trigger: GET /explain, by the API's token or a job's id token, which may ask of its own project alone. Reads: tables
 * `recommendations`, `choice_sets`, `runner_decisions`, view `decision_outcomes`. Writes: nothing.
 */
import { jobKeyOf } from '../shared/domain/event.ts'
import type { RecordedDecision } from '../shared/domain/explanation.ts'
import { InvalidInputError } from '../shared/errors.ts'
import type { Row } from '../shared/ports.ts'
import { callerOf } from '../shared/runtime/ci-callers.ts'
import { refuseWithoutApiToken } from '../shared/runtime/credentials.ts'
import type { Deps, HttpRequest, HttpResponse } from '../shared/runtime/handler.ts'
import type { CiJob } from '../shared/schema/ci-job.ts'
import {
  type ExplainQuery,
  jobOfShadowId,
  OUTCOME_COLUMNS,
  type OutcomeRead,
  ofOutcome,
  ofRecommendation,
  ofShadow,
  parseExplainQuery,
  type RecommendationRead,
  readChoiceSet,
  readOutcome,
  readRecommendation,
  readShadow,
  type ShadowRead,
} from '../shared/schema/explanation.ts'
import { type Explanation, explanationOf } from '../shared/schema/explanation-answer.ts'

type ExplainDeps = Pick<Deps, 'warehouse' | 'fleet'>
type HttpDeps = ExplainDeps & Pick<Deps, 'idTokens' | 'settings'>
type Found = { decision: RecordedDecision; outcome: OutcomeRead | undefined }

const UNKNOWN = 'Such a decision is not written yet, or unknown: ask again in a moment.'

export async function explain({ headers, query }: HttpRequest, deps: HttpDeps): Promise<HttpResponse> {
  const caller = await callerOf(headers, deps, () => refuseWithoutApiToken(headers, deps.settings))
  if (caller.refusal !== undefined) return caller.refusal
  const explanation = await explanationFor(parseExplainQuery(query), deps, caller.job)
  return explanation === undefined
    ? { status: 404, body: { error: UNKNOWN } }
    : { status: 200, body: explanation }
}

/** The same for the command line. @throws InvalidInputError when there is none, and of parameters that are wrong. */
export async function explainFor(parameters: Iterable<[string, string]>, deps: ExplainDeps) {
  const explanation = await explanationFor(parseExplainQuery(parameters), deps)
  if (explanation === undefined) throw new InvalidInputError(UNKNOWN)
  return explanation
}

/** @param caller the job that asks; what is of another project is not there for it. */
async function explanationFor(
  asked: ExplainQuery,
  deps: ExplainDeps,
  caller?: CiJob,
): Promise<Explanation | undefined> {
  const found = await find(asked, deps, caller)
  if (found === undefined) return undefined
  const { decision, outcome } = found
  return explanationOf(decision, outcome === undefined ? null : ofOutcome(outcome, decision))
}

async function find(
  { decision_id: id, job_id: jobId, project }: ExplainQuery,
  deps: ExplainDeps,
  caller?: CiJob,
): Promise<Found | undefined> {
  if (id === undefined) return ofJob(jobId as number, project ?? caller?.projectId, deps, caller)
  const job = jobOfShadowId(id)
  if (job === undefined) return ofRecommended(id, deps, caller)
  const rows = await deps.warehouse.query(
    `SELECT * FROM ci_metrics.runner_decisions
      WHERE project_id = @project_id AND job_id = @job_id AND decision_id = @id ${FIRST}`,
    { project_id: job.projectId, job_id: job.jobId, id },
  )
  const [row] = ownOf(rows, caller)
  return row === undefined ? undefined : { decision: ofShadow(row), outcome: await outcomeOf(row, deps) }
}

/** Of the decisions on a job as the view decision_outcomes has it: the one of its start, and of that the first. */
const FIRST = 'ORDER BY decided_late, decided_at, decision_id, state_observations'

/** What sent the job where it ran, if something did, else what was decided on it in the shadow. */
async function ofJob(
  jobId: number,
  project: string | undefined,
  deps: ExplainDeps,
  caller?: CiJob,
): Promise<Found | undefined> {
  // Clustered by project and job: of a known project BigQuery reads a few blocks, else these columns of all days.
  const ofProject = project === undefined ? '' : 'AND (project_id = @project_id OR project_path = @project)'
  const rows = await deps.warehouse.query(
    `SELECT * FROM ci_metrics.runner_decisions WHERE job_id = @job_id ${ofProject} ${FIRST}`,
    { job_id: jobId, ...(project !== undefined && { project_id: idOf(project, deps), project }) },
  )
  const own = ownOf(rows, caller)
  const projects = new Set(own.map((row) => row.project_id))
  if (projects.size > 1) {
    const names = [...projects].join(', ')
    throw new InvalidInputError(`There is a job ${jobId} in several projects, ${names}: say which is meant.`)
  }
  const [row] = own
  if (row === undefined) return undefined
  const outcome = await outcomeOf(row, deps)
  const routedBy = outcome?.routed_decision_id ?? null
  const recommended = routedBy === null ? undefined : await recommendationOf(routedBy, deps)
  return { decision: recommended ?? ofShadow(row), outcome }
}

/** 0, which no project has, of a name that is not known. */
function idOf(project: string, { fleet }: ExplainDeps): number {
  const id = Number(fleet.projectIds.get(project) ?? project)
  return Number.isSafeInteger(id) ? id : 0
}

function ownOf(rows: readonly Row[], caller: CiJob | undefined): ShadowRead[] {
  const decisions = rows.map(readShadow)
  return caller === undefined
    ? decisions
    : decisions.filter(({ project_id: id }) => String(id) === caller.projectId)
}

async function outcomeOf(
  { instance, project_id, job_id }: ShadowRead,
  { warehouse }: ExplainDeps,
): Promise<OutcomeRead | undefined> {
  const [row] = await warehouse.query(
    `SELECT ${OUTCOME_COLUMNS} FROM ci_metrics.decision_outcomes
      WHERE instance = @instance AND project_id = @project_id AND job_id = @job_id`,
    { instance, project_id, job_id },
  )
  return row === undefined ? undefined : readOutcome(row)
}

async function ofRecommended(id: string, deps: ExplainDeps, caller?: CiJob): Promise<Found | undefined> {
  const row = await recommendationRow(id, deps)
  if (row === undefined || !isOwn(row, caller)) return undefined
  return { decision: await drawnOf(row, deps), outcome: await outcomeOfRecommended(row, deps) }
}

async function recommendationOf(id: string, deps: ExplainDeps): Promise<RecordedDecision | undefined> {
  const row = await recommendationRow(id, deps)
  return row === undefined ? undefined : drawnOf(row, deps)
}

/** An id does not tell its day, so BigQuery reads the table's rows of all days: some 400 bytes for each answer given. */
async function recommendationRow(
  id: string,
  { warehouse }: ExplainDeps,
): Promise<RecommendationRead | undefined> {
  const [row] = await warehouse.query(
    'SELECT * FROM ci_metrics.recommendations WHERE decision_id = @id ORDER BY decided_at LIMIT 1',
    { id },
  )
  return row === undefined ? undefined : readRecommendation(row)
}

function isOwn({ project_id: id, project }: RecommendationRead, caller: CiJob | undefined): boolean {
  if (caller === undefined) return true
  return id === null
    ? [caller.projectId, caller.projectPath].includes(project)
    : String(id) === caller.projectId
}

async function drawnOf(row: RecommendationRead, { warehouse }: ExplainDeps): Promise<RecordedDecision> {
  const { choice_set_id: id } = row
  if (id === null) return ofRecommendation(row, undefined)
  // Clustered by that id, and every row of one id says the same.
  const [set] = await warehouse.query(
    'SELECT parameters, feasible, refused FROM ci_metrics.choice_sets WHERE choice_set_id = @id LIMIT 1',
    { id },
  )
  return ofRecommendation(row, set === undefined ? undefined : readChoiceSet(set))
}

/** The first job that carried the tag of this answer; of one that nothing was sent by, the job of its pipeline. */
async function outcomeOfRecommended(
  { decision_id: id, project_id, job_name, pipeline_id, decided_at }: RecommendationRead,
  { warehouse }: ExplainDeps,
): Promise<OutcomeRead | undefined> {
  if (project_id === null) return undefined
  const [row] = await warehouse.query(
    `SELECT ${OUTCOME_COLUMNS} FROM ci_metrics.decision_outcomes
      WHERE project_id = @project_id AND job_key = @job_key AND (
        routed_decision_id = @id
        OR (
          routed_decision_id IS NULL AND decided_at >= CAST(@decided_at AS TIMESTAMP)
          AND (pipeline_id = @pipeline_id OR parent_pipeline_id = @pipeline_id)
        )
      )
      ORDER BY IF(routed_decision_id = @id, 0, 1), decided_at, job_id LIMIT 1`,
    {
      id,
      project_id,
      job_key: jobKeyOf(project_id, job_name),
      decided_at: new Date(decided_at).toISOString(),
      pipeline_id: pipeline_id ?? 0,
    },
  )
  return row === undefined ? undefined : readOutcome(row)
}
