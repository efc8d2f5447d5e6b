/**
 * GitLab's job webhook, as it really comes (gitlab.md 1.1): durations as numbers or strings, three date forms,
 * a null runner, keys that older versions lack. Only the keys named here are ever looked at, so users, e-mails,
 * commit texts and variables go no further than this file.
 */
import * as z from 'zod'
import type { EventKind, FinalStatus, Instant, Witness } from '../domain/event.ts'
import { parseTimestamp } from './timestamp.ts'
import { faultsOf } from './wire.ts'

const MAX_TEXT = 1024
const MAX_DURATION_SECONDS = 1e8
/** Half a surrogate pair is no character: every store would replace it, and not all alike. */
const text = z
  .string()
  .max(MAX_TEXT)
  .transform((value) => value.toWellFormed())
const id = z.int().positive()

const seconds = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d+(\.\d+)?(e[+-]?\d+)?$/i, 'not a number')
      .transform(Number),
  ])
  .pipe(z.number().min(0).max(MAX_DURATION_SECONDS))
  .nullish()
  .transform((value) => value ?? null)

const timestamp = z
  .string()
  .transform((value, context): Instant => {
    const at = parseTimestamp(value)
    if (at !== undefined) return at
    context.addIssue({ code: 'custom', message: `not a date: ${JSON.stringify(value.slice(0, 40))}` })
    return z.NEVER
  })
  .nullish()
  .transform((value) => value ?? null)

const runner = z.object({
  id,
  description: text.nullish().transform((value) => value ?? ''),
  tags: z
    .array(text)
    .nullish()
    .transform((tags) => tags ?? []),
})

const jobHook = z.object({
  build_id: id,
  build_name: text.refine((value) => value !== '', 'is empty'),
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
})

const KIND_OF_STATUS = new Map<string, EventKind>([
  ['pending', 'job.queued'],
  ['running', 'job.started'],
  ['success', 'job.finished'],
  ['failed', 'job.finished'],
  ['canceled', 'job.finished'],
])

export type WebhookReading =
  | { status: 'witness'; witness: Witness }
  /** Understood, and not about anything that is learned from. `code` is for counting, `reason` for people. */
  | { status: 'ignored'; code: string; reason: string }
  /** Authentic, but not understood. */
  | { status: 'quarantined'; code: string; reason: string }

/** Reads one webhook body (already parsed JSON). Never throws. */
export function readWebhook(body: unknown): WebhookReading {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return quarantined('not_an_object', 'The body is not a JSON object.')
  }
  const { object_kind, event_name, build_status } = body as Record<string, unknown>
  const hookKind = object_kind ?? event_name
  if (typeof hookKind !== 'string') return quarantined('no_kind', 'The body has no object_kind.')
  if (hookKind !== 'build') {
    return { status: 'ignored', code: 'other_kind', reason: `A ${quoted(hookKind)} hook is not a job hook.` }
  }
  if (typeof build_status !== 'string') return quarantined('no_status', 'The job has no build_status.')
  const kind = KIND_OF_STATUS.get(build_status)
  if (kind === undefined) {
    const reason = `The job status ${quoted(build_status)} makes no event.`
    return { status: 'ignored', code: 'other_status', reason }
  }
  const parsed = jobHook.safeParse(body)
  if (!parsed.success) return quarantined('invalid_job', faultsOf(parsed.error).join('; '))
  return { status: 'witness', witness: witnessOf(kind, build_status, parsed.data) }
}

function witnessOf(kind: EventKind, status: string, job: z.output<typeof jobHook>): Witness {
  const startedAt = job.build_started_at_iso ?? job.build_started_at
  const finishedAt = job.build_finished_at_iso ?? job.build_finished_at
  const finished = kind === 'job.finished'
  return {
    kind,
    projectId: job.project_id,
    projectPath: job.project?.path_with_namespace ?? null,
    jobId: job.build_id,
    jobName: job.build_name,
    stage: job.build_stage,
    pipelineId: job.pipeline_id ?? null,
    commitSha: job.sha ?? null,
    attempt: job.retries_count ?? null,
    createdAt: job.build_created_at_iso ?? job.build_created_at,
    startedAt,
    finishedAt: finished ? finishedAt : null,
    queuedSeconds: job.build_queued_duration,
    status: finished ? (status as FinalStatus) : null,
    // GitLab says "unknown_failure" of jobs that did not fail.
    failureReason: status === 'failed' ? (job.build_failure_reason ?? null) : null,
    durationSeconds: finished ? durationOf(job.build_duration, startedAt, finishedAt) : null,
    runner: job.runner ?? null,
    jobTags: null,
  }
}

/** The payload's duration, else the difference of its times. Zero is no measurement of a job that ran. */
function durationOf(
  seconds: number | null,
  startedAt: Instant | null,
  finishedAt: Instant | null,
): number | null {
  const difference = startedAt === null || finishedAt === null ? null : (finishedAt - startedAt) / 1000
  const duration = seconds ?? difference
  return duration !== null && duration > 0 ? duration : null
}

const SAFE_KEYS = ['object_kind', 'event_name', 'build_status', ...Object.keys(jobHook.shape)]

/** What may be kept of a body that was not understood: the keys of a job hook, and only plain values of them. */
export function redactWebhook(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null) return {}
  const source = body as Record<string, unknown>
  const kept = Object.fromEntries(
    SAFE_KEYS.filter((key) => Object.hasOwn(source, key)).map((key) => [key, plain(source[key])]),
  )
  const { runner: seen, project } = source as { runner?: object; project?: object }
  if (seen) kept.runner = pickPlain(seen, ['id', 'description', 'tags'])
  if (project) kept.project = pickPlain(project, ['path_with_namespace'])
  return kept
}

function pickPlain(source: object, keys: readonly string[]): Record<string, unknown> {
  const record = source as Record<string, unknown>
  return Object.fromEntries(
    keys.filter((key) => Object.hasOwn(record, key)).map((key) => [key, plain(record[key])]),
  )
}

function plain(value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, MAX_TEXT)
  if (Array.isArray(value))
    return value.slice(0, 50).map((item) => plain(typeof item === 'object' ? null : item))
  return typeof value === 'object' ? null : value
}

function quarantined(code: string, reason: string): WebhookReading {
  return { status: 'quarantined', code, reason }
}

function quoted(value: string): string {
  return JSON.stringify(value.slice(0, 60))
}
