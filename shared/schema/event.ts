/** The job event on the bus. The same object is a row of the table `job_events`: the log is what was published. */
import * as z from 'zod'
import { type JobEvent, SOURCES } from '../domain/event.ts'
import { decodeOrThrow, instant, tagList, toCamelCase, toSnakeCase } from './wire.ts'

export const eventRow = z.object({
  event_id: z.string(),
  kind: z.enum(['job.queued', 'job.started', 'job.finished']),
  instance: z.string(),
  source: z.enum(SOURCES),
  occurred_at: instant,
  received_at: instant,
  project_id: z.int(),
  project_path: z.string().nullable(),
  job_id: z.int(),
  job_key: z.string(),
  job_name: z.string(),
  stage: z.string(),
  pipeline_id: z.int().nullable(),
  commit_sha: z.string().nullable(),
  attempt: z.int().nullable(),
  created_at: instant.nullable(),
  started_at: instant.nullable(),
  finished_at: instant.nullable(),
  queued_seconds: z.number().nullable(),
  status: z.enum(['success', 'failed', 'canceled']).nullable(),
  failure_reason: z.string().nullable(),
  duration_seconds: z.number().positive().nullable(),
  runner_id: z.int().nullable(),
  runner_description: z.string().nullable(),
  runner_tags: tagList,
  arm: z.string().nullable(),
  unmanaged: z.boolean(),
  cost_per_hour_eur: z.number(),
  late: z.boolean(),
  conflicting: z.boolean(),
  job_tags: tagList.nullable(),
  idempotency_key: z.string().nullable(),
})

export type EventRow = z.input<typeof eventRow>

export function encodeEvent(event: JobEvent): EventRow {
  return z.encode(eventRow, toSnakeCase(event))
}

/** @throws InvalidInputError when the row is not an event. */
export function decodeEvent(row: unknown): JobEvent {
  return toCamelCase<JobEvent>(decodeOrThrow(eventRow, row, 'job event'))
}
