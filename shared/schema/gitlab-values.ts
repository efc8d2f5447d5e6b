/** The values in GitLab's webhooks, as they really come (gitlab.md 1.1), and what both kinds of hook make of them. */
import * as z from 'zod'
import type { EventKind, FinalStatus, Instant, Witness } from '../domain/event.ts'
import { parseTimestamp } from './timestamp.ts'

export const MAX_TEXT = 1024
const MAX_DURATION_SECONDS = 1e8

/** Half a surrogate pair is no character: every store would replace it, and not all alike. */
export const text = z
  .string()
  .max(MAX_TEXT)
  .transform((value) => value.toWellFormed())
export const jobName = text.refine((value) => value !== '', 'is empty')

/** JSON.parse rounds a whole number above 2^53 to one that is above it, too: refused, never taken for another's. */
export const id = z.int().positive()

export const seconds = z
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

export const timestamp = z
  .string()
  .transform((value, context): Instant => {
    const at = parseTimestamp(value)
    if (at !== undefined) return at
    context.addIssue({ code: 'custom', message: `not a date: ${JSON.stringify(value.slice(0, 40))}` })
    return z.NEVER
  })
  .nullish()
  .transform((value) => value ?? null)

export const runner = z.object({
  id,
  description: text.nullish().transform((value) => value ?? ''),
  tags: z
    .array(text)
    .nullish()
    .transform((tags) => tags ?? []),
})

/** Of jobs of a child or downstream pipeline only: the pipeline that started theirs. A strange one is none. */
export const sourcePipeline = z
  .object({ pipeline_id: id })
  .nullish()
  .catch(null)
  .transform((parent) => parent?.pipeline_id ?? null)

const KIND_OF_STATUS = new Map<string, EventKind>([
  ['pending', 'job.queued'],
  ['running', 'job.started'],
  ['success', 'job.finished'],
  ['failed', 'job.finished'],
  ['canceled', 'job.finished'],
])

export type WebhookReading =
  /** `kept` is what may be kept of it, should no event be made of it. */
  | { status: 'witness'; witness: Witness; kept(): Kept }
  /** Understood, and not about anything that is learned from. `code` is for counting, `reason` for people. */
  | { status: 'ignored'; code: string; reason: string }
  /** Authentic, but not understood. */
  | { status: 'quarantined'; code: string; reason: string; kept(): Kept }

/** What may be kept of a webhook: the known keys of a job, and plain values of them. */
export type Kept = {
  /** Null when it is not legible. */
  projectId: number | null
  jobId: number | null
  payload: Record<string, unknown>
  /** Whether it stands for the whole body, and not for one job of several. */
  whole: boolean
}

/** The kind of event that a job's status makes, or why it makes none: `status` is whatever the body has there. */
export function kindOf(
  status: unknown,
): EventKind | Exclude<WebhookReading, { status: 'witness' | 'quarantined' }> | undefined {
  if (typeof status !== 'string') return undefined
  const kind = KIND_OF_STATUS.get(status)
  if (kind !== undefined) return kind
  const reason = `The job status ${quoted(status)} makes no event.`
  return { status: 'ignored', code: 'other_status', reason }
}

/** What a job hook and a job of a pipeline hook say alike. */
export type SeenJob = Omit<
  Witness,
  'kind' | 'status' | 'failureReason' | 'durationSeconds' | 'jobTags' | 'routingDecisionId' | 'runner'
> & {
  failureReason: string | null | undefined
  durationSeconds: number | null
  runner: Witness['runner'] | undefined
}

export function witnessOf(kind: EventKind, status: string, job: SeenJob): Witness {
  const finished = kind === 'job.finished'
  const { startedAt, finishedAt } = job
  return {
    ...job,
    kind,
    finishedAt: finished ? finishedAt : null,
    status: finished ? (status as FinalStatus) : null,
    // GitLab says "unknown_failure" of jobs that did not fail.
    failureReason: status === 'failed' ? (job.failureReason ?? null) : null,
    durationSeconds: finished ? durationOf(job.durationSeconds, startedAt, finishedAt) : null,
    runner: job.runner ?? null,
    jobTags: null,
    routingDecisionId: null,
  }
}

/** The witness's duration, else the difference of its times. Zero is no measurement of a job that ran. */
export function durationOf(
  given: number | null,
  startedAt: Instant | null,
  finishedAt: Instant | null,
): number | null {
  const difference = startedAt === null || finishedAt === null ? null : (finishedAt - startedAt) / 1000
  const duration = given ?? difference
  return duration !== null && duration > 0 && duration <= MAX_DURATION_SECONDS ? duration : null
}

/** The named keys of an object, with plain values only: no object gets through, whatever stands in its place. */
export function pickPlain(source: unknown, keys: readonly string[]): Record<string, unknown> {
  if (typeof source !== 'object' || source === null) return {}
  const record = source as Record<string, unknown>
  return Object.fromEntries(
    keys.filter((key) => Object.hasOwn(record, key)).map((key) => [key, plain(record[key])]),
  )
}

/** GitLab allows a runner 50 tags. */
const MAX_KEPT_ITEMS = 200

function plain(value: unknown): unknown {
  // One more than is admitted: what was too long is still too long when it is taken in again.
  if (typeof value === 'string') return value.slice(0, MAX_TEXT + 1)
  if (Array.isArray(value))
    return value.slice(0, MAX_KEPT_ITEMS).map((item) => plain(typeof item === 'object' ? null : item))
  return typeof value === 'object' ? null : value
}

export function legibleId(value: unknown): number | null {
  return Number.isSafeInteger(value) ? (value as number) : null
}

export function quoted(value: string): string {
  return JSON.stringify(value.slice(0, 60))
}
