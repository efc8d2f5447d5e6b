/**
 * Identity tokens (OpenID Connect, JWT signed with RS256), as Google sends them with pushes and GitLab gives them to CI
 * jobs. Issuer and audience are pinned; of the header only the name of the key counts, never an address in it.
 */
import type { JWTHeaderParameters, JWTPayload } from 'jose'
import { TransientError } from '../errors.ts'
import type { IdTokens } from '../ports.ts'
import { type KeySetOptions, openKeySet } from './key-set.ts'

export type IdTokensOptions = KeySetOptions & {
  /** The one audience that a token has to be for. */
  audience: string
}

/** Who signs what Pub/Sub and Cloud Scheduler send, and where its keys are. */
export const GOOGLE = {
  issuer: 'https://accounts.google.com',
  jwksUrl: 'https://www.googleapis.com/oauth2/v3/certs',
}

/** Both issuers stay below two kilobytes. */
const MAX_TOKEN_LENGTH = 16_384
/** Clocks of the issuer and of this machine may differ by this much. */
const SKEW_SECONDS = 60
const MS_PER_SECOND = 1000

/** @throws ConfigError for an issuer that is not reached by https. */
export function openIdTokens(options: IdTokensOptions): IdTokens {
  const { audience, issuer, clock, log } = options
  const keys = openKeySet(options)

  async function keyFor(header: JWTHeaderParameters) {
    const { errors } = await import('jose')
    if (typeof header.kid !== 'string') throw new errors.JWSInvalid('the header names no key')
    const key = await keys.keyFor(header)
    if (key === undefined) throw new errors.JWKSNoMatchingKey()
    return key
  }

  return {
    async verify(token) {
      if (token.length > MAX_TOKEN_LENGTH) {
        log.debug('token.refused', { issuer, reason: `it is longer than ${MAX_TOKEN_LENGTH} characters` })
        return undefined
      }
      const { errors, jwtVerify } = await import('jose')
      const now = clock.now()
      try {
        const { payload } = await jwtVerify(token, keyFor, {
          algorithms: ['RS256'],
          issuer,
          audience,
          requiredClaims: ['exp', 'iat'],
          clockTolerance: SKEW_SECONDS,
          currentDate: new Date(now),
        })
        const fault = faultOf(payload, now)
        if (fault === undefined) return payload
        throw new errors.JWTClaimValidationFailed(fault, payload)
      } catch (error) {
        if (error instanceof TransientError) throw error
        // Only the issuer can make a signed token that is wrong, and its owner wants to know why; others could fill the log.
        const isSigned =
          error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired
        const tell = isSigned ? log.info : log.debug
        tell('token.refused', { issuer, reason: (error as Error).message })
        return undefined
      }
    },
  }
}

/** What the library does not look at. */
function faultOf({ iat, aud }: JWTPayload, now: number): string | undefined {
  if (typeof iat !== 'number' || iat > now / MS_PER_SECOND + SKEW_SECONDS)
    return '"iat" claim lies in the future'
  // Who else it is for could present it here.
  if (Array.isArray(aud) && aud.length !== 1) return '"aud" claim names others, too'
  return undefined
}
