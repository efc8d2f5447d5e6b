/** Events, runners and fleets for tests: whatever a test does not name has a harmless value. */
import type { JobEvent, Witness } from '../../shared/domain/event.ts'
import { type Arm, type Fleet, fleetOf, type Runner } from '../../shared/domain/fleet.ts'
import { fold } from '../../shared/domain/fold.ts'
import { type BanditState, EMPTY_STATE } from '../../shared/domain/state.ts'
import { encodeState } from '../../shared/schema/state.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
/** The default lateness window. */
export const WINDOW = 7 * DAY
export const NOON = Date.parse('2026-03-02T12:00:00Z')
export const INSTANCE = 'gitlab.example.com'

/** Far from the ids that tests choose themselves. */
let lastJobId = 1_000_000

/** A success of one minute that ended at NOON; another job with every call. */
export function finishedEvent(overrides: Partial<JobEvent> = {}): JobEvent {
  const projectId = overrides.projectId ?? 42
  const jobId = overrides.jobId ?? ++lastJobId
  const jobName = overrides.jobName ?? 'unit'
  const occurredAt = overrides.occurredAt ?? NOON
  return {
    eventId: `${INSTANCE}/${projectId}/${jobId}/job.finished`,
    kind: 'job.finished',
    instance: INSTANCE,
    source: 'webhook',
    occurredAt,
    receivedAt: occurredAt + SECOND,
    projectId,
    projectPath: 'group/app',
    jobId,
    jobKey: `${projectId}/${jobName}`,
    jobName,
    stage: 'test',
    pipelineId: 7,
    parentPipelineId: null,
    routingDecisionId: null,
    commitSha: 'c0ffee',
    attempt: 0,
    createdAt: occurredAt - 2 * MINUTE,
    startedAt: occurredAt - MINUTE,
    finishedAt: occurredAt,
    queuedSeconds: 60,
    status: 'success',
    failureReason: null,
    durationSeconds: 60,
    runnerId: 1,
    runnerDescription: 'runner a',
    runnerTags: [],
    jobTags: null,
    idempotencyKey: null,
    arm: 'a',
    unmanaged: false,
    costPerHourEur: 0,
    late: false,
    conflicting: false,
    ...overrides,
  }
}

/** The start, at NOON, of what `finishedEvent` finishes. */
export function startedEvent(overrides: Partial<JobEvent> = {}): JobEvent {
  const { projectId, jobId, ...event } = finishedEvent(overrides)
  return {
    ...event,
    projectId,
    jobId,
    eventId: `${INSTANCE}/${projectId}/${jobId}/job.started`,
    kind: 'job.started',
    startedAt: event.occurredAt,
    finishedAt: null,
    status: null,
    durationSeconds: null,
  }
}

/** What a webhook said of a success of one minute that ended at NOON. */
export function witnessOf(overrides: Partial<Witness> = {}): Witness {
  return {
    kind: 'job.finished',
    projectId: 42,
    projectPath: 'group/app',
    jobId: 1,
    jobName: 'unit',
    stage: 'test',
    pipelineId: 7,
    parentPipelineId: null,
    routingDecisionId: null,
    commitSha: 'c0ffee',
    attempt: 0,
    createdAt: NOON - 2 * MINUTE,
    startedAt: NOON - MINUTE,
    finishedAt: NOON,
    queuedSeconds: 60,
    status: 'success',
    failureReason: null,
    durationSeconds: 60,
    runner: { id: 1, description: 'a', tags: [] },
    jobTags: null,
    ...overrides,
  }
}

type RunnerWords = Partial<Omit<Runner, 'tags' | 'projects'>> & {
  tags?: readonly string[]
  projects?: readonly string[] | null
}

export function runnerOf({ tags = [], projects = null, ...rest }: RunnerWords = {}): Runner {
  return {
    name: 'a',
    id: null,
    machine: 'm',
    executor: 'docker',
    runUntagged: tags.length === 0,
    refProtected: false,
    paused: false,
    online: true,
    costPerHourEur: 0,
    architecture: null,
    gpu: null,
    memoryGb: null,
    zone: null,
    slots: null,
    maintenance: [],
    ...rest,
    tags: new Set(tags),
    projects: projects === null ? null : new Set(projects),
  }
}

/** An arm of one runner, routed to by `own-<name>` unless told otherwise. */
export function armOf(words: RunnerWords & { routingTag?: string | null } = {}): Arm {
  const { routingTag, ...runner } = words
  const made = runnerOf(runner)
  return { id: made.name, tag: routingTag === undefined ? `own-${made.name}` : routingTag, runners: [made] }
}

export const fleetWith = (...arms: Arm[]): Fleet => fleetOf(arms, { fallbackTag: 'any-runner' })

export const stateOf = (events: Iterable<JobEvent>): BanditState => fold(EMPTY_STATE, events, WINDOW)

/** The canonical bytes as text, so that a difference can be read. */
export const bytesOf = (state: BanditState): string => new TextDecoder().decode(encodeState(state))
