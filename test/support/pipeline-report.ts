/** A played GitLab with a day of jobs, and the pipeline report asked for one of its pipelines. */
import { type ReportLimits, report } from '../../functions/report.ts'
import { type PlayedDay, playDay } from '../../shared/played-gitlab/index.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import type { PipelineReport } from '../../shared/schema/report.ts'
import { whenFileDone } from './file-done.ts'
import { API_TOKEN, type PlayedApi, type PlayedApiOptions, startPlayedApi } from './played-api/index.ts'
import { startServer } from './server.ts'

export const CI_TOKEN = 'an-api-token-for-tests'
export const PROJECT = 101
const HOUR_MS = 3_600_000

/** A day that ended an hour ago. */
const day = playDay({ seed: 47, jobs: 300, startAt: Date.now() - 25 * HOUR_MS })
export const [PIPELINE, CHILD, OTHER] = pipelinesOf(day)
export const jobsOf = (...pipelines: number[]) =>
  day.jobs.filter(({ pipelineId }) => pipelines.includes(pipelineId))

/** The first of the project that have more than one job, one with a retry before the others. */
function pipelinesOf({ jobs }: PlayedDay): [number, number, number] {
  const own = jobs.filter(({ project }) => project.id === PROJECT)
  const retried = new Set(own.filter(({ attempt }) => attempt === 1).map(({ pipelineId }) => pipelineId))
  const ids = [...retried, ...new Set(own.map(({ pipelineId }) => pipelineId))]
  const [first, second, third] = [...new Set(ids)]
  if (first === undefined || second === undefined || third === undefined) throw new Error('too short a day')
  return [first, second, third]
}

export type Answer = PipelineReport & { error?: string }
export type Served = { api: PlayedApi; url: string; deps: LocalDeps }

export async function serve(
  options: Partial<PlayedApiOptions> = {},
  env: Record<string, string | undefined> = {},
): Promise<Served> {
  const api = await startPlayedApi({ day, whenDone: whenFileDone, ...options })
  const settings = { GITLAB_URL: api.url, GITLAB_API_TOKEN: API_TOKEN, RUNNER_BANDIT_API_TOKEN: CI_TOKEN }
  return { api, ...(await startServer({ ...settings, ...env })) }
}

/** Tests of what is done have all the time that they take, those of what is not done have none. */
export const PATIENT: ReportLimits = {
  gitlabMs: 30_000,
  patientMs: 30_000,
  lookEveryMs: 20,
  totalMs: 40_000,
  keptMs: 0,
  maxJobs: 2000,
}
export const HASTY: ReportLimits = { ...PATIENT, gitlabMs: 400, patientMs: 400, totalMs: 30_000 }

export async function ask(
  { deps }: Pick<Served, 'deps'>,
  form: Record<string, string>,
  token = CI_TOKEN,
  limits = PATIENT,
): Promise<{ status: number; body: Answer }> {
  const bytes = new TextEncoder().encode(String(new URLSearchParams(form)))
  const headers = { authorization: `Bearer ${token}` }
  const request = { method: 'POST', query: new URLSearchParams(), headers, body: async () => bytes }
  const { status, body } = await report({ ...request, drain: async () => 0 }, deps, limits)
  return { status, body: body as Answer }
}

export const of = (pipeline: number) => ({ project_id: String(PROJECT), pipeline_id: String(pipeline) })
