/** What Pub/Sub's errors mean for who called: gRPC's codes, once, with the error as cause. */
import { ConfigError, InvalidInputError, TransientError } from '../../errors.ts'

/** gRPC's: cancelled, unknown, deadline exceeded, resource exhausted, aborted, internal, unavailable. */
export const MAY_PASS: readonly number[] = [1, 2, 4, 8, 10, 13, 14]
export const DEADLINE_EXCEEDED = 4
const INVALID_ARGUMENT = 3
const NOT_FOUND = 5
const DENIED: readonly number[] = [7, 16]

const MAX_REASON = 200

/** What was asked of Pub/Sub: whose name it is asked by, and the role that allows it. */
export type Asked = {
  what: 'topic' | 'subscription'
  name: string
  projectId: string
  role: string
}

export function codeOf(error: unknown): number | undefined {
  const { code } = error as { code?: unknown }
  return typeof code === 'number' ? code : undefined
}

/** Whether a topic or a subscription is not there, in a project that is. */
export function isMissing(error: unknown): boolean {
  return codeOf(error) === NOT_FOUND && !isOfNoProject(error)
}

const isOfNoProject = (error: unknown) => /project not found/i.test(String((error as Error).message))

/** A class of shared/errors.ts where one fits, else the error itself. */
export function translated(cause: unknown, { what, name, projectId, role }: Asked): unknown {
  if (cause instanceof TransientError || cause instanceof ConfigError) return cause
  const code = codeOf(cause)
  const place = `${what} ${name} in project ${projectId}`
  const message = cause instanceof Error ? cause.message : String(cause)
  const reason = message.slice(0, MAX_REASON)
  if (code === NOT_FOUND && isOfNoProject(cause)) {
    return config(
      `GOOGLE_CLOUD_PROJECT: Pub/Sub knows no project ${projectId} that this account may see.`,
      cause,
    )
  }
  if (code === NOT_FOUND) {
    return config(`Pub/Sub has no ${place}. Apply infra/, and see docs/deploy.md.`, cause)
  }
  if (code !== undefined && DENIED.includes(code)) {
    return config(
      `Pub/Sub refuses the ${place}: ${reason}. Its caller needs ${role} (infra/ grants it).`,
      cause,
    )
  }
  if (code === undefined && /credential/i.test(message)) {
    const advice = 'Run "gcloud auth application-default login".'
    return config(`There are no credentials for Pub/Sub: ${reason}. ${advice}`, cause)
  }
  if (code === INVALID_ARGUMENT) {
    return new InvalidInputError(`Pub/Sub refuses what it was sent for ${place}: ${reason}`, { cause })
  }
  if ((code !== undefined && MAY_PASS.includes(code)) || isOfTheNetwork(cause)) {
    return new TransientError(`Pub/Sub does not answer for ${place}: ${reason}`, { cause })
  }
  return cause
}

function config(message: string, cause: unknown): ConfigError {
  return Object.assign(new ConfigError(message), { cause })
}

/** A failure of a socket or of a look-up of a name, while a credential was fetched. */
function isOfTheNetwork(error: unknown): boolean {
  return /^(ECONN|ENOT|EAI_|ETIME|EPIPE|EHOST|ENET)/.test(String((error as { code?: unknown }).code))
}
