/** What a job reports of itself to /update, from its `after_script`: CI variables as they are, all of them text. */
import * as z from 'zod'
import type { Instant, Witness } from '../domain/event.ts'
import { durationOf, jobName, text } from './gitlab-values.ts'
import { parseTimestamp } from './timestamp.ts'
import { decodeOrThrow } from './wire.ts'

const MAX_DURATION_SECONDS = 1e8

const id = z
  .string()
  .regex(/^\d+$/, 'not a whole number')
  .transform(Number)
  .pipe(z.int('not exact: beyond 2^53').positive())

const seconds = z
  .string()
  .regex(/^\d+(\.\d+)?$/, 'not a number of seconds')
  .transform(Number)
  .pipe(z.number().max(MAX_DURATION_SECONDS))

const timestamp = z.string().transform((value, context): Instant => {
  const at = parseTimestamp(value)
  if (at !== undefined) return at
  context.addIssue({ code: 'custom', message: 'not a date, such as 2026-11-21T08:00:00Z' })
  return z.NEVER
})

/** CI_RUNNER_TAGS is a JSON list; a list with commas will do. */
const tags = z.string().transform((value): string[] => {
  const plain = value.startsWith('[') ? value.slice(1, -1).replaceAll('"', '') : value
  return plain
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
})

/** Of the recommendation that routed the job: MAB_DECISION_ID. */
const decisionId = z.string().regex(/^[\w-]{1,64}$/, 'is no id of a decision')

const report = z.object({
  project_id: id,
  job_id: id,
  job_name: jobName,
  status: z.enum(['success', 'failed', 'canceled'], 'success, failed or canceled'),
  project_path: text.optional(),
  stage: text.optional(),
  pipeline_id: id.optional(),
  parent_pipeline_id: id.optional(),
  decision_id: decisionId.optional(),
  commit_sha: text.optional(),
  started_at: timestamp.optional(),
  finished_at: timestamp.optional(),
  duration_seconds: seconds.optional(),
  runner_id: id.optional(),
  runner_description: text.optional(),
  runner_tags: tags.optional(),
})

export type UpdateReading = {
  witness: Witness
  /** What keeps it from being learned from; a sentence each. */
  lacks: string[]
}

/**
 * The witness in a report. Its finish is when it came, unless it says; its duration is from its start to that,
 * unless it says. An empty value is none: a variable that is not set comes as one.
 * @throws InvalidInputError naming each parameter that is missing or wrong.
 */
export function readUpdate(parameters: Iterable<[string, string]>, receivedAt: Instant): UpdateReading {
  const given = [...parameters].filter(([, value]) => value !== '')
  const seen = decodeOrThrow(report, Object.fromEntries(given), 'update')
  const startedAt = seen.started_at ?? null
  const finishedAt = seen.finished_at ?? receivedAt
  const witness: Witness = {
    kind: 'job.finished',
    projectId: seen.project_id,
    projectPath: seen.project_path ?? null,
    jobId: seen.job_id,
    jobName: seen.job_name,
    stage: seen.stage ?? '',
    pipelineId: seen.pipeline_id ?? null,
    parentPipelineId: seen.parent_pipeline_id ?? null,
    routingDecisionId: seen.decision_id ?? null,
    commitSha: seen.commit_sha ?? null,
    attempt: null,
    createdAt: null,
    startedAt,
    finishedAt,
    queuedSeconds: null,
    status: seen.status,
    failureReason: null,
    durationSeconds: durationOf(seen.duration_seconds ?? null, startedAt, finishedAt),
    runner:
      seen.runner_id === undefined
        ? null
        : {
            id: seen.runner_id,
            description: seen.runner_description ?? '',
            tags: seen.runner_tags ?? [],
          },
    jobTags: null,
  }
  const lacks: string[] = []
  if (witness.runner === null) lacks.push('runner_id is missing')
  if (witness.durationSeconds === null) lacks.push('neither started_at nor duration_seconds gives a duration')
  return { witness, lacks }
}
