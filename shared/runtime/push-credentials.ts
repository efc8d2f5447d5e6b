/** Whether a request comes from Google's Pub/Sub or Cloud Scheduler, on behalf of a service account that may call. */
import type { IncomingHttpHeaders } from 'node:http'
import { bearerOf } from './credentials.ts'
import type { Deps, HttpResponse } from './handler.ts'

/**
 * A 401 without a token that Google signed for this audience, a 403 for one of another account; closed to all by a 403
 * while the settings do not say whom to believe.
 * @throws TransientError when Google's keys cannot be had.
 */
export async function refusePush(
  headers: IncomingHttpHeaders,
  {
    idTokens,
    settings,
  }: { idTokens: Pick<Deps['idTokens'], 'google'>; settings: Pick<Deps['settings'], 'pushAccounts'> },
): Promise<HttpResponse | undefined> {
  const { pushAccounts } = settings
  if (idTokens.google === undefined || pushAccounts === undefined)
    return refusal(
      403,
      'This is closed: RUNNER_BANDIT_PUSH_AUDIENCE and RUNNER_BANDIT_PUSH_ACCOUNTS are not set.',
    )
  const token = bearerOf(headers)
  const claims = token === undefined ? undefined : await idTokens.google.verify(token)
  if (claims === undefined) return refusal(401, 'The identity token of Google is missing or not believed.')
  const { email, email_verified: isVerified } = claims
  if (isVerified === true && typeof email === 'string' && pushAccounts.includes(email)) return undefined
  return refusal(403, 'The identity token is not of an account in RUNNER_BANDIT_PUSH_ACCOUNTS.')
}

function refusal(status: number, error: string): HttpResponse {
  return { status, headers: status === 401 ? { 'www-authenticate': 'Bearer' } : {}, body: { error } }
}
