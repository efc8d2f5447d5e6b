/** The job event on the bus. The same object is a row of the table `job_events`: the log is what was published. */
import * as z from 'zod'
import { SKEW_MS } from '../domain/admission.ts'
import { type Instant, type JobEvent, SOURCES } from '../domain/event.ts'
import { InvalidInputError } from '../errors.ts'
import { decodeOrThrow, instant, joinTags, tagList } from './wire.ts'

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
  // Events that an older version published lack them.
  parent_pipeline_id: z.int().nullable().default(null),
  routing_decision_id: z.string().nullable().default(null),
})

export type EventRow = z.input<typeof eventRow>

/** Written out, since every webhook passes here: the schema's own way of encoding takes ten times as long. */
export function encodeEvent(event: JobEvent): EventRow {
  return {
    event_id: event.eventId,
    kind: event.kind,
    instance: event.instance,
    source: event.source,
    occurred_at: iso(event.occurredAt),
    received_at: iso(event.receivedAt),
    project_id: event.projectId,
    project_path: event.projectPath,
    job_id: event.jobId,
    job_key: event.jobKey,
    job_name: event.jobName,
    stage: event.stage,
    pipeline_id: event.pipelineId,
    commit_sha: event.commitSha,
    attempt: event.attempt,
    created_at: event.createdAt === null ? null : iso(event.createdAt),
    started_at: event.startedAt === null ? null : iso(event.startedAt),
    finished_at: event.finishedAt === null ? null : iso(event.finishedAt),
    queued_seconds: event.queuedSeconds,
    status: event.status,
    failure_reason: event.failureReason,
    duration_seconds: event.durationSeconds,
    runner_id: event.runnerId,
    runner_description: event.runnerDescription,
    runner_tags: joinTags(event.runnerTags),
    arm: event.arm,
    unmanaged: event.unmanaged,
    cost_per_hour_eur: event.costPerHourEur,
    late: event.late,
    conflicting: event.conflicting,
    job_tags: event.jobTags === null ? null : joinTags(event.jobTags),
    idempotency_key: event.idempotencyKey,
    parent_pipeline_id: event.parentPipelineId,
    routing_decision_id: event.routingDecisionId,
  }
}

const iso = (at: Instant): string => new Date(at).toISOString()

/** Written out as well: renaming key by key takes longer than all checks. @throws InvalidInputError when it is no event. */
export function decodeEvent(value: unknown): JobEvent {
  const row = decodeOrThrow(eventRow, value, 'job event')
  return {
    eventId: row.event_id,
    kind: row.kind,
    instance: row.instance,
    source: row.source,
    occurredAt: row.occurred_at,
    receivedAt: row.received_at,
    projectId: row.project_id,
    projectPath: row.project_path,
    jobId: row.job_id,
    jobKey: row.job_key,
    jobName: row.job_name,
    stage: row.stage,
    pipelineId: row.pipeline_id,
    commitSha: row.commit_sha,
    attempt: row.attempt,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    queuedSeconds: row.queued_seconds,
    status: row.status,
    failureReason: row.failure_reason,
    durationSeconds: row.duration_seconds,
    runnerId: row.runner_id,
    runnerDescription: row.runner_description,
    runnerTags: row.runner_tags,
    arm: row.arm,
    unmanaged: row.unmanaged,
    costPerHourEur: row.cost_per_hour_eur,
    late: row.late,
    conflicting: row.conflicting,
    jobTags: row.job_tags,
    idempotencyKey: row.idempotency_key,
    parentPipelineId: row.parent_pipeline_id,
    routingDecisionId: row.routing_decision_id,
  }
}

/**
 * The same for a message of the bus, which may not have come from admission: one that happened after it was received
 * would, once it is learned, make every other too old to be told from a repeat.
 * @throws InvalidInputError when the body is not an event, or one of the future.
 */
export function decodeMessage(body: unknown): JobEvent {
  const event = decodeEvent(body)
  if (event.occurredAt <= event.receivedAt + SKEW_MS) return event
  throw new InvalidInputError(
    `job event: occurred_at ${iso(event.occurredAt)} lies in the future of received_at ${iso(event.receivedAt)}`,
  )
}
