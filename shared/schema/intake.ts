/** From a webhook's body to what becomes of it: the same for a delivery and for a replayed file. */
import { createHash } from 'node:crypto'
import { type AdmissionContext, admit } from '../domain/admission.ts'
import type { JobEvent } from '../domain/event.ts'
import type { quarantineRow, RowOf } from './rows.ts'
import { readWebhook, redactWebhook } from './webhook.ts'

export type QuarantineRecord = RowOf<typeof quarantineRow>

export type Intake =
  | { status: 'admitted'; event: JobEvent }
  | { status: 'ignored'; code: string; reason: string }
  | { status: 'quarantined'; record: QuarantineRecord }

/** What is left of bytes that are no JSON text. */
export const NOT_JSON = Symbol('not JSON')

/** UTF-8 JSON, or NOT_JSON. */
export function parseBody(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return NOT_JSON
  }
}

/** Never throws. `bytes` are what `body` was parsed from. */
export function takeIn(body: unknown, bytes: Uint8Array, context: AdmissionContext): Intake {
  const setAside = (code: string, reason: string): Intake => ({
    status: 'quarantined',
    record: quarantineOf(body, bytes, context, code, reason),
  })
  if (body === NOT_JSON) return setAside('not_json', 'The body is not JSON in UTF-8.')
  const reading = readWebhook(body)
  if (reading.status === 'ignored') return reading
  if (reading.status === 'quarantined') return setAside(reading.code, reading.reason)
  const admission = admit(reading.witness, context)
  return admission.status === 'admitted' ? admission : setAside(admission.code, admission.reason)
}

function quarantineOf(
  body: unknown,
  bytes: Uint8Array,
  { receivedAt, source }: AdmissionContext,
  code: string,
  reason: string,
): QuarantineRecord {
  const kept = body === NOT_JSON ? {} : redactWebhook(body)
  const legibleId = (value: unknown) => (Number.isSafeInteger(value) ? (value as number) : null)
  return {
    quarantineId: createHash('sha256').update(bytes).update(code).digest('hex').slice(0, 32),
    receivedAt,
    source,
    code,
    reason,
    projectId: legibleId(kept.project_id),
    jobId: legibleId(kept.build_id),
    bodyBytes: bytes.length,
    payload: JSON.stringify(kept),
  }
}
