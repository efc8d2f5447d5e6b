import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { HttpResponse } from './handler.ts'

/**
 * Whether the presented secret is one of those accepted. Takes the same time wherever they differ, and
 * compares with all of them. Nothing presented, or nothing accepted, is a no.
 */
export function isAccepted(presented: string | string[] | undefined, accepted: readonly string[]): boolean {
  if (typeof presented !== 'string') return false
  const digest = sha256(presented)
  let found = false
  for (const secret of accepted) found = timingSafeEqual(digest, sha256(secret)) || found
  return found
}

/** The token of `Authorization: Bearer …`. */
function bearerOf(headers: IncomingHttpHeaders): string | undefined {
  return /^Bearer ([^\s]+)$/i.exec(headers.authorization ?? '')?.[1]
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** A 401 when tokens are set and the request carries none of them. */
export function refuseWithoutApiToken(
  headers: IncomingHttpHeaders,
  tokens: readonly string[] | undefined,
): HttpResponse | undefined {
  if (tokens === undefined || isAccepted(bearerOf(headers), tokens)) return undefined
  return {
    status: 401,
    headers: { 'www-authenticate': 'Bearer' },
    body: { error: 'The header "Authorization: Bearer <RUNNER_BANDIT_API_TOKEN>" is missing or wrong.' },
  }
}
