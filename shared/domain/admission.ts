/** Admission: a witness becomes an event with an identity, an arm, a cost and a verdict, or is set aside. */
import {
  eventIdOf,
  type Instant,
  isBulk,
  type JobEvent,
  jobKeyOf,
  type Source,
  type Witness,
} from './event.ts'
import { type AssignedArm, armOfRunner, type Fleet } from './fleet.ts'

/** Clocks of GitLab and of this machine may differ by this much. */
export const SKEW_MS = 5 * 60_000
/** GitLab writes some of its times with milliseconds and cuts others to the second. */
const PRECISION_MS = 1000
const MS_PER_SECOND = 1000

export type AdmissionContext = {
  instance: string
  source: Source
  receivedAt: Instant
  idempotencyKey?: string | null
  fleet: Fleet
  lateAfterMs: number
  /** Unmanaged arms seen so far; a new one beyond `maxUnmanagedArms` is not admitted. */
  unmanagedArms: ReadonlySet<string>
  maxUnmanagedArms: number
}

export type QuarantineCode = 'in_the_future' | 'finished_before_started' | 'too_many_unmanaged_arms'

export type Admission =
  | { status: 'admitted'; event: JobEvent }
  | { status: 'quarantined'; code: QuarantineCode; reason: string }

export function admit(witness: Witness, context: AdmissionContext): Admission {
  const { receivedAt, source, fleet } = context
  const { runner, ...facts } = witness
  const occurredAt = occurredAtOf(witness, source, receivedAt)
  const newest = Math.max(occurredAt, facts.createdAt ?? 0, facts.startedAt ?? 0, facts.finishedAt ?? 0)
  if (newest > receivedAt + SKEW_MS) {
    return quarantined(
      'in_the_future',
      `The job's time ${iso(newest)} lies in the future of ${iso(receivedAt)}.`,
    )
  }
  if (
    facts.startedAt !== null &&
    facts.finishedAt !== null &&
    facts.finishedAt < facts.startedAt - PRECISION_MS
  ) {
    const reason = `The job finished at ${iso(facts.finishedAt)}, before it started at ${iso(facts.startedAt)}.`
    return quarantined('finished_before_started', reason)
  }
  const assigned: AssignedArm | undefined = runner === null ? undefined : armOfRunner(fleet, runner)
  if (assigned?.unmanaged && isOneTooMany(assigned.arm, context)) {
    const reason = `More than ${context.maxUnmanagedArms} runners are not described in fleet.yaml.`
    return quarantined('too_many_unmanaged_arms', reason)
  }
  const isLate = facts.kind === 'job.finished' && receivedAt - occurredAt > context.lateAfterMs
  const event: JobEvent = {
    ...facts,
    eventId: eventIdOf(context.instance, facts.projectId, facts.jobId, facts.kind),
    instance: context.instance,
    source,
    occurredAt,
    receivedAt,
    jobKey: jobKeyOf(facts.projectId, facts.jobName),
    runnerId: runner?.id ?? null,
    runnerDescription: runner?.description ?? null,
    runnerTags: runner?.tags ?? [],
    idempotencyKey: context.idempotencyKey ?? null,
    arm: assigned?.arm ?? null,
    unmanaged: assigned?.unmanaged ?? false,
    costPerHourEur: assigned?.costPerHourEur ?? 0,
    late: !isBulk(source) && isLate,
    conflicting: false,
  }
  return { status: 'admitted', event }
}

function isOneTooMany(arm: string, { unmanagedArms, maxUnmanagedArms }: AdmissionContext): boolean {
  return !unmanagedArms.has(arm) && unmanagedArms.size >= maxUnmanagedArms
}

/**
 * When the fact happened. Old payloads lack the time that belongs to their status: a live one has just
 * happened; one of a bulk source happened about when the newest time it does carry says.
 */
function occurredAtOf(witness: Witness, source: Source, receivedAt: Instant): Instant {
  const { kind, createdAt, startedAt, finishedAt, durationSeconds } = witness
  const fallback = (isBulk(source) ? (startedAt ?? createdAt) : null) ?? receivedAt
  if (kind === 'job.queued') return createdAt ?? fallback
  if (kind === 'job.started') return startedAt ?? fallback
  if (finishedAt !== null) return finishedAt
  if (startedAt !== null && durationSeconds !== null) {
    return Math.round(startedAt + durationSeconds * MS_PER_SECOND)
  }
  return fallback
}

function quarantined(code: QuarantineCode, reason: string): Admission {
  return { status: 'quarantined', code, reason }
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
