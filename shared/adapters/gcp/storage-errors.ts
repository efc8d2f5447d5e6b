/** What Cloud Storage's client throws, told by the reaction to it. */
import { ConfigError, TransientError } from '../../errors.ts'

type ClientError = Error & { code?: unknown; errors?: readonly { reason?: unknown }[] }

/** The HTTP status; undefined of what was no answer. */
export function statusOf(error: unknown): number | undefined {
  const { code } = error as ClientError
  const status = typeof code === 'string' && /^\d{3}$/.test(code) ? Number(code) : code
  return typeof status === 'number' ? status : undefined
}

/** A 404 of an object, and not of its bucket. */
export function isNoObject(error: unknown): boolean {
  return statusOf(error) === 404 && !isNoBucket(error)
}

const isNoBucket = (error: unknown) => /bucket does not exist/i.test((error as Error).message)

/** Whether the same request may succeed later. What was no answer at all is a broken connection. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof ConfigError || isWithoutCredentials(error)) return false
  if (error instanceof TypeError || error instanceof RangeError) return false
  const status = statusOf(error)
  if (status === undefined || status === 408 || status === 429 || status >= 500) return true
  // Garbled on the way: the sum that was sent along is another one.
  if (status === 400) return /hash ".*" doesn't match/i.test(error.message)
  const reasons = (error as ClientError).errors?.map(({ reason }) => String(reason)) ?? []
  return status === 403 && reasons.some((reason) => /rateLimitExceeded/i.test(reason))
}

const isWithoutCredentials = (error: Error) => /default credentials/i.test(error.message)

/** The error of ours that says what is to be done; a bug stays what it is. */
export function translated(error: unknown, bucket: string, what: string): unknown {
  if (!(error instanceof Error) || error instanceof TransientError || error instanceof ConfigError)
    return error
  const status = statusOf(error)
  const said = error.message.split('\n', 1)[0]
  if (mayPass(error))
    return new TransientError(`Cloud Storage does not answer, or not well: ${what} failed (${said})`, {
      cause: error,
    })
  if (isWithoutCredentials(error))
    return because(
      new ConfigError('No credentials for Google Cloud. Run "gcloud auth application-default login".'),
      error,
    )
  if (isNoBucket(error))
    return because(
      new ConfigError(
        `BANDIT_GCS_BUCKET: there is no bucket ${bucket}. Make it with infra/ (terraform apply).`,
      ),
      error,
    )
  if (status === 400 && /bucket name/i.test(said ?? ''))
    return because(new ConfigError(`BANDIT_GCS_BUCKET: ${bucket} is no name of a bucket (${said})`), error)
  if (status === 401 || status === 403) {
    const advice =
      'Give this account roles/storage.objectUser on the bucket, or roles/storage.objectViewer if it only reads.'
    return because(new ConfigError(`${what} is refused by bucket ${bucket}: ${said} ${advice}`), error)
  }
  return error
}

function because(error: ConfigError, cause: Error): ConfigError {
  error.cause = cause
  return error
}
