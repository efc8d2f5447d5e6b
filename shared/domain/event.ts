/**
 * A job event: one fact about one GitLab job, as admitted into the log.
 *
 * A *witness* says what it saw of a job (a webhook, a replayed file); *admission* turns that into an
 * *event* with an identity, an arm and a cost that never change again. Instants are epoch milliseconds, UTC.
 */

/** Epoch milliseconds, UTC. */
export type Instant = number

export type EventKind = 'job.queued' | 'job.started' | 'job.finished'
export type FinalStatus = 'success' | 'failed' | 'canceled'

/**
 * Who witnessed it. Live: a job webhook, the jobs of a pipeline webhook, a report of the job itself, GitLab's API asked
 * for what webhooks did not tell (`reconcile`). Bulk, so never late (law 6): files, and the job history of GitLab's API.
 * `synthetic`: nobody, a played GitLab sent it.
 */
/** The project that `smoke` plays a job of; no GitLab has it. */
export const SMOKE_PROJECT = 'runner-bandit/smoke'

export const SOURCES = [
  'webhook',
  'pipeline',
  'update',
  'reconcile',
  'replay',
  'backfill',
  'synthetic',
] as const
export type Source = (typeof SOURCES)[number]

export function isBulk(source: Source): boolean {
  return source === 'replay' || source === 'backfill'
}

/** The runner as the witness named it. The tags are the runner's: the job's are not in the payload. */
export type SeenRunner = { id: number; description: string; tags: readonly string[] }

/** What one witness says of a job, before admission. `null` means that the witness does not say. */
export type Witness = {
  kind: EventKind
  projectId: number
  projectPath: string | null
  jobId: number
  jobName: string
  stage: string
  pipelineId: number | null
  /** Of a job of a child or downstream pipeline: the pipeline that started it. */
  parentPipelineId: number | null
  /** The recommendation by which the job says that it was routed. */
  routingDecisionId: string | null
  commitSha: string | null
  /** 0 on the first try, 1 on the first retry. */
  attempt: number | null
  createdAt: Instant | null
  startedAt: Instant | null
  finishedAt: Instant | null
  queuedSeconds: number | null
  /** The three of an outcome; all null unless the kind is `job.finished`. */
  status: FinalStatus | null
  failureReason: string | null
  /** Above zero: a duration of 0 is no measurement. */
  durationSeconds: number | null
  runner: SeenRunner | null
  /** The tags that the job asks for; null unless the witness is GitLab's API. */
  jobTags: readonly string[] | null
}

export type JobEvent = Omit<Witness, 'runner'> & {
  /** `<instance>/<project>/<job>/<kind>`: one identity whichever witness speaks, never a message id. */
  eventId: string
  instance: string
  source: Source
  /** When the fact happened, as far as known. */
  occurredAt: Instant
  /** When it was admitted. */
  receivedAt: Instant
  jobKey: string
  runnerId: number | null
  runnerDescription: string | null
  runnerTags: readonly string[]
  /** GitLab's name for the delivery; a sending again has the same. */
  idempotencyKey: string | null
  /** Frozen at admission, as is the cost: editing fleet.yaml changes the future only (law 3). */
  arm: string | null
  unmanaged: boolean
  costPerHourEur: number
  /** Received longer after its own finish than the window allows: makes rows, never sums (law 6). */
  late: boolean
  /** Disagrees with the first content of its identity: logged, and changes nothing (law 2). */
  conflicting: boolean
}

/** The identity of an event (law 1). */
export function eventIdOf(instance: string, projectId: number, jobId: number, kind: EventKind): string {
  return `${instance}/${projectId}/${jobId}/${kind}`
}

/**
 * What counts as "the same job again": project and job name. The stage adds nothing, since GitLab job names
 * are unique in a pipeline; the `3/8` of a parallel job is dropped, since its shards are one job to a runner.
 */
export function jobKeyOf(project: number | string, jobName: string): string {
  return `${project}/${jobName.replace(/ \d+\/\d+$/, '')}`
}

/** The part of an event on which witnesses must agree. */
export type Claim = Pick<JobEvent, 'status' | 'runnerId' | 'durationSeconds'>

const DURATION_TOLERANCE_MS = 1000

/**
 * Whether two claims about one identity tell the same story (law 2). Witnesses round durations differently, so
 * up to a second is agreement; a witness that does not know (`null`) contradicts nobody.
 */
export function agree(first: Claim, other: Claim): boolean {
  const differ = <T>(a: T | null, b: T | null) => a !== null && b !== null && a !== b
  if (differ(first.status, other.status) || differ(first.runnerId, other.runnerId)) return false
  if (first.durationSeconds === null || other.durationSeconds === null) return true
  // In whole milliseconds: 8.3 − 7.3 is more than 1 in floating point.
  return Math.round(Math.abs(first.durationSeconds - other.durationSeconds) * 1000) <= DURATION_TOLERANCE_MS
}

/** The claim an event makes, without the rest of it. */
export function claimOf({ status, runnerId, durationSeconds }: JobEvent): Claim {
  return { status, runnerId, durationSeconds }
}

/** A disagreement is known by the event it is about and what it says. */
export function disagreementKey(eventId: string, { status, runnerId, durationSeconds }: Claim): string {
  return `${eventId}#${JSON.stringify([status, runnerId, durationSeconds])}`
}
