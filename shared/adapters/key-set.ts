/**
 * An issuer's public keys, fetched from where it publishes them (JWKS, RFC 7517) and kept. Nothing that a token says is
 * ever fetched: where the keys are is known by the settings, or told by the issuer's own discovery document.
 */
import type { CryptoKey, JWTHeaderParameters, LocalJWKSet } from 'jose'
import * as z from 'zod'
import type { Instant } from '../domain/event.ts'
import { ConfigError, TransientError } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import { LOOPBACK } from '../schema/settings-schema.ts'

export type KeySetOptions = {
  /** As in the claim `iss`; https, but for a loopback one. */
  issuer: string
  /** Where its keys are; its discovery document says when left out. */
  jwksUrl?: string | undefined
  clock: Clock
  log: Log
  fetch?: typeof globalThis.fetch | undefined
}

export type KeySet = {
  /**
   * The key that the header names; undefined when the issuer has none of that name.
   * @throws TransientError when the keys cannot be had.
   */
  keyFor(header: JWTHeaderParameters): Promise<CryptoKey | undefined>
}

const MS_PER_MINUTE = 60_000
/** After this, keys are fetched anew beside the answers that they still give. */
const FRESH_MS = 10 * MS_PER_MINUTE
/** After this they give none, so that a key which its issuer withdrew is not believed for longer. */
const USABLE_MS = 60 * MS_PER_MINUTE
/** Between two fetches: names that no key has, of which anybody can send many, cause no more. */
const COOL_DOWN_MS = 30_000
/** The same while there are no keys to go on with. */
const SHORT_COOL_DOWN_MS = 3000
/** For both documents together: somebody waits for the answer. */
const TIMEOUT_MS = 2000
/** GitLab's and Google's have some kilobytes. */
const MAX_ANSWER_BYTES = 262_144

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() })
const jwks = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) })

/** @throws ConfigError for an issuer whose keys could be exchanged on the way. */
export function openKeySet(options: KeySetOptions): KeySet {
  const { issuer, jwksUrl, clock, log } = options
  if (![issuer, jwksUrl ?? issuer].every(isGuarded))
    throw new ConfigError(`Keys of ${issuer} must come by https`)
  let kept: { find: LocalJWKSet; fetchedAt: Instant } | undefined
  let fetching: Promise<void> | undefined
  let triedAt = Number.NEGATIVE_INFINITY
  let failure: TransientError | undefined

  /** A clock that went back has no ages to tell: what is kept counts as old then. */
  const ageMs = () => (kept === undefined ? Number.POSITIVE_INFINITY : Math.abs(clock.now() - kept.fetchedAt))
  const isCooling = () => {
    const coolDownMs = ageMs() > USABLE_MS ? SHORT_COOL_DOWN_MS : COOL_DOWN_MS
    return Math.abs(clock.now() - triedAt) < coolDownMs
  }

  async function fetchNow(): Promise<void> {
    triedAt = clock.now()
    try {
      const { createLocalJWKSet } = await import('jose')
      const set = await fetchKeys(options)
      kept = { find: createLocalJWKSet(set as Parameters<typeof createLocalJWKSet>[0]), fetchedAt: triedAt }
      failure = undefined
    } catch (cause) {
      failure = new TransientError(`the keys of ${issuer} cannot be had: ${reasonOf(cause)}`, { cause })
      throw failure
    }
  }

  /** One at a time; those who come meanwhile share it. */
  function refresh(): Promise<void> {
    fetching ??= fetchNow().finally(() => {
      fetching = undefined
    })
    return fetching
  }

  async function find(header: JWTHeaderParameters): Promise<CryptoKey | undefined> {
    const { errors } = await import('jose')
    return kept?.find(header).catch((error: unknown) => {
      if (error instanceof errors.JWKSNoMatchingKey) return undefined
      throw error
    })
  }

  return {
    async keyFor(header) {
      if (ageMs() > USABLE_MS) {
        if (fetching === undefined && isCooling() && failure !== undefined) throw failure
        await refresh()
      } else if (ageMs() > FRESH_MS && !isCooling()) {
        refresh().catch((error: unknown) => log.warning('keys.kept', { issuer, error }))
      }
      const key = await find(header)
      if (key !== undefined || (isCooling() && fetching === undefined)) return key
      await refresh()
      return find(header)
    },
  }
}

async function fetchKeys({ issuer, jwksUrl, fetch = globalThis.fetch }: KeySetOptions) {
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const get = async (url: string) => {
    // A redirect would lead to a host that nobody has named.
    const response = await fetch(url, { redirect: 'error', signal, headers: { accept: 'application/json' } })
    const text = await textOf(response)
    if (response.status !== 200) throw new Error(`${url} answered ${response.status}`)
    return JSON.parse(text)
  }
  const url = jwksUrl ?? jwksUrlIn(await get(`${issuer}/.well-known/openid-configuration`), issuer)
  return jwks.parse(await get(url))
}

function jwksUrlIn(document: unknown, issuer: string): string {
  const found = discovery.parse(document)
  if (found.issuer !== issuer) throw new Error(`the discovery document is of the issuer ${found.issuer}`)
  const isAtHome = new URL(found.jwks_uri).host === new URL(issuer).host
  if (!isAtHome || !isGuarded(found.jwks_uri)) throw new Error(`its keys would be at ${found.jwks_uri}`)
  return found.jwks_uri
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) throw new Error('the answer is too long')
    chunks.push(chunk)
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}

/** Whether nobody on the way can exchange what comes from there. */
function isGuarded(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname))
}

/** The code of a failed connection says more than "fetch failed". */
function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string } }
  if (name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} seconds`
  return cause?.code ?? (error instanceof z.ZodError ? 'the answer is not understood' : message)
}
