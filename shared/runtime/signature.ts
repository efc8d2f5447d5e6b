/**
 * GitLab's signatures of webhooks (GitLab 19.0, after standardwebhooks.com): HMAC-SHA256 over id, time and raw body.
 *
 * The arithmetic is the package's; its own check of the time reads the system's clock, so `verify` is not used and the
 * time is compared here, with the clock of the port. It signs text: a body that is no UTF-8 has no valid signature.
 */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { Webhook } from 'standardwebhooks'
import type { Instant } from '../domain/event.ts'

/** How far the time of a signature may lie from this machine's, before and after. */
const TOLERANCE_MS = 300_000
/** Of "v1," and 32 bytes in base64. */
const SIGNATURE_LENGTH = 47
const MS_PER_SECOND = 1000

/** The headers with which GitLab signs a delivery. */
export function signedHeaders(token: string, id: string, now: Instant, body: string): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now / MS_PER_SECOND)),
    'webhook-signature': new Webhook(token).sign(id, new Date(now), body),
  }
}

/** What is wrong with the headers of a signed delivery, as far as can be told without its body. */
export function faultOfSignedHeaders(headers: IncomingHttpHeaders, now: Instant): string | undefined {
  if (headers['webhook-id'] === undefined) return 'The header webhook-id is missing.'
  const signedAt = signedAtOf(headers)
  if (signedAt === undefined) return 'The header webhook-timestamp is not a time in seconds.'
  if (Math.abs(now - signedAt) > TOLERANCE_MS) {
    return `The header webhook-timestamp is more than ${TOLERANCE_MS / MS_PER_SECOND} s away from this server's clock.`
  }
  return undefined
}

/** Whether one of the signatures in the headers is that of these bytes under one of the tokens. */
export function isSignedBy(
  tokens: readonly string[],
  headers: IncomingHttpHeaders,
  bytes: Uint8Array,
): boolean {
  const { 'webhook-id': id, 'webhook-signature': list } = headers
  const signedAt = signedAtOf(headers)
  if (typeof id !== 'string' || typeof list !== 'string' || signedAt === undefined) return false
  const presented = list
    .split(' ')
    .filter((signature) => signature.length === SIGNATURE_LENGTH)
    .map((signature) => Buffer.from(signature))
  if (presented.length === 0) return false
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let found = false
  for (const token of tokens) {
    const expected = Buffer.from(signerOf(token).sign(id, new Date(signedAt), body))
    for (const signature of presented) {
      found = (signature.length === expected.length && timingSafeEqual(signature, expected)) || found
    }
  }
  return found
}

/** The time as the header writes it, and only if no other text would mean the same: the text is what was signed. */
function signedAtOf(headers: IncomingHttpHeaders): Instant | undefined {
  const text = headers['webhook-timestamp']
  return typeof text === 'string' && /^[1-9]\d{0,11}$/.test(text) ? Number(text) * MS_PER_SECOND : undefined
}

/** One for each configured token. */
const signers = new Map<string, Webhook>()

function signerOf(token: string): Webhook {
  let signer = signers.get(token)
  if (signer === undefined) {
    signer = new Webhook(token)
    signers.set(token, signer)
  }
  return signer
}
