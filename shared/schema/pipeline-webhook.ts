/**
 * GitLab's pipeline hook (gitlab.md 1.2) as a second witness: its `builds` are the latest jobs of the pipeline, and each
 * says what a job hook of it would. It comes at every change of the pipeline, so most of what it says is known.
 * Its variables are secrets, and never looked at.
 */
import * as z from 'zod'
import {
  id,
  jobName,
  type Kept,
  kindOf,
  legibleId,
  pickPlain,
  runner,
  seconds,
  sourcePipeline,
  text,
  timestamp,
  type WebhookReading,
  witnessOf,
} from './gitlab-values.ts'
import { faultsOf } from './wire.ts'

export const PIPELINE_KIND = 'pipeline'
/** No pipeline of GitLab.com has so many; a body of this many is set aside whole. */
export const MAX_JOBS = 10_000

const pipelineHook = z.object({
  object_attributes: z.object({ id, sha: text.nullish() }),
  project: z.object({ id, path_with_namespace: text.nullish() }),
  builds: z.array(z.unknown()),
  source_pipeline: sourcePipeline,
})

const job = z.object({
  id,
  name: jobName,
  stage: text.nullish().transform((value) => value ?? ''),
  created_at: timestamp,
  started_at: timestamp,
  finished_at: timestamp,
  duration: seconds,
  queued_duration: seconds,
  failure_reason: text.nullish(),
  runner: runner.nullish(),
})

type PipelineHook = z.output<typeof pipelineHook>

/** A reading for each job, at least one. Never throws. */
export function readPipelineHook(body: Record<string, unknown>): WebhookReading[] {
  const setAside = (code: string, reason: string): WebhookReading[] => [
    { status: 'quarantined', code, reason, kept: () => redact(body) },
  ]
  const parsed = pipelineHook.safeParse(body)
  if (!parsed.success) return setAside('invalid_pipeline', faultsOf(parsed.error).join('; '))
  const { builds } = parsed.data
  if (builds.length > MAX_JOBS) {
    return setAside('too_many_jobs', `The pipeline has ${builds.length} jobs, more than ${MAX_JOBS}.`)
  }
  if (builds.length === 0) {
    return [{ status: 'ignored', code: 'no_jobs', reason: 'The pipeline hook names no jobs.' }]
  }
  return builds.map((build) => readJob(build, parsed.data, body))
}

function readJob(build: unknown, pipeline: PipelineHook, body: Record<string, unknown>): WebhookReading {
  const status = typeof build === 'object' && build !== null ? (build as { status?: unknown }).status : null
  const kind = kindOf(status)
  if (kind === undefined) {
    const reason = 'A job of the pipeline has no status.'
    return { status: 'quarantined', code: 'no_status', reason, kept: () => redact(body, build) }
  }
  if (typeof kind === 'object') return kind
  const parsed = job.safeParse(build)
  if (!parsed.success) {
    const reason = faultsOf(parsed.error).join('; ')
    return { status: 'quarantined', code: 'invalid_job', reason, kept: () => redact(body, build) }
  }
  const seen = parsed.data
  const witness = witnessOf(kind, status as string, {
    projectId: pipeline.project.id,
    projectPath: pipeline.project.path_with_namespace ?? null,
    jobId: seen.id,
    jobName: seen.name,
    stage: seen.stage,
    pipelineId: pipeline.object_attributes.id,
    parentPipelineId: pipeline.source_pipeline,
    commitSha: pipeline.object_attributes.sha ?? null,
    attempt: null,
    createdAt: seen.created_at,
    startedAt: seen.started_at,
    finishedAt: seen.finished_at,
    queuedSeconds: seen.queued_duration,
    failureReason: seen.failure_reason,
    durationSeconds: seen.duration,
    runner: seen.runner,
  })
  return { status: 'witness', witness, kept: () => redact(body, build) }
}

const JOB_KEYS = ['status', ...Object.keys(job.shape)]

/** What may be kept: a pipeline hook of the one job that is at fault, or of none. */
function redact(body: Record<string, unknown>, build?: unknown): Kept {
  const project = pickPlain(body.project, ['id', 'path_with_namespace'])
  const payload: Record<string, unknown> = {
    object_kind: PIPELINE_KIND,
    object_attributes: pickPlain(body.object_attributes, ['id', 'sha']),
    project,
    ...(body.source_pipeline ? { source_pipeline: pickPlain(body.source_pipeline, ['pipeline_id']) } : {}),
  }
  const kept = pickPlain(build, JOB_KEYS)
  if (build !== undefined) {
    const { runner: seen } = (build ?? {}) as Record<string, unknown>
    if (seen) kept.runner = pickPlain(seen, ['id', 'description', 'tags'])
    payload.builds = [kept]
  }
  return {
    projectId: legibleId(project.id),
    jobId: legibleId(kept.id),
    payload,
    whole: build === undefined,
  }
}
