/**
 * The credentials of who asks Google (application default credentials): looked for before the first request, and not
 * by it. A client of Google's that finds none asks all the same, looks again at every try, or rejects promises that
 * nobody holds; and where a network swallows the question for the metadata server, it waits.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigError, TransientError } from '../../errors.ts'

/** The part of `GoogleAuth` that is used; what it finds, its client keeps. */
export type Auth = { getClient(): Promise<{ getRequestHeaders(url?: string): Promise<unknown> }> }

const WITHIN_MS = 8_000
const LOGIN = 'Run "gcloud auth application-default login".'
const MAX_REASON = 200

const NONE = /default credentials/i
/** Of a user whose session has ended, or of a key that was deleted. */
const REVOKED = /invalid_(grant|rapt|client)|reauth/i
const NETWORK = /^(E[A-Z_]+|UND_ERR_\w+)$/

/**
 * Resolves when there are credentials that Google takes.
 * @throws ConfigError, with what to do, when there are none or they have ended; TransientError when Google does not
 *   answer in time.
 */
export async function requireCredentials(auth: Auth, withinMs = WITHIN_MS): Promise<void> {
  try {
    await inTime(auth, 'https://www.googleapis.com/', withinMs)
  } catch (error) {
    throw reactionTo(error)
  }
}

/**
 * What a request has to say of who asks. There were credentials already: what goes wrong now passes, unless they ended.
 * @throws as requireCredentials.
 */
export async function credentialsFor(url: string, auth: Auth, withinMs = WITHIN_MS): Promise<unknown> {
  try {
    return await inTime(auth, url, withinMs)
  } catch (error) {
    const { message } = error as Error
    if (error instanceof TransientError || NONE.test(message) || REVOKED.test(message))
      throw reactionTo(error)
    throw new TransientError(`Google does not say who asks: ${reasonIn(message)}`, { cause: error })
  }
}

async function inTime(auth: Auth, url: string, withinMs: number): Promise<unknown> {
  const ending = new AbortController()
  const late = sleep(withinMs, undefined, { signal: ending.signal }).then(() => {
    throw new TransientError(
      `Google did not say within ${withinMs / 1000} s who this is. Is there a network?`,
    )
  })
  const found = auth.getClient().then((client) => client.getRequestHeaders(url))
  try {
    return await Promise.race([found, late])
  } finally {
    ending.abort()
  }
}

function reactionTo(error: unknown): Error {
  if (error instanceof TransientError) return error
  const { code, message, status } = error as Error & { code?: unknown; status?: unknown }
  const reason = reasonIn(message)
  if (NONE.test(message)) return because(new ConfigError(`No credentials for Google Cloud. ${LOGIN}`), error)
  if (REVOKED.test(message))
    return because(
      new ConfigError(`The credentials for Google Cloud have ended (${reason}). ${LOGIN}`),
      error,
    )
  // A file that is not there has such a code, too.
  const isOfTheNetwork = code !== 'ENOENT' && NETWORK.test(String(code))
  if (isOfTheNetwork || Number(status ?? code) >= 500)
    return new TransientError(`Google does not answer who asks for a token: ${reason}`, { cause: error })
  return because(
    new ConfigError(`The credentials for Google Cloud cannot be used: ${reason}. ${LOGIN}`),
    error,
  )
}

const reasonIn = (message: string) => String(message).split('\n', 1)[0]?.slice(0, MAX_REASON)

function because(error: ConfigError, cause: unknown): ConfigError {
  error.cause = cause
  return error
}
