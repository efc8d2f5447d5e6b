/** What was taken in goes to its topics, and is answered after it is durable: the same for webhooks and reports. */
import type { AdmissionContext } from '../domain/admission.ts'
import { agree, type Claim, claimOf, disagreementKey, type JobEvent, type Source } from '../domain/event.ts'
import { encodeEvent } from '../schema/event.ts'
import type { Intake, QuarantineRecord } from '../schema/intake.ts'
import { encodeRow, quarantineRow } from '../schema/rows.ts'
import type { Deps } from './handler.ts'

export type PublishDeps = Pick<Deps, 'bus' | 'log' | 'unmanagedArms'>
type ContextDeps = Pick<Deps, 'clock' | 'fleet' | 'settings' | 'unmanagedArms'>

/** What became of one intake, as it is answered. */
export type IntakeAnswer =
  | { status: 'accepted'; event_id: string }
  | { status: 'duplicate'; event_id: string; conflicting: boolean }
  | { status: 'ignored'; reason: string }
  | { status: 'quarantined'; code: string; reason: string }

/** How what arrives now is admitted. Where GitLab is played, no witness passes for a real one. */
export function liveContext(
  source: Source,
  idempotencyKey: string | null,
  { clock, fleet, settings, unmanagedArms }: ContextDeps,
): AdmissionContext {
  return {
    instance: settings.instance,
    source: settings.synthetic ? 'synthetic' : source,
    receivedAt: clock.now(),
    idempotencyKey,
    fleet,
    lateAfterMs: settings.lateAfterMs,
    unmanagedArms,
    maxUnmanagedArms: settings.maxUnmanagedArms,
  }
}

/**
 * Publishes all of them, in as few commits as the bus can. A repetition is answered with duplicates.
 * @throws TransientError when not all could be made durable.
 */
export async function publishIntakes(intakes: readonly Intake[], deps: PublishDeps): Promise<IntakeAnswer[]> {
  const quarantined = intakes.flatMap((intake) => (intake.status === 'quarantined' ? [intake.record] : []))
  const answers = await Promise.all(intakes.map((intake) => publishIntake(intake, deps)))
  const [first] = quarantined
  if (first !== undefined) {
    // One line for a delivery, however many of its jobs are at fault.
    const { quarantineId, code } = first
    deps.log.warning('job.quarantined', { quarantine_id: quarantineId, code, jobs: quarantined.length })
  }
  return answers
}

async function publishIntake(intake: Intake, deps: PublishDeps): Promise<IntakeAnswer> {
  if (intake.status === 'admitted') return publishEvent(intake.event, deps)
  if (intake.status === 'quarantined') return quarantine(intake.record, deps)
  return { status: 'ignored', reason: intake.reason }
}

async function publishEvent(
  event: JobEvent,
  { bus, unmanagedArms, log }: PublishDeps,
): Promise<IntakeAnswer> {
  const claim = claimOf(event)
  // Taken before it is durable, so that requests of the same moment do not each take the last place.
  if (event.unmanaged && event.arm !== null) unmanagedArms.add(event.arm)
  const { eventId } = event
  const body = encodeEvent(event)
  const publication = await bus.publish({ topic: 'job-events', key: eventId, body, claim })
  if (publication.status === 'accepted') {
    log.debug('job.ingested', { event_id: eventId, arm: event.arm, late: event.late })
    return { status: 'accepted', event_id: eventId }
  }
  const first = publication.firstClaim as Claim
  const conflicting = !agree(first, claim)
  if (conflicting) {
    const disagreement = await bus.publish({
      topic: 'job-events',
      key: disagreementKey(eventId, claim),
      body: { ...body, conflicting: true },
    })
    if (disagreement.status === 'accepted') {
      log.warning('job.conflicted', { event_id: eventId, source: event.source, first, repeat: claim })
    }
  }
  return { status: 'duplicate', event_id: eventId, conflicting }
}

async function quarantine(record: QuarantineRecord, { bus }: PublishDeps): Promise<IntakeAnswer> {
  const { quarantineId, code, reason } = record
  await bus.publish({ topic: 'quarantine', key: quarantineId, body: encodeRow(quarantineRow, record) })
  return { status: 'quarantined', code, reason }
}
