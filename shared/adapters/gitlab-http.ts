/**
 * Requests to GitLab's REST and GraphQL API: authenticated, with a time limit, repeated where that may help. The token is
 * in one header and nowhere else; no redirect is followed, and no address that an answer names, so it reaches GITLAB_URL
 * alone.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { InvalidInputError, TransientError } from '../errors.ts'
import type { Log } from '../ports.ts'

export type GitlabRequest = {
  method: 'GET' | 'POST' | 'PUT'
  /** Below /api/v4, with its query; or /api/graphql. */
  path: string
  /** A POST that only asks: it may be repeated. */
  readOnly?: true
  /** Sent as JSON. */
  body?: object
}

/** `next`: the query of the page after this one, of the header Link. */
export type GitlabAnswer = { status: number; json: unknown; next: string | null }

export type HttpOptions = {
  /** GITLAB_URL, without an ending slash. */
  baseUrl: string
  token: string
  log: Log
  /** Ends every request and every wait. */
  signal: AbortSignal
  /** To be replaced in tests. */
  wait?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

export const GRAPHQL = '/api/graphql'

const TIMEOUT_MS = 60_000
const MAX_FAILURES = 6
const MAX_REFUSALS = 30
const FIRST_BACKOFF_MS = 500
const MAX_BACKOFF_MS = 30_000
/** When GitLab limits the rate without saying until when: its windows are minutes. */
const RATE_WINDOW_MS = 60_000
const MAX_RATE_WAIT_MS = 15 * 60_000
/** A wait of this length is told to whoever watches. */
const TOLD_MS = 10_000

/**
 * Any answer but 429 and 5xx: what to make of it is the caller's business.
 * @throws TransientError when GitLab does not give one in spite of several tries, or `signal` ends it;
 *   InvalidInputError when what answers is not GitLab's API.
 */
export async function request(asked: GitlabRequest, options: HttpOptions): Promise<GitlabAnswer> {
  const { log, signal, wait = pause } = options
  let failures = 0
  let refusals = 0
  while (true) {
    const outcome = await tryOnce(asked, options)
    if ('answer' in outcome) return outcome.answer
    if (outcome.waitMs === undefined) failures += 1
    else refusals += 1
    // It may have been made all the same: who asks again finds it, where a repetition would make another.
    const isUnsafe = asked.method === 'POST' && !asked.readOnly && outcome.waitMs === undefined
    if (isUnsafe || failures >= MAX_FAILURES || refusals >= MAX_REFUSALS) {
      throw new TransientError(`GitLab at ${options.baseUrl} does not answer: ${outcome.reason}`)
    }
    const waitMs = outcome.waitMs ?? Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), MAX_BACKOFF_MS)
    const tell = waitMs < TOLD_MS ? log.info : log.warning
    tell('gitlab.deferred', { reason: outcome.reason, wait_seconds: waitMs / 1000 })
    await wait(waitMs, signal).catch(() => refuseWhenEnded(signal))
  }
}

type Outcome = { answer: GitlabAnswer } | { reason: string; waitMs?: number }

async function tryOnce(asked: GitlabRequest, { baseUrl, token, signal }: HttpOptions): Promise<Outcome> {
  try {
    const response = await fetch(`${baseUrl}${asked.path === GRAPHQL ? GRAPHQL : `/api/v4${asked.path}`}`, {
      method: asked.method,
      // Personal, project and group access tokens are taken here as OAuth's are.
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(asked.body && { 'content-type': 'application/json' }),
      },
      body: asked.body === undefined ? null : JSON.stringify(asked.body),
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    const content = await response.text()
    const { status, headers } = response
    if (status === 429) return { reason: 'it limits the rate (429)', waitMs: rateWaitMs(headers) }
    if (status >= 500) return { reason: `it answered ${status}` }
    return {
      answer: { status, json: parse(content, status, baseUrl), next: nextQueryOf(headers.get('link')) },
    }
  } catch (error) {
    if (error instanceof InvalidInputError) throw error
    refuseWhenEnded(signal)
    // What cannot stand in a header is quoted in the error.
    return { reason: causeOf(error).replaceAll(token, '…') }
  }
}

const pause = (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal })

function refuseWhenEnded(signal: AbortSignal): void {
  if (signal.aborted) throw new TransientError('this was ended before GitLab had answered')
}

/** Retry-After in seconds, else RateLimit-Reset as epoch seconds (GitLab sends both), else a window. */
function rateWaitMs(headers: Headers): number {
  const afterSeconds = Number(headers.get('retry-after') ?? Number.NaN)
  const resetSeconds = Number(headers.get('ratelimit-reset') ?? Number.NaN)
  const waitMs = Number.isFinite(afterSeconds)
    ? afterSeconds * 1000
    : Number.isFinite(resetSeconds)
      ? resetSeconds * 1000 - Date.now()
      : RATE_WINDOW_MS
  return Math.min(Math.max(waitMs, 0), MAX_RATE_WAIT_MS)
}

function parse(content: string, status: number, baseUrl: string): unknown {
  if (content === '') return undefined
  try {
    return JSON.parse(content)
  } catch {
    if (status >= 300) return undefined
    throw new InvalidInputError(`What answers at ${baseUrl}/api/v4 is not GitLab's API: check GITLAB_URL.`)
  }
}

/** Of `<https://…?query>; rel="next"` the query alone: whose address it is makes no difference to where we ask. */
function nextQueryOf(link: string | null): string | null {
  const address = /<([^>]*)>\s*;\s*rel="?next"?/i.exec(link ?? '')?.[1]
  const query = address === undefined ? '' : (address.split('?')[1] ?? '')
  return query === '' ? null : query
}

/** The code of a failed connection (ECONNREFUSED, a certificate's fault), which says more than "fetch failed". */
function causeOf(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } }
  if (name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} seconds`
  return cause?.code ?? cause?.message ?? message
}
