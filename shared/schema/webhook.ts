/**
 * GitLab's webhooks: which hook it is, and the job hook (gitlab.md 1.1): durations as numbers or strings, three date
 * forms, a null runner, keys that older versions lack. Only the keys named here are ever looked at, so users, e-mails,
 * commit texts and variables go no further than this file and `pipeline-webhook.ts`.
 */
import * as z from 'zod'
import {
  id,
  jobName,
  type Kept,
  kindOf,
  legibleId,
  pickPlain,
  quoted,
  runner,
  seconds,
  sourcePipeline,
  text,
  timestamp,
  type WebhookReading,
  witnessOf,
} from './gitlab-values.ts'
import { PIPELINE_KIND, readPipelineHook } from './pipeline-webhook.ts'
import { faultsOf } from './wire.ts'

const jobHook = z.object({
  build_id: id,
  build_name: jobName,
  build_stage: text.nullish().transform((value) => value ?? ''),
  build_created_at: timestamp,
  build_created_at_iso: timestamp,
  build_started_at: timestamp,
  build_started_at_iso: timestamp,
  build_finished_at: timestamp,
  build_finished_at_iso: timestamp,
  build_duration: seconds,
  build_queued_duration: seconds,
  build_failure_reason: text.nullish(),
  retries_count: z.int().min(0).nullish(),
  pipeline_id: id.nullish(),
  project_id: id,
  sha: text.nullish(),
  runner: runner.nullish(),
  project: z.object({ path_with_namespace: text.nullish() }).nullish(),
  source_pipeline: sourcePipeline,
})

export function isPipelineHook(body: unknown): boolean {
  return kindOfHook(body) === PIPELINE_KIND
}

/** The kind that a body gives itself, whatever that is. */
function kindOfHook(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return undefined
  const { object_kind, event_name } = body as Record<string, unknown>
  return object_kind ?? event_name
}

/** Reads one webhook body (already parsed JSON): a reading for each job that it tells of, at least one. Never throws. */
export function readWebhook(body: unknown): WebhookReading[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return [quarantined('not_an_object', 'The body is not a JSON object.', body)]
  }
  const kind = kindOfHook(body)
  if (typeof kind !== 'string') return [quarantined('no_kind', 'The body has no object_kind.', body)]
  if (kind === 'build') return [readJobHook(body as Record<string, unknown>)]
  if (kind === PIPELINE_KIND) return readPipelineHook(body as Record<string, unknown>)
  const reason = `A ${quoted(kind)} hook tells of no jobs.`
  return [{ status: 'ignored', code: 'other_kind', reason }]
}

function readJobHook(body: Record<string, unknown>): WebhookReading {
  const status = body.build_status
  const kind = kindOf(status)
  if (kind === undefined) return quarantined('no_status', 'The job has no build_status.', body)
  if (typeof kind === 'object') return kind
  const parsed = jobHook.safeParse(body)
  if (!parsed.success) return quarantined('invalid_job', faultsOf(parsed.error).join('; '), body)
  const job = parsed.data
  const witness = witnessOf(kind, status as string, {
    projectId: job.project_id,
    projectPath: job.project?.path_with_namespace ?? null,
    jobId: job.build_id,
    jobName: job.build_name,
    stage: job.build_stage,
    pipelineId: job.pipeline_id ?? null,
    parentPipelineId: job.source_pipeline,
    commitSha: job.sha ?? null,
    attempt: job.retries_count ?? null,
    createdAt: job.build_created_at_iso ?? job.build_created_at,
    startedAt: job.build_started_at_iso ?? job.build_started_at,
    finishedAt: job.build_finished_at_iso ?? job.build_finished_at,
    queuedSeconds: job.build_queued_duration,
    failureReason: job.build_failure_reason,
    durationSeconds: job.build_duration,
    runner: job.runner,
  })
  return { status: 'witness', witness, kept: () => redactWebhook(body) }
}

const SAFE_KEYS = ['object_kind', 'event_name', 'build_status', ...Object.keys(jobHook.shape)]

/** What may be kept of a body that was not understood: the keys of a job hook, and only plain values of them. */
export function redactWebhook(body: unknown): Kept {
  const payload = pickPlain(body, SAFE_KEYS)
  const { runner: seen, project, source_pipeline: parent } = (body ?? {}) as Record<string, unknown>
  if (seen) payload.runner = pickPlain(seen, ['id', 'description', 'tags'])
  if (project) payload.project = pickPlain(project, ['path_with_namespace'])
  if (parent) payload.source_pipeline = pickPlain(parent, ['pipeline_id'])
  return {
    projectId: legibleId(payload.project_id),
    jobId: legibleId(payload.build_id),
    payload,
    whole: true,
  }
}

function quarantined(code: string, reason: string, body: unknown): WebhookReading {
  return { status: 'quarantined', code, reason, kept: () => redactWebhook(body) }
}
