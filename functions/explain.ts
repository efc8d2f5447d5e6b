/**
 * explain: why a decision was made as it was, and what became of the job.
 *
 * Trigger: GET /explain, by the API's token or a job's id token, which may ask of its own project alone. Reads: tables
 * `recommendations`, `choice_sets`, `runner_decisions`, view `decision_outcomes`. Writes: nothing.
 */
import { type Instant, jobKeyOf } from '../shared/domain/event.ts'
import type { RecordedDecision } from '../shared/domain/explanation.ts'
import { toldToJob } from '../shared/domain/untold.ts'
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

type ExplainDeps = Pick<Deps, 'warehouse' | 'fleet' | 'clock'>
type HttpDeps = ExplainDeps & Pick<Deps, 'idTokens' | 'settings'>
/** A pipeline ends within days of what it asked. */
const ASKED_WITHIN_MS = 30 * 86_400_000

type Found = { decision: RecordedDecision; outcome: OutcomeRead | undefined }

export async function explain({ headers, query }: HttpRequest, deps: HttpDeps): Promise<HttpResponse> {
  const caller = await callerOf(headers, deps, () => refuseWithoutApiToken(headers, deps.settings))
  if (caller.refusal !== undefined) return caller.refusal
  const asked = parseExplainQuery(query, deps.clock.now())
  const explanation = await explanationFor(asked, deps, caller.job)
  return explanation === undefined
    ? { status: 404, body: { error: unknownSince(asked) } }
    : { status: 200, body: explanation }
}

function unknownSince({ since }: ExplainQuery): string {
  const day = new Date(since).toISOString().slice(0, 10)
  return `Such a decision is not written yet, or unknown, or older than ${day} (since= looks further back): ask again in a moment.`
}

/** The same for the command line. @throws InvalidInputError when there is none, and of parameters that are wrong. */
export async function explainFor(parameters: Iterable<[string, string]>, deps: ExplainDeps) {
  const asked = parseExplainQuery(parameters, deps.clock.now())
  const explanation = await explanationFor(asked, deps)
  if (explanation === undefined) throw new InvalidInputError(unknownSince(asked))
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
  const { outcome } = found
  const decision = caller === undefined ? found.decision : toldToJob(found.decision)
  return explanationOf(decision, outcome === undefined ? null : ofOutcome(outcome, decision))
}

async function find(asked: ExplainQuery, deps: ExplainDeps, caller?: CiJob): Promise<Found | undefined> {
  const { decision_id: id, since } = asked
  if (id === undefined) return ofJob(asked, deps, caller)
  const job = jobOfShadowId(id)
  if (job === undefined) return ofRecommended({ id, since }, deps, caller)
  const rows = await deps.warehouse.query(
    `SELECT * FROM ci_metrics.runner_decisions
      WHERE project_id = @project_id AND job_id = @job_id AND decision_id = @id AND ${SINCE} ${FIRST}`,
    { project_id: job.projectId, job_id: job.jobId, id, since: isoOf(since) },
  )
  const [row] = ownOf(rows, caller)
  return row === undefined ? undefined : { decision: ofShadow(row), outcome: await outcomeOf(row, deps) }
}

/** Tables are partitioned by it: BigQuery reads no older day. */
const SINCE = 'decided_at >= CAST(@since AS TIMESTAMP)'

const isoOf = (at: Instant) => new Date(at).toISOString()

/** Of the decisions on a job as the view decision_outcomes has it: the one of its start, and of that the first. */
const FIRST = 'ORDER BY decided_late, decided_at, decision_id, state_observations'

/** What sent the job where it ran, if something did, else what was decided on it in the shadow. */
async function ofJob(asked: ExplainQuery, deps: ExplainDeps, caller?: CiJob): Promise<Found | undefined> {
  const { job_id: jobId, project = caller?.projectId, since } = asked
  // Clustered by project and job: of a known project BigQuery reads a few blocks, else all of these days.
  const ofProject = project === undefined ? '' : 'AND (project_id = @project_id OR project_path = @project)'
  const rows = await deps.warehouse.query(
    `SELECT * FROM ci_metrics.runner_decisions WHERE job_id = @job_id ${ofProject} AND ${SINCE} ${FIRST}`,
    {
      job_id: jobId as number,
      since: isoOf(since),
      ...(project !== undefined && { project_id: idOf(project, deps), project }),
    },
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
  const routedAfter = row.decided_at - ASKED_WITHIN_MS
  const recommended =
    routedBy === null ? undefined : await recommendationRow({ id: routedBy, since: routedAfter }, deps)
  return { decision: recommended === undefined ? ofShadow(row) : await drawnOf(recommended, deps), outcome }
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

type Recommended = { id: string; since: Instant }

async function ofRecommended(
  asked: Recommended,
  deps: ExplainDeps,
  caller?: CiJob,
): Promise<Found | undefined> {
  const row = await recommendationRow(asked, deps)
  if (row === undefined || !isOwn(row, caller)) return undefined
  return { decision: await drawnOf(row, deps), outcome: await outcomeOfRecommended(row, deps) }
}

/** An id does not tell its day, so BigQuery reads the table's rows of all these days: some 400 bytes for each answer given. */
async function recommendationRow(
  { id, since }: Recommended,
  { warehouse }: ExplainDeps,
): Promise<RecommendationRead | undefined> {
  const [row] = await warehouse.query(
    `SELECT * FROM ci_metrics.recommendations WHERE decision_id = @id AND ${SINCE} ORDER BY decided_at LIMIT 1`,
    { id, since: isoOf(since) },
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
      decided_at: isoOf(decided_at),
      pipeline_id: pipeline_id ?? 0,
    },
  )
  return row === undefined ? undefined : readOutcome(row)
}
