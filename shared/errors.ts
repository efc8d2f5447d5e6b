/**
 * Four reactions, three classes and "anything else":
 *
 * | class             | means                        | HTTP             | bus message                 |
 * |-------------------|------------------------------|------------------|-----------------------------|
 * | InvalidInputError | can never become acceptable  | 400, the reason  | dead letter with the reason |
 * | TransientError    | may work later               | 503, Retry-After | redelivered                 |
 * | ConfigError       | the deployment is wrong      | refuse to start  | refuse to start             |
 * | anything else     | a bug                        | 500, no detail   | redelivered, then dead letter |
 */

/** The input can never become acceptable; the message says what is wrong with it. */
export class InvalidInputError extends Error {
  override name = 'InvalidInputError'
}

/** The same call may work later: the disk is full, a queue is at its bound, another writer was first. */
export class TransientError extends Error {
  override name = 'TransientError'
}

/** A compare-and-set found another generation than the one it was based on. */
export class ConflictError extends TransientError {
  override name = 'ConflictError'
}

/** The deployment is wrong. Carries every fault that was found, not only the first. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly faults: readonly string[]

  constructor(headline: string, faults: readonly string[] = []) {
    super(faults.length === 0 ? headline : `${headline}\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
    this.faults = faults.length === 0 ? [headline] : faults
  }
}
