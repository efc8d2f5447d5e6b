/** What POST /reset may say. */
import * as z from 'zod'
import { InvalidInputError } from '../errors.ts'
import { NOT_JSON, parseBody } from './intake.ts'
import { decodeOrThrow } from './wire.ts'

const MAX_REASON = 500

export const resetReason = z.string().max(MAX_REASON)
const resetRequest = z.strictObject({ reason: resetReason.optional() })

/** @throws InvalidInputError when the body is neither empty nor `{"reason": …}`. */
export function decodeResetRequest(bytes: Uint8Array): { reason: string | null } {
  if (bytes.length === 0) return { reason: null }
  const body = parseBody(bytes)
  if (body === NOT_JSON) throw new InvalidInputError('The body is not JSON in UTF-8.')
  return { reason: decodeOrThrow(resetRequest, body, 'The body').reason ?? null }
}
