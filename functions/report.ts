/**
 * report: at the end of a pipeline, takes in what the log lacks of its jobs, and tells what was decided on them.
 *
 * Trigger: POST /report, with the API's token or a job's id token, which asks about its own pipeline alone; closed while
 * neither is configured. Reads: GitLab, the log, `decision_outcomes`, `recommendations`. Writes: topics `job-events`,
 * `quarantine`. Repetition: what is in the log is not missing; what waits to be written to it has its key. A job waits
 * for the answer, so it is bounded: what is not done by then is said, and left to the hourly reconcile.
 */
import { InvalidInputError, TransientError } from '../shared/errors.ts'
import type { Gitlab, GitlabProject } from '../shared/ports.ts'
import { agreeing, callerOf } from '../shared/runtime/ci-callers.ts'
import { refuseReport } from '../shared/runtime/credentials.ts'
import { lastResetAt } from '../shared/runtime/event-log.ts'
import type { Deps, HttpRequest, HttpResponse } from '../shared/runtime/handler.ts'
import { keptAnswers } from '../shared/runtime/kept-answers.ts'
import { missingOf } from '../shared/runtime/missing-jobs.ts'
import { decisionsOf, recommendationsOf } from '../shared/runtime/pipeline-rows.ts'
import { liveContext, publishIntakes } from '../shared/runtime/publish-intake.ts'
import { readParameters } from '../shared/schema/recommend.ts'
import {
  type JobCounts,
  type PipelineReport,
  parseReportQuestion,
  reportToldToJob,
  summaryOf,
} from '../shared/schema/report.ts'

type ReportDeps = Pick<
  Deps,
  'bus' | 'clock' | 'fleet' | 'gitlab' | 'idTokens' | 'log' | 'settings' | 'unmanagedArms' | 'warehouse'
>

export type ReportLimits = {
  /** For GitLab's answers. */
  gitlabMs: number
  /** Until when, and how often, it looks for decisions that are being made. */
  patientMs: number
  lookEveryMs: number
  totalMs: number
  /** For how long its answer is given to who asks again. */
  keptMs: number
  /** GitLab tells a hundred a page. */
  maxJobs: number
}

const LIMITS: ReportLimits = {
  gitlabMs: 2500,
  patientMs: 2800,
  lookEveryMs: 400,
  totalMs: 4000,
  keptMs: 15_000,
  maxJobs: 2000,
}
/** In the cloud a look is a query of BigQuery, which costs. */
const CLOUD_LIMITS: ReportLimits = { ...LIMITS, lookEveryMs: 1400 }

export const limitsOf = ({ settings }: Pick<Deps, 'settings'>): ReportLimits =>
  settings.cloud === undefined ? LIMITS : CLOUD_LIMITS

const MAX_BODY_BYTES = 65_536
const ENDED: ReadonlySet<unknown> = new Set(['success', 'failed', 'canceled'])
/** GitLab starts child pipelines of child pipelines, and no deeper. */
const MAX_PIPELINES = 50
/** A pipeline has ended by then. Bounds what BigQuery reads. */
const AGE_MS = 30 * 86_400_000

/** By project and pipeline: a job that asks again and again shall not use up GitLab's rate limit. */
const answers = keptAnswers<PipelineReport>()

/** @throws InvalidInputError naming each parameter that is missing or wrong. */
export async function report(
  request: HttpRequest,
  deps: ReportDeps,
  limits: ReportLimits = limitsOf(deps),
): Promise<HttpResponse> {
  const { headers } = request
  const caller = await callerOf(headers, deps, () => refuseReport(headers, deps.settings))
  if (caller.refusal !== undefined) return caller.refusal
  const body = await request.body(MAX_BODY_BYTES)
  if (body === undefined)
    throw new InvalidInputError(`report: the body is longer than ${MAX_BODY_BYTES} bytes`)
  const { job } = caller
  const said = job === undefined ? {} : { project_id: [job.projectId], pipeline_id: [job.pipelineId] }
  const agreed = agreeing(readParameters(headers['content-type'], body, 'report'), said)
  if (agreed.refusal !== undefined) return agreed.refusal
  const question = { ...parseReportQuestion(agreed.parameters), path: job?.projectPath }
  const key = `${question.projectId}/${question.pipelineId}`
  const answer = await answers(deps.warehouse, key, limits.keptMs, () => reportOn(question, deps, limits))
  return { status: 200, body: job === undefined ? answer : reportToldToJob(answer) }
}

type Question = { projectId: number; pipelineId: number; path: string | undefined }

/** What GitLab told, as far as it did. */
type Told = { project: GitlabProject | undefined; pipelineIds: number[]; jobs: Record<string, unknown>[] }

async function reportOn(question: Question, deps: ReportDeps, limits: ReportLimits): Promise<PipelineReport> {
  const { projectId, pipelineId } = question
  const asOf = deps.clock.now()
  const end = AbortSignal.timeout(limits.totalMs)
  const patience = AbortSignal.timeout(limits.patientMs)
  const reasons: string[] = []
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await before(end, work, limits)
    } catch (error) {
      if (!(error instanceof InvalidInputError || error instanceof TransientError)) throw error
      if (!reasons.includes(error.message)) reasons.push(error.message)
      return undefined
    }
  }
  const told: Told = { project: undefined, pipelineIds: [pipelineId], jobs: [] }
  const readable = AbortSignal.any([end, AbortSignal.timeout(limits.gitlabMs)])
  const [resetAt, read] = await Promise.all([
    attempt(() => lastResetAt(deps.warehouse)),
    attempt(async () => {
      await readPipelines(question, deps.gitlab(undefined, readable), told, limits)
      return true
    }),
  ])
  const found = resetAt === undefined ? undefined : await attempt(() => takeInMissing(told, resetAt, deps))
  const since = asOf - Math.max(AGE_MS, deps.settings.lateAfterMs)
  const of = { projectId, pipelineIds: told.pipelineIds, instance: deps.settings.instance, since }
  const [decisions, recommendations] = await Promise.all([
    attempt(() =>
      decisionsOf(of, deps.warehouse, {
        awaited: found?.jobIds ?? [],
        lookEveryMs: limits.lookEveryMs,
        patience,
      }),
    ),
    attempt(() => recommendationsOf(of, deps.warehouse)),
  ])
  for (const rows of [decisions, recommendations]) if (rows?.cut) reasons.push(rows.cut)
  const jobs: JobCounts = {
    ...(found?.counts ?? NONE),
    listed: read || told.jobs.length > 0 ? told.jobs.length : null,
  }
  const answer = {
    project_id: projectId,
    pipeline_id: pipelineId,
    pipeline_ids: told.pipelineIds,
    since: new Date(since).toISOString(),
    as_of: new Date(asOf).toISOString(),
    complete: reasons.length === 0,
    reasons,
    jobs,
    decisions: decisions?.rows ?? [],
    recommendations: recommendations?.rows ?? [],
  }
  const { decisions: its, recommendations: given, ...counts } = answer
  deps.log.info('pipeline.reported', { ...counts, decisions: its.length, recommendations: given.length })
  return { summary: summaryOf(answer), ...answer }
}

const NONE = { ended: 0, missing: 0, published: 0, waiting: 0, quarantined: 0 }

/** @throws TransientError when the signal comes first; the work itself goes on, and may be repeated. */
async function before<T>(end: AbortSignal, work: () => Promise<T>, { totalMs }: ReportLimits): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const stop = () => reject(new TransientError(`it took longer than ${totalMs / 1000} seconds`))
  if (end.aborted) stop()
  else end.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([ended, ...(end.aborted ? [] : [work()])])
  } finally {
    end.removeEventListener('abort', stop)
  }
}

/** Fills in what was told before anything went wrong, too. */
async function readPipelines(
  { projectId, path }: Question,
  gitlab: Gitlab,
  told: Told,
  { maxJobs }: ReportLimits,
): Promise<void> {
  told.project = path === undefined ? await gitlab.project(String(projectId)) : { id: projectId, path }
  const ids = told.pipelineIds
  const parents = new Map<number, number>()
  for (let next = 0; next < ids.length && next < MAX_PIPELINES; next += 1) {
    const id = ids[next] as number
    const [jobs, children] = await Promise.all([
      gitlab.pipelineJobs(projectId, id, maxJobs + 1 - told.jobs.length),
      gitlab.childPipelines(projectId, id),
    ])
    told.jobs.push(...jobs.map((job) => withParent(job, parents.get(id))))
    if (told.jobs.length > maxJobs) throw new InvalidInputError(`it has more than ${maxJobs} jobs`)
    for (const child of children.filter((its) => !ids.includes(its))) {
      ids.push(child)
      parents.set(child, id)
    }
  }
  if (ids.length > MAX_PIPELINES)
    throw new InvalidInputError(`it has more than ${MAX_PIPELINES} child pipelines`)
}

/** A routed job is found by the recommendation that its pipeline, or the one that started that, asked for. */
function withParent(job: Record<string, unknown>, parent: number | undefined): Record<string, unknown> {
  return parent === undefined ? job : { ...job, pipeline: { ...(job.pipeline ?? {}), parent_id: parent } }
}

async function takeInMissing({ project, jobs }: Told, resetAt: number, deps: ReportDeps) {
  const { clock, settings, warehouse } = deps
  if (project === undefined) return undefined
  // What GitLab's clock says may be ahead of ours; admission judges a finish in the future.
  const period = {
    since: Math.max(clock.now() - settings.lateAfterMs, resetAt),
    until: Number.POSITIVE_INFINITY,
  }
  const context = liveContext('reconcile', null, deps)
  const its = jobs.filter(({ status }) => ENDED.has(status))
  const { ended, missing } = await missingOf(its, project, { period, context, warehouse })
  const counts = { ...NONE, ended, missing: missing.length }
  const jobIds = new Set<number>()
  const intakes = missing.flat()
  for (const [index, answer] of (await publishIntakes(intakes, deps)).entries()) {
    const intake = intakes[index]
    if (answer.status === 'accepted') counts.published += 1
    else if (answer.status === 'duplicate') counts.waiting += 1
    else counts.quarantined += 1
    if (intake?.status === 'admitted') jobIds.add(intake.event.jobId)
  }
  return { counts, jobIds: [...jobIds] }
}
