/** From a webhook's body to what becomes of it: the same for a delivery and for a replayed file. */
import { createHash } from 'node:crypto'
import { type AdmissionContext, admit } from '../domain/admission.ts'
import type { JobEvent, Witness } from '../domain/event.ts'
import type { Kept, WebhookReading } from './gitlab-values.ts'
import type { quarantineRow, RowOf } from './rows.ts'
import { isPipelineHook, readWebhook } from './webhook.ts'

export type QuarantineRecord = RowOf<typeof quarantineRow>

export type Intake =
  | { status: 'admitted'; event: JobEvent }
  | { status: 'ignored'; code: string; reason: string }
  | { status: 'quarantined'; record: QuarantineRecord }

/** What is left of bytes that are no JSON text. */
export const NOT_JSON = Symbol('not JSON')

const UTF8 = new TextDecoder('utf-8', { fatal: true })
const NOTHING_KEPT: Kept = { projectId: null, jobId: null, payload: {}, whole: true }

/** UTF-8 JSON, or NOT_JSON. */
export function parseBody(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(UTF8.decode(bytes))
  } catch {
    return NOT_JSON
  }
}

/** Whether `parseBody` understood the bytes. */
export const isLegible = (body: unknown): boolean => body !== NOT_JSON

/** What becomes of each job that a body tells of, at least one. Never throws. `bytes` are what `body` was parsed from. */
export function takeInAll(body: unknown, bytes: Uint8Array, context: AdmissionContext): Intake[] {
  if (body === NOT_JSON) {
    return [setAside('not_json', 'The body is not JSON in UTF-8.', NOTHING_KEPT, bytes, context)]
  }
  const readings = readWebhook(body)
  if (!isPipelineHook(body)) return readings.map((reading) => takeInOne(reading, bytes, context))
  // The arms of one body count, too, so that a single one does not pass the bound.
  const unmanagedArms = new Set(context.unmanagedArms)
  const source = context.source === 'webhook' ? 'pipeline' : context.source
  const ofPipeline = { ...context, source, unmanagedArms }
  return readings.map((reading) => {
    const intake = takeInOne(reading, bytes, ofPipeline)
    if (intake.status === 'admitted' && intake.event.unmanaged && intake.event.arm !== null) {
      unmanagedArms.add(intake.event.arm)
    }
    return intake
  })
}

/** The same for a witness that came as no webhook; `bytes` are what it was read from. */
export function takeInWitness(witness: Witness, bytes: Uint8Array, context: AdmissionContext): Intake {
  const { projectId, jobId, jobName, status } = witness
  const payload = { project_id: projectId, job_id: jobId, job_name: jobName, status }
  const kept = () => ({ projectId, jobId, payload, whole: true })
  return takeInOne({ status: 'witness', witness, kept }, bytes, context)
}

function takeInOne(reading: WebhookReading, bytes: Uint8Array, context: AdmissionContext): Intake {
  if (reading.status === 'ignored') return reading
  const refusal = reading.status === 'quarantined' ? reading : admit(reading.witness, context)
  if (refusal.status === 'admitted') return refusal
  return setAside(refusal.code, refusal.reason, reading.kept(), bytes, context)
}

function setAside(
  code: string,
  reason: string,
  { projectId, jobId, payload, whole }: Kept,
  bytes: Uint8Array,
  { receivedAt, source }: AdmissionContext,
): Intake {
  const kept = JSON.stringify(payload)
  // One job of a pipeline hook is the same one in the next hook, whose bytes are others.
  const quarantineId = quarantineIdOf(whole ? bytes : kept, code)
  const bodyBytes = bytes.length
  const record = {
    quarantineId,
    receivedAt,
    source,
    code,
    reason,
    projectId,
    jobId,
    bodyBytes,
    payload: kept,
  }
  return { status: 'quarantined', record }
}

/** The same for the same content and reason, so that a repeat is the same row. */
export function quarantineIdOf(content: Uint8Array | string, code: string): string {
  return createHash('sha256').update(content).update(code).digest('hex').slice(0, 32)
}
