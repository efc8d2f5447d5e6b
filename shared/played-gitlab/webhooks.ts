/** What GitLab emits for a played day, with the faults of real deliveries: repeats, disorder, durations as strings. */
import type { JobStatus, PlayedDay, PlayedJob } from './day.ts'
import { payloadOf } from './payload.ts'
import { createRng, type Rng, type Seed } from './rng.ts'

export type PlayedWebhook = {
  /** Of its emission, epoch milliseconds. */
  at: number
  jobId: number
  status: JobStatus
  /** All but the token, which the sender adds. */
  headers: Record<string, string>
  body: string
}

export type WebhooksOptions = {
  seed: Seed
  instanceUrl: string
  /** Share of the webhooks that are sent once more, some time later. */
  repeatShare?: number
  /** Share of the webhooks before a job's last that are sent after it. */
  reorderShare?: number
  /** Share of the webhooks whose durations are JSON strings. */
  stringDurationShare?: number
}

/** Share of the webhooks that carry `build_*_at_iso`. */
const ISO_TIMES_SHARE = 0.9

/** In the order of emission. */
export function webhooksOf(day: PlayedDay, options: WebhooksOptions): PlayedWebhook[] {
  const { seed, instanceUrl, repeatShare = 0.05, reorderShare = 0.05, stringDurationShare = 0.05 } = options
  const delays = createRng(seed, 'webhook delays')
  const faults = createRng(seed, 'webhook faults')
  const forms = createRng(seed, 'webhook forms')
  const ids = createRng(seed, 'webhook ids')
  const jobs = new Map(day.jobs.map((job) => [job.id, { job, delayMs: Math.round(delays.between(50, 900)) }]))

  const webhooks = day.transitions.flatMap(({ jobId, status, atMs }): PlayedWebhook[] => {
    const known = jobs.get(jobId)
    if (!known) return []
    const { job, delayMs } = known
    const builtAtMs = atMs + delayMs
    const durationsAsStrings = forms.chance(stringDurationShare)
    const isoTimes = forms.chance(ISO_TIMES_SHARE)
    const payload = payloadOf({ job, status, builtAtMs }, { seed, instanceUrl, durationsAsStrings, isoTimes })
    const heldBack = status !== job.status && faults.chance(reorderShare)
    const at = heldBack ? afterTheLast(job, delayMs, faults) : builtAtMs
    const body = JSON.stringify(payload)
    const webhook = { at, jobId, status, headers: headersOf(at, ids.uuid(), instanceUrl, ids), body }
    return faults.chance(repeatShare) ? [webhook, repeatOf(webhook, faults, ids)] : [webhook]
  })
  return webhooks.sort((a, b) => a.at - b.at)
}

function afterTheLast(job: PlayedJob, delayMs: number, rng: Rng): number {
  return job.finishedAtMs + delayMs + Math.round(rng.between(200, 30_000))
}

/** The same body and Idempotency-Key; what names or dates the single sending is new. */
function repeatOf(webhook: PlayedWebhook, rng: Rng, ids: Rng): PlayedWebhook {
  const at = webhook.at + Math.round(rng.between(1000, 600_000))
  const headers = {
    ...webhook.headers,
    'X-Gitlab-Webhook-UUID': ids.uuid(),
    'webhook-timestamp': unixSeconds(at),
  }
  return { ...webhook, at, headers }
}

function headersOf(
  at: number,
  idempotencyKey: string,
  instanceUrl: string,
  ids: Rng,
): Record<string, string> {
  return {
    'Content-Type': 'application/json',
    'User-Agent': 'GitLab/19.1.0',
    'Idempotency-Key': idempotencyKey,
    'X-Gitlab-Event': 'Job Hook',
    'X-Gitlab-Webhook-UUID': ids.uuid(),
    'X-Gitlab-Event-UUID': ids.uuid(),
    'X-Gitlab-Instance': instanceUrl,
    'webhook-id': idempotencyKey,
    'webhook-timestamp': unixSeconds(at),
  }
}

function unixSeconds(atMs: number): string {
  return String(Math.floor(atMs / 1000))
}
