/** Who may ask: secrets are compared in constant time, and a missing setting closes, never opens. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Instant } from '../domain/event.ts'
import type { Settings } from '../schema/settings.ts'
import type { HttpResponse } from './handler.ts'
import { faultOfSignedHeaders, isSignedBy } from './signature.ts'

type WebhookTokens = Pick<Settings, 'webhookTokens' | 'signingTokens'>

/**
 * Whether the presented secret is one of those accepted. Takes the same time wherever they differ, and
 * compares with all of them. Nothing presented, or nothing accepted, is a no.
 */
export function isAccepted(presented: string | string[] | undefined, accepted: readonly string[]): boolean {
  if (typeof presented !== 'string') return false
  const digest = sha256(presented)
  let found = false
  for (const secret of accepted) found = timingSafeEqual(digest, digestOf(secret)) || found
  return found
}

/**
 * Whether the signature decides about a delivery: it has one, and there is a token to check it with. GitLab sends
 * webhook-id and webhook-timestamp with every delivery, so these say nothing.
 */
export function isSigned(headers: IncomingHttpHeaders, { signingTokens }: WebhookTokens): boolean {
  return headers['webhook-signature'] !== undefined && signingTokens !== undefined
}

/** A 401 for a delivery whose headers alone show that it is not GitLab's. A signed one is then still to be checked. */
export function refuseWebhook(
  headers: IncomingHttpHeaders,
  tokens: WebhookTokens,
  now: Instant,
): HttpResponse | undefined {
  if (isSigned(headers, tokens)) {
    const fault = faultOfSignedHeaders(headers, now)
    return fault === undefined ? undefined : unauthorized(fault)
  }
  const accepted = tokens.webhookTokens ?? []
  if (isAccepted(headers['x-gitlab-token'], accepted)) return undefined
  return unauthorized(
    accepted.length === 0
      ? 'The header webhook-signature is missing.'
      : 'The header X-Gitlab-Token is missing or wrong.',
  )
}

/** A 401 for a signed delivery whose signature is not that of its body. */
export function refuseForgery(
  headers: IncomingHttpHeaders,
  { signingTokens = [] }: WebhookTokens,
  bytes: Uint8Array,
): HttpResponse | undefined {
  if (isSignedBy(signingTokens, headers, bytes)) return undefined
  return unauthorized('The header webhook-signature does not fit the body, its id and its time.')
}

type ApiCredentials = Pick<Settings, 'apiTokens' | 'idTokenAudience'>

/** A 401 when the settings name anything to show, and the request carries no token of the API. */
export function refuseWithoutApiToken(
  headers: IncomingHttpHeaders,
  settings: ApiCredentials,
): HttpResponse | undefined {
  const { apiTokens, idTokenAudience } = settings
  if (apiTokens === undefined && idTokenAudience === undefined) return undefined
  return refuseStranger(headers, apiTokens ?? [], 'RUNNER_BANDIT_API_TOKEN')
}

/** The same for what changes something: with nothing named to show it is closed to all, by a 403 that says so. */
export function refuseReport(
  headers: IncomingHttpHeaders,
  { apiTokens, idTokenAudience }: ApiCredentials,
): HttpResponse | undefined {
  const tokens = apiTokens ?? (idTokenAudience === undefined ? undefined : [])
  return refuseUnlessTrusted(headers, tokens, 'RUNNER_BANDIT_API_TOKEN')
}

/** For what changes something by a token of its own: without one set it is closed to all, by a 403 that says so. */
export function refuseUnlessTrusted(
  headers: IncomingHttpHeaders,
  tokens: readonly string[] | undefined,
  setting: 'RUNNER_BANDIT_API_TOKEN' | 'RUNNER_BANDIT_ADMIN_TOKEN',
): HttpResponse | undefined {
  if (tokens !== undefined) return refuseStranger(headers, tokens, setting)
  const error = `This is closed. Set ${setting} on the server, and send it as "Authorization: Bearer <${setting}>".`
  return { status: 403, body: { error } }
}

function refuseStranger(
  headers: IncomingHttpHeaders,
  tokens: readonly string[],
  setting: string,
): HttpResponse | undefined {
  if (isAccepted(bearerOf(headers), tokens)) return undefined
  const error =
    tokens.length === 0
      ? `The header "Authorization: Bearer <id token of a CI job>" is missing or wrong. No other token is taken: ${setting} is not set on the server.`
      : `The header "Authorization: Bearer <${setting}>" is missing or wrong.`
  return { status: 401, headers: { 'www-authenticate': 'Bearer' }, body: { error } }
}

/** The token of `Authorization: Bearer …`. */
export function bearerOf(headers: IncomingHttpHeaders): string | undefined {
  return /^Bearer ([^\s]+)$/i.exec(headers.authorization ?? '')?.[1]
}

function unauthorized(error: string): HttpResponse {
  return { status: 401, body: { error } }
}

/** Of each configured secret, so that it is not made again with every request. */
const digests = new Map<string, Buffer>()

function digestOf(secret: string): Buffer {
  let digest = digests.get(secret)
  if (digest === undefined) {
    digest = sha256(secret)
    digests.set(secret, digest)
  }
  return digest
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
