/**
 * What is read of GitLab's REST API: lenient, since versions differ; ids exact. Only the keys named here are ever looked
 * at, so users, e-mails and commit texts go no further than this file.
 */
import * as z from 'zod'
import { type AdmissionContext, admit } from '../domain/admission.ts'
import type { Witness } from '../domain/event.ts'
import {
  id,
  jobName,
  legibleId,
  pickPlain,
  runner,
  seconds,
  text,
  timestamp,
  witnessOf,
} from './gitlab-values.ts'
import { type Intake, quarantineIdOf } from './intake.ts'
import { parseTimestamp } from './timestamp.ts'
import { faultsOf, instant } from './wire.ts'

/** A job of `GET /projects/:id/jobs` (gitlabhq lib/api/entities/ci/job.rb). */
const apiJob = z.object({
  id,
  name: jobName,
  stage: text.nullish().transform((value) => value ?? ''),
  status: z.enum(['success', 'failed', 'canceled']),
  created_at: timestamp,
  started_at: timestamp,
  finished_at: timestamp,
  duration: seconds,
  queued_duration: seconds,
  failure_reason: text.nullish(),
  /** The job's own tags; older versions lack it. */
  tag_list: z.array(text).nullish(),
  /** Null when none took the job, or it was deleted since. Its tags are not told here. */
  runner: runner.nullish(),
  pipeline: z
    .object({
      id: id.nullish(),
      sha: text.nullish(),
      /** Not GitLab's: added by who asked for the jobs of a pipeline that another one started. */
      parent_id: id.nullish(),
    })
    .nullish(),
})
type ApiJob = z.output<typeof apiJob>

const PLAIN_KEYS = Object.keys(apiJob.shape).filter((key) => key !== 'runner' && key !== 'pipeline')

/** A project as far as it is needed: its id, and its full path. */
export const apiProject = z
  .object({ id, path_with_namespace: text })
  .transform((project) => ({ id: project.id, path: project.path_with_namespace }))

const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false)

/** A webhook of `GET /projects/:id/hooks`. The two `…_present` exist since GitLab 19.0; null before. */
export const apiHook = z
  .object({
    id,
    url: z.string(),
    job_events: flag,
    pipeline_events: flag,
    push_events: flag,
    enable_ssl_verification: flag,
    alert_status: text.nullish(),
    disabled_until: timestamp,
    token_present: z.boolean().nullish(),
    signing_token_present: z.boolean().nullish(),
  })
  .transform((hook) => ({
    id: hook.id,
    url: hook.url,
    jobEvents: hook.job_events,
    pipelineEvents: hook.pipeline_events,
    pushEvents: hook.push_events,
    sslVerification: hook.enable_ssl_verification,
    alertStatus: hook.alert_status ?? null,
    disabledUntil: hook.disabled_until,
    tokenPresent: hook.token_present ?? null,
    signingTokenPresent: hook.signing_token_present ?? null,
  }))

/** What may be kept of a job: the keys that are read of it, and only plain values. */
export function keepOfJob(job: Record<string, unknown>): Record<string, unknown> {
  const kept = pickPlain(job, PLAIN_KEYS)
  if (job.runner) kept.runner = pickPlain(job.runner, ['id', 'description'])
  if (job.pipeline) kept.pipeline = pickPlain(job.pipeline, ['id', 'sha'])
  return kept
}

/** A page of jobs as it waits for the others. */
export const spooledPage = z.object({
  read_at: instant,
  next: z.string().nullable(),
  /** What `keepOfJob` left of each. */
  jobs: z.array(z.record(z.string(), z.unknown())).readonly(),
})
export type SpooledPage = z.output<typeof spooledPage>

/** When a job was created; undefined when it does not say. */
export function createdAtOf(job: Record<string, unknown>): number | undefined {
  return typeof job.created_at === 'string' ? parseTimestamp(job.created_at) : undefined
}

/**
 * A finished job becomes its start and its finish, or is set aside as a whole. Nothing is made of when it was queued:
 * the API does not tell when its stage's turn came. Never throws.
 *
 * @param job what `keepOfJob` left of it.
 */
export function takeInJob(
  job: Record<string, unknown>,
  project: { id: number; path: string },
  context: AdmissionContext,
): Intake[] {
  const parsed = apiJob.safeParse(job)
  if (!parsed.success)
    return setAside('invalid_job', faultsOf(parsed.error).join('; '), job, project, context)
  const admissions = witnessesOf(parsed.data, project).map((witness) => admit(witness, context))
  const intakes: Intake[] = []
  for (const admission of admissions) {
    if (admission.status === 'admitted') intakes.push(admission)
    else return setAside(admission.code, admission.reason, job, project, context)
  }
  return intakes
}

function setAside(
  code: string,
  reason: string,
  job: Record<string, unknown>,
  { id: projectId }: { id: number },
  { receivedAt, source }: AdmissionContext,
): Intake[] {
  const payload = JSON.stringify({ project_id: projectId, ...job })
  const quarantineId = quarantineIdOf(payload, code)
  const bodyBytes = Buffer.byteLength(payload)
  const jobId = legibleId(job.id)
  const record = { quarantineId, receivedAt, source, code, reason, projectId, jobId, bodyBytes, payload }
  return [{ status: 'quarantined', record }]
}

function witnessesOf(job: ApiJob, project: { id: number; path: string }): Witness[] {
  const seen = {
    projectId: project.id,
    projectPath: project.path,
    jobId: job.id,
    jobName: job.name,
    stage: job.stage,
    pipelineId: job.pipeline?.id ?? null,
    parentPipelineId: job.pipeline?.parent_id ?? null,
    commitSha: job.pipeline?.sha ?? null,
    // The list does not tell which of a job's tries it is.
    attempt: null,
    createdAt: job.created_at,
    startedAt: job.started_at,
    finishedAt: job.finished_at,
    queuedSeconds: job.queued_duration,
    failureReason: job.failure_reason,
    durationSeconds: job.duration,
    runner: job.runner,
  }
  const jobTags = job.tag_list ?? null
  const finish = { ...witnessOf('job.finished', job.status, seen), jobTags }
  // A job that no runner took has only an end.
  if (job.started_at === null) return [finish]
  return [{ ...witnessOf('job.started', 'running', seen), jobTags }, finish]
}
