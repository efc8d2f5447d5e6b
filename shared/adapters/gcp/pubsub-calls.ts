/** How Pub/Sub is called: in batches, within a time, several times, with errors of our own. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Asked, codeOf, DEADLINE_EXCEEDED, MAY_PASS, translated } from './pubsub-errors.ts'

/** Jobs of one pipeline hook are published together, in one request. */
const BATCH_WAIT_MS = 5
const MAX_BATCH_MESSAGES = 500
const MAX_BATCH_BYTES = 5_000_000

const ATTEMPTS = 4
/** What has taken so long is not tried again. */
const TRY_FOR_MS = 15_000
const FIRST_PAUSE_MS = 200
const ANSWER_WITHIN_MS = 10_000

/** One attempt of a call: `ask` is who tries again, and the client would do so for ten minutes. */
export const once = (withinMs = ANSWER_WITHIN_MS) => ({ timeout: withinMs, retry: { retryCodes: [] } })

/** Of a topic: batches, and attempts within a bound. */
export function publishOptions(withinMs: number) {
  const oneAttemptMs = Math.ceil(withinMs / 2)
  return {
    batching: { maxMilliseconds: BATCH_WAIT_MS, maxMessages: MAX_BATCH_MESSAGES, maxBytes: MAX_BATCH_BYTES },
    gaxOpts: {
      retry: {
        retryCodes: [...MAY_PASS],
        backoffSettings: {
          initialRetryDelayMillis: 100,
          retryDelayMultiplier: 2,
          maxRetryDelayMillis: 1_000,
          initialRpcTimeoutMillis: oneAttemptMs,
          rpcTimeoutMultiplier: 1,
          maxRpcTimeoutMillis: oneAttemptMs,
          totalTimeoutMillis: withinMs,
        },
      },
    },
  }
}

/** The client's own bound begins when it has credentials; this one holds from the start. */
export async function inTime<T>(work: Promise<T>, withinMs: number): Promise<T> {
  const ending = new AbortController()
  const late = sleep(withinMs + 500, undefined, { signal: ending.signal }).then(() => {
    throw Object.assign(new Error(`nothing within ${withinMs} ms`), { code: DEADLINE_EXCEEDED })
  })
  late.catch(() => {})
  try {
    return await Promise.race([work, late])
  } finally {
    ending.abort()
  }
}

/** Tries again what may pass. */
export async function severalTimes<T>(call: () => Promise<T>): Promise<T> {
  const giveUpAtMs = performance.now() + TRY_FOR_MS
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call()
    } catch (error) {
      const isOver = attempt === ATTEMPTS || performance.now() > giveUpAtMs
      if (isOver || !MAY_PASS.includes(codeOf(error) ?? 0)) throw error
      await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1))
    }
  }
}

/** As errors of our own. */
export async function translating<T>(asked: Asked, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw translated(error, asked)
  }
}
