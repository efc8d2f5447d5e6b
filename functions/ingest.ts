/**
 * ingest: one webhook of GitLab becomes the events that it tells of: one of a job hook, many of a pipeline hook.
 *
 * Trigger: POST /webhooks/gitlab. Reads: fleet, settings. Writes: topics `job-events`, `quarantine`.
 * Repetition: the identity of the event makes a repeat a `duplicate`; one that disagrees is logged as
 * conflicting and changes nothing. Answers 2xx only after the events are durable, and also for what it does not
 * understand or want: four failures in a row make GitLab disable the webhook.
 */
import { isSigned, refuseForgery, refuseWebhook } from '../shared/runtime/credentials.ts'
import type { Deps, HttpRequest, HttpResponse } from '../shared/runtime/handler.ts'
import { type IntakeAnswer, liveContext, publishIntakes } from '../shared/runtime/publish-intake.ts'
import { parseBody, quarantineIdOf, takeInAll } from '../shared/schema/intake.ts'

type IngestDeps = Pick<Deps, 'bus' | 'clock' | 'fleet' | 'settings' | 'unmanagedArms' | 'log'>

/** GitLab sends nothing longer. */
const GITLAB_MAX_BYTES = 25 * 1024 * 1024
/** Hooks that cannot tell of a job, whatever their body; one without the header may. */
const TELLS_OF_JOBS: ReadonlySet<unknown> = new Set([undefined, 'Job Hook', 'Pipeline Hook', 'System Hook'])
/** Of the jobs of a pipeline hook, so many are answered one by one. */
const NAMED = 10

export async function ingest(request: HttpRequest, deps: IngestDeps): Promise<HttpResponse> {
  const { headers } = request
  const { clock, settings } = deps
  const refusal = refuseWebhook(headers, settings, clock.now()) ?? refuseEncoding(headers)
  if (refusal !== undefined) return refusal
  const bytes = await request.body(settings.webhookMaxBytes)
  if (bytes === undefined) return passOver(request, deps)
  const forgery = isSigned(headers, settings) ? refuseForgery(headers, settings, bytes) : undefined
  if (forgery !== undefined) return forgery

  const context = liveContext('webhook', idempotencyKeyOf(headers), deps)
  const answers = await publishIntakes(takeInAll(parseBody(bytes), bytes, context), deps)
  const [only] = answers
  return { status: 202, body: only !== undefined && answers.length === 1 ? only : summaryOf(answers) }
}

function refuseEncoding(headers: HttpRequest['headers']): HttpResponse | undefined {
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) {
    return error(415, 'The Content-Type has to be application/json.')
  }
  const encoding = headers['content-encoding'] ?? 'identity'
  return encoding === 'identity' ? undefined : error(415, 'The body must not be compressed.')
}

/**
 * A body over the limit is read to its end, kept nowhere, and answered 202, since a 413 counts towards disabling the
 * hook. If it may have told of jobs, that is put on record; of a signed one nothing is, since nobody has checked whose
 * it is.
 */
async function passOver(request: HttpRequest, deps: IngestDeps): Promise<HttpResponse> {
  const { settings } = deps
  const length = await request.drain(GITLAB_MAX_BYTES)
  if (length === undefined) return error(413, `The body is longer than ${GITLAB_MAX_BYTES} bytes.`)
  const { headers } = request
  const reason = `The body of ${length} bytes is longer than WEBHOOK_MAX_BYTES, ${settings.webhookMaxBytes}; it was not kept.`
  if (!TELLS_OF_JOBS.has(headers['x-gitlab-event']) || isSigned(headers, settings)) {
    return { status: 202, body: { status: 'ignored', reason } }
  }
  const code = 'too_large'
  const { idempotencyKey, receivedAt, source } = liveContext('webhook', idempotencyKeyOf(headers), deps)
  const record = {
    quarantineId: quarantineIdOf(idempotencyKey ?? `${receivedAt}/${length}`, code),
    receivedAt,
    source,
    code,
    reason,
    projectId: null,
    jobId: null,
    bodyBytes: length,
    payload: '{}',
  }
  const [answer] = await publishIntakes([{ status: 'quarantined', record }], deps)
  return { status: 202, body: answer as IntakeAnswer }
}

/** GitLab's name for the delivery; anything that is not one is none. */
function idempotencyKeyOf(headers: HttpRequest['headers']): string | null {
  const key = headers['idempotency-key'] ?? headers['webhook-id']
  return typeof key === 'string' && /^[\x20-\x7e]{1,200}$/.test(key) ? key : null
}

/** The status is the first of these that any job has. */
const STATUSES = ['accepted', 'duplicate', 'quarantined', 'ignored'] as const

function summaryOf(answers: readonly IntakeAnswer[]): object {
  const jobs = { accepted: 0, duplicate: 0, conflicting: 0, quarantined: 0, ignored: 0 }
  for (const answer of answers) {
    jobs[answer.status] += 1
    if (answer.status === 'duplicate' && answer.conflicting) jobs.conflicting += 1
  }
  return { status: STATUSES.find((status) => jobs[status] > 0), jobs, first: answers.slice(0, NAMED) }
}

function error(status: number, reason: string): HttpResponse {
  return { status, body: { error: reason } }
}
