/** What BigQuery answers: JSON, or an error of its form. */
export type Answer = { status: number; body: object }

/** An error as BigQuery tells it: an HTTP status, and a reason out of its table of errors. */
export class Refusal extends Error {
  readonly status: number
  readonly reason: string

  constructor(status: number, reason: string, message: string) {
    super(message)
    this.status = status
    this.reason = reason
  }
}

export const invalid = (message: string) => new Refusal(400, 'invalid', message)
export const invalidQuery = (message: string) => new Refusal(400, 'invalidQuery', message)
export const notFound = (what: string) => new Refusal(404, 'notFound', `Not found: ${what}`)
export const alreadyThere = (what: string) => new Refusal(409, 'duplicate', `Already Exists: ${what}`)

export function answerOf(refusal: Refusal): Answer {
  const { status, reason, message } = refusal
  const errors = [{ message, domain: 'global', reason }]
  return { status, body: { error: { code: status, message, errors } } }
}

/** Google's APIs take no key that they do not know. */
export function refuseUnknown(given: object, known: readonly string[], where: string): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key))
  if (unknown !== undefined) {
    throw invalid(`Invalid JSON payload received. Unknown name "${unknown}": Cannot find field in ${where}.`)
  }
}
