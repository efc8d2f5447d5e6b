/**
 * ingest: one webhook of GitLab becomes an event in the log.
 *
 * Trigger: POST /webhooks/gitlab. Reads: fleet, settings. Writes: topics `job-events`, `quarantine`.
 * Repetition: the identity of the event makes a repeat a `duplicate`; one that disagrees is logged as
 * conflicting and changes nothing. Answers 2xx only after the event is durable, and also for what it does not
 * understand: four failures in a row make GitLab disable the webhook.
 */
import { agree, type Claim, claimOf, disagreementKey, type JobEvent } from '../shared/domain/event.ts'
import { isAccepted } from '../shared/runtime/credentials.ts'
import type { Deps, HttpRequest, HttpResponse } from '../shared/runtime/handler.ts'
import { encodeEvent } from '../shared/schema/event.ts'
import type { QuarantineRecord } from '../shared/schema/intake.ts'
import { parseBody, takeIn } from '../shared/schema/intake.ts'
import { encodeRow, quarantineRow } from '../shared/schema/rows.ts'

type IngestDeps = Pick<Deps, 'bus' | 'clock' | 'fleet' | 'settings' | 'unmanagedArms' | 'log'>

export async function ingest(request: HttpRequest, deps: IngestDeps): Promise<HttpResponse> {
  const { clock, fleet, settings, unmanagedArms } = deps
  const refusal = refuse(request, settings.webhookTokens ?? [])
  if (refusal !== undefined) return refusal
  const bytes = await request.body(settings.webhookMaxBytes)
  if (bytes === undefined) return error(413, `The body is longer than ${settings.webhookMaxBytes} bytes.`)

  const intake = takeIn(parseBody(bytes), bytes, {
    instance: settings.instance,
    source: 'webhook',
    receivedAt: clock.now(),
    fleet,
    lateAfterMs: settings.lateAfterMs,
    unmanagedArms,
    maxUnmanagedArms: settings.maxUnmanagedArms,
  })
  if (intake.status === 'ignored') return { status: 202, body: { status: 'ignored', reason: intake.reason } }
  if (intake.status === 'quarantined') return quarantine(intake.record, deps)
  return publish(intake.event, deps)
}

/** Everything that can be said without reading the body. */
function refuse({ headers }: HttpRequest, tokens: readonly string[]): HttpResponse | undefined {
  if (!isAccepted(headers['x-gitlab-token'], tokens)) {
    return error(401, 'The header X-Gitlab-Token is missing or wrong.')
  }
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) {
    return error(415, 'The Content-Type has to be application/json.')
  }
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') return error(415, 'The body must not be compressed.')
  return undefined
}

async function publish(event: JobEvent, { bus, unmanagedArms, log }: IngestDeps): Promise<HttpResponse> {
  const claim = claimOf(event)
  // Taken before it is durable, so that requests of the same moment do not each take the last place.
  if (event.unmanaged && event.arm !== null) unmanagedArms.add(event.arm)
  const publication = await bus.publish({
    topic: 'job-events',
    key: event.eventId,
    body: encodeEvent(event),
    claim,
  })
  const fields = { event_id: event.eventId, arm: event.arm, late: event.late }
  if (publication.status === 'accepted') {
    log.info('job.ingested', fields)
    return { status: 202, body: { status: 'accepted', event_id: event.eventId } }
  }
  const conflicting = !agree(publication.firstClaim as Claim, claim)
  if (conflicting) {
    log.warning('job.conflicted', { ...fields, first: publication.firstClaim, repeat: claim })
    await bus.publish({
      topic: 'job-events',
      key: disagreementKey(event.eventId, claim),
      body: encodeEvent({ ...event, conflicting: true }),
    })
  }
  return { status: 202, body: { status: 'duplicate', event_id: event.eventId, conflicting } }
}

async function quarantine(record: QuarantineRecord, { bus, log }: IngestDeps): Promise<HttpResponse> {
  const { quarantineId, code, reason } = record
  await bus.publish({ topic: 'quarantine', key: quarantineId, body: encodeRow(quarantineRow, record) })
  log.warning('job.quarantined', { quarantine_id: quarantineId, code })
  return { status: 202, body: { status: 'quarantined', code, reason } }
}

function error(status: number, reason: string): HttpResponse {
  return { status, body: { error: reason } }
}
