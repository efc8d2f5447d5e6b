/** What BigQuery's refusals mean for who called. Translated once, here; the client's error stays as the cause. */
import { ConfigError, InvalidInputError, TransientError } from '../../errors.ts'

/**
 * An error of the client: `code` is a HTTP status, or the name of a network's fault. It is missing when a job was begun
 * and failed; then there are reasons only.
 */
export type BigqueryFailure = Error & {
  code?: number | string
  errors?: readonly { reason?: string; message?: string }[]
}

/** The roles that a call needs, for who has to give them. */
const ROLES = 'roles/bigquery.jobUser on the project and roles/bigquery.dataEditor on the dataset ci_metrics'
/** BigQuery keeps for some minutes in mind that a table, or a column, was not there. */
const DEPLOY =
  'Run "runner-bandit deploy-sql"; if it ran within the last ten minutes, BigQuery may not have noticed yet'

const TRANSIENT_STATUS = [408, 429]
const TRANSIENT_REASONS = new Set([
  'backendError',
  'internalError',
  'jobBackendError',
  'jobInternalError',
  'jobRateLimitExceeded',
  'quotaExceeded',
  'rateLimitExceeded',
  'tableUnavailable',
  'userRateLimitExceeded',
])
/** A job that was ended before it was done: by a person, or by its time limit. */
const STOPPED_REASONS = new Set(['stopped', 'timeout'])
const NETWORK = /^(E[A-Z_]+|ERR_STREAM_PREMATURE_CLOSE|UND_ERR_\w+)$/
const NETWORK_MESSAGES = /socket hang up|network timeout|premature close/i
/** It would read more than the job allows; nothing was read, and nothing is billed. */
const TOO_MUCH = 'bytesBilledLimitExceeded'
const STREAMING_BUFFER = /streaming buffer/
const RACING_DML = /Could not serialize access|due to concurrent update/
const NO_PROJECT = /not found: project|has not enabled bigquery/i
const CREDENTIALS = /default credentials|invalid_grant|invalid_rapt|Unable to (detect|find) /

export const reasonsOf = ({ errors = [] }: BigqueryFailure): string[] =>
  errors.map(({ reason }) => reason ?? '')

/** The engine's words, without what the client puts around them. */
export function messageOf(error: unknown): string {
  const { errors = [], message } = error as BigqueryFailure
  return [...new Set(errors.map((each) => each.message ?? ''))].filter(Boolean).join('; ') || message.trim()
}

/** Whether the same call may work a moment later. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof TransientError) return true
  const { code, message } = error as BigqueryFailure
  if (typeof code === 'number' && (code >= 500 || TRANSIENT_STATUS.includes(code))) return true
  if (typeof code === 'string' && NETWORK.test(code)) return true
  if (NETWORK_MESSAGES.test(message) || RACING_DML.test(message)) return true
  return reasonsOf(error).some((reason) => TRANSIENT_REASONS.has(reason))
}

export function isMissing(error: unknown): boolean {
  return (error as BigqueryFailure).code === 404 || reasonsOf(error as BigqueryFailure).includes('notFound')
}

/** Whether what was asked cannot be, so that a person may ask otherwise; not whether it may be asked at all. */
export function isAboutTheSql(error: unknown): boolean {
  if (!(error instanceof Error) || isTransient(error)) return false
  const { code } = error as BigqueryFailure
  if (code === 403) return !/bigquery\.jobs\.create/.test(messageOf(error))
  return code === 400 || code === 404 || (code === undefined && reasonsOf(error).length > 0)
}

/** The error that who called is given. @param doing as in "BigQuery refuses to <doing>". */
export function asReaction(error: unknown, doing: string): unknown {
  if (!(error instanceof Error)) return error
  if ([ConfigError, InvalidInputError, TransientError].some((kind) => error instanceof kind)) return error
  const { code } = error as BigqueryFailure
  const said = messageOf(error)
  if (STREAMING_BUFFER.test(said)) {
    return new TransientError(
      'BigQuery deletes no row that came in within the last 30 to 90 minutes, and such rows are among those meant: try again later',
      { cause: error },
    )
  }
  if (isTransient(error) || reasonsOf(error).some((reason) => STOPPED_REASONS.has(reason))) {
    return new TransientError(`BigQuery could not ${doing} now: ${said}`, { cause: error })
  }
  if (NO_PROJECT.test(said))
    return configError(
      `BigQuery could not ${doing}: ${said}. GOOGLE_CLOUD_PROJECT says which project.`,
      error,
    )
  if (reasonsOf(error).includes(TOO_MUCH))
    return configError(
      `BigQuery will not ${doing}: ${said}. Keep fewer days (RETENTION_DAYS), or ask of fewer (since=).`,
      error,
    )
  if (isMissing(error)) return configError(`BigQuery could not ${doing}: ${said}. ${DEPLOY}.`, error)
  if (code === 401 || CREDENTIALS.test(said)) {
    return configError(
      `BigQuery could not ${doing}: there are no credentials that hold (${said}). A person runs "gcloud auth application-default login".`,
      error,
    )
  }
  if (code === 403 || reasonsOf(error).includes('accessDenied')) {
    return configError(`BigQuery refuses to ${doing}: ${said}. It needs ${ROLES}.`, error)
  }
  return error
}

/** A column that the code has and the table lacks: no fault of the row. */
export function columnMissing(table: string, message: string, cause: unknown): ConfigError {
  return configError(`The table ci_metrics.${table} is older than this version: ${message} ${DEPLOY}.`, cause)
}

function configError(message: string, cause: unknown): ConfigError {
  return Object.assign(new ConfigError(message), { cause })
}
