/**
 * Shadow mode: what is recorded of a job beside what GitLab did with it.
 *
 * At the start a decision is frozen, since the actual runner is known and the outcome is not. At the finish the
 * outcome is recorded, and a late decision from the state minus the job's own contribution, for the case that
 * the start was never seen. No race between learning and deciding can leak an outcome into its own decision.
 */
import { type Decision, decide } from './decision.ts'
import { type FinalStatus, type Instant, isBulk, type JobEvent } from './event.ts'
import { armsByCode } from './feasible.ts'
import type { Fleet } from './fleet.ts'
import { withoutOwnOutcome } from './fold.ts'
import { isRunnerFailure, rewardOf } from './reward.ts'
import type { RunnerFacts, RunnersSeen, SiteFacts } from './site-rule.ts'
import { type BanditState, holdsOutcome } from './state.ts'

const MS_PER_SECOND = 1000
const SECONDS_PER_HOUR = 3600
const NOTHING_SEEN: SiteFacts['runners'] = new Map()

/** What a decision is made from, and when. */
export type DecisionContext = {
  state: BanditState
  generation: string
  fleet: Fleet
  decidedAt: Instant
  lateAfterMs: number
  /** The last look at the runners; left out: nothing is known. Late decisions do not look at it. */
  site?: RunnersSeen | undefined
}

/** Where the tags that a job asks for come from. */
export const TAGS_SOURCES = ['unknown', 'jobs_api'] as const
type TagsSource = (typeof TAGS_SOURCES)[number]

export type DecisionRecord = Omit<
  Decision,
  'refused' | 'mabRunner' | 'nsaiRunner' | 'nsaiConfidence' | 'feasible'
> &
  Pick<
    JobEvent,
    | 'instance'
    | 'projectId'
    | 'projectPath'
    | 'jobId'
    | 'pipelineId'
    | 'parentPipelineId'
    | 'startedAt'
    | 'jobTags'
    | 'jobKey'
    | 'jobName'
    | 'stage'
    | 'source'
    | 'attempt'
  > & {
    decisionId: string
    decidedAt: Instant
    decidedLate: boolean
    actualRunner: string | null
    actualUnmanaged: boolean
    mabRunner: string | null
    nsaiRunner: string | null
    nsaiFeasibleCount: number
    nsaiConfidence: number | null
    mabWouldMatch: boolean | null
    nsaiWouldMatch: boolean | null
    tagsSource: TagsSource
    feasible: { arm: string; observations: number; mean_reward: number; penalty?: number }[]
    /** Refusal code → arms. */
    refused: Record<string, string[]>
    stateGeneration: string
    stateLagSeconds: number | null
  }

export type OutcomeRecord = Pick<
  JobEvent,
  | 'eventId'
  | 'instance'
  | 'projectId'
  | 'jobId'
  | 'queuedSeconds'
  | 'failureReason'
  | 'arm'
  | 'receivedAt'
  | 'late'
  | 'routingDecisionId'
> & {
  jobStatus: FinalStatus
  jobDuration: number | null
  runnerFailure: boolean
  reward: number | null
  costEur: number | null
  finishedAt: Instant
}

/**
 * The decision at a job's start; undefined when the state already holds the job's outcome, when the start was told after
 * the finish, or so late that the ids which would tell may have been forgotten. The finish's late decision serves then.
 */
export function decideAtStart(event: JobEvent, context: DecisionContext): DecisionRecord | undefined {
  if (event.conflicting || holdsOutcome(context.state, event)) return undefined
  if (event.source === 'reconcile') return undefined
  if (!isBulk(event.source) && event.receivedAt - event.occurredAt > context.lateAfterMs) return undefined
  return recordOf(event, context, context.state, false)
}

/**
 * The late decision, from a state without the job's own contribution. Undefined only when another witness of the
 * same finish is in the state, which a bus that forgets keys can bring about: it cannot be taken out exactly.
 */
export function decideAtFinish(event: JobEvent, context: DecisionContext): DecisionRecord | undefined {
  const state = withoutOwnOutcome(context.state, event)
  return state === undefined ? undefined : recordOf(event, context, state, true)
}

export function outcomeOf(event: JobEvent): OutcomeRecord {
  const { durationSeconds, status } = event
  if (status === null) throw new RangeError(`${event.eventId} is no finish`)
  const isRewarded = status !== 'canceled' && durationSeconds !== null && event.arm !== null
  return {
    eventId: event.eventId,
    instance: event.instance,
    projectId: event.projectId,
    jobId: event.jobId,
    jobStatus: status,
    jobDuration: durationSeconds,
    queuedSeconds: event.queuedSeconds,
    failureReason: event.failureReason,
    runnerFailure: isRunnerFailure(event.failureReason),
    arm: event.arm,
    reward: isRewarded ? rewardOf(status === 'success', durationSeconds, event.costPerHourEur) : null,
    costEur: durationSeconds === null ? null : (event.costPerHourEur * durationSeconds) / SECONDS_PER_HOUR,
    finishedAt: event.occurredAt,
    receivedAt: event.receivedAt,
    late: event.late,
    routingDecisionId: event.routingDecisionId,
  }
}

function recordOf(
  event: JobEvent,
  { generation, fleet, decidedAt, site }: DecisionContext,
  state: BanditState,
  decidedLate: boolean,
): DecisionRecord {
  // The windows of maintenance are those of the job's own time; what is seen at its end says nothing of its start.
  const at = event.startedAt ?? event.occurredAt
  const runners = decidedLate ? NOTHING_SEEN : seenBefore(at, site)
  const decision = decide(event.eventId, event, state, fleet, { at, runners })
  const { instance, projectId, projectPath, jobId, pipelineId, parentPipelineId } = event
  const { jobKey, jobName, stage, source, attempt } = event
  const matches = (pick: string | null) => (event.arm === null ? null : pick === event.arm)
  return {
    decisionId: event.eventId,
    instance,
    projectId,
    projectPath,
    jobId,
    pipelineId,
    parentPipelineId,
    startedAt: event.startedAt ?? (event.kind === 'job.started' ? event.occurredAt : null),
    jobKey,
    jobName,
    stage,
    source,
    attempt,
    decidedAt,
    decidedLate,
    actualRunner: event.arm,
    actualUnmanaged: event.unmanaged,
    mabRunner: decision.mabRunner,
    nsaiRunner: decision.nsaiRunner,
    nsaiFeasibleCount: decision.feasible.length,
    nsaiConfidence: decision.nsaiConfidence,
    mabWouldMatch: matches(decision.mabRunner),
    nsaiWouldMatch: matches(decision.nsaiRunner),
    jobTags: event.jobTags,
    tagsSource: event.jobTags === null ? 'unknown' : 'jobs_api',
    knownCount: decision.knownCount,
    feasible: decision.feasible.map(({ meanReward, ...arm }) => ({ ...arm, mean_reward: meanReward })),
    refused: armsByCode(decision.refused),
    choices: decision.choices,
    seed: decision.seed,
    stateGeneration: generation,
    stateAsOfAt: decision.stateAsOfAt,
    stateLagSeconds:
      decision.stateAsOfAt === null ? null : (decidedAt - decision.stateAsOfAt) / MS_PER_SECOND,
    stateObservations: decision.stateObservations,
  }
}

/**
 * What was known of the runners before the job began. Of a runner that gave a sign at that time or later, a look that was
 * still under way may have counted the job itself.
 */
function seenBefore(startedAt: Instant, seen: RunnersSeen | undefined): SiteFacts['runners'] {
  if (seen === undefined || seen.observedAt > startedAt) return NOTHING_SEEN
  const isOfBefore = ({ lastSeenAt }: RunnerFacts) => lastSeenAt === null || lastSeenAt < startedAt
  const all = [...seen.runners]
  const before = all.filter(([, facts]) => isOfBefore(facts))
  // What is made of the facts is kept by the map that they come in.
  return before.length === all.length ? seen.runners : new Map(before)
}
