/** What was looked at, or why it could not be. */
import { ConfigError, InvalidInputError, TransientError } from '../../../shared/errors.ts'
import { failed, type Verdict } from '../../local/doctor/check.ts'

export type Seen<T> = { value: T } | { error: unknown }

export async function see<T>(look: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { value: await look() }
  } catch (error) {
    return { error }
  }
}

export function judged<T>(seen: Seen<T>, judge: (value: T) => Verdict): Verdict {
  return 'value' in seen ? judge(seen.value) : unseen(seen.error)
}

export function unseen(error: unknown): Verdict {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof TransientError)
    return failed(message, 'Try again; https://status.cloud.google.com tells of faults at Google.')
  if (error instanceof ConfigError || error instanceof InvalidInputError)
    return failed(message, 'docs/deploy.md, "Running it", says which rights a person needs.')
  return failed(`it cannot be understood (${message})`, 'docs/deploy.md, "Troubleshooting"')
}
