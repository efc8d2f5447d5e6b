/**
 * Group commit: messages that come one by one, each with somebody who waits for it, are handled together.
 *
 * Nothing runs outside of a caller's wait, so it works where a process is only given time while a request is open.
 */
import { InvalidInputError } from '../errors.ts'

export type GatherOptions = {
  /**
   * From the end of one batch to the start of the next at the least; a batch whose time has come starts at once. Counted
   * from the end, since that is when what a batch writes is surely written: after a write that came late, or that had to
   * be tried again, the next one would come too early for an object that takes one in so much time.
   */
  everyMs: number
  maxBatch: number
  /** Milliseconds, of any beginning. */
  now?: () => number
  sleep?: (ms: number) => Promise<void>
}

type Waiting = { body: unknown; resolve(): void; reject(error: unknown): void }

/**
 * Resolves when a batch with the message in it was handled.
 * @throws what `handle` throws for the batch; InvalidInputError only to whose message is at fault.
 */
export function gather(
  handle: (bodies: unknown[]) => Promise<void>,
  options: GatherOptions,
): (body: unknown) => Promise<void> {
  const { everyMs, maxBatch, now = () => performance.now(), sleep = wait } = options
  let waiting: Waiting[] = []
  let isRunning = false
  let endedAt = Number.NEGATIVE_INFINITY

  async function run(): Promise<void> {
    isRunning = true
    while (waiting.length > 0) {
      await sleep(Math.max(0, endedAt + everyMs - now()))
      const batch = waiting.slice(0, maxBatch)
      waiting = waiting.slice(maxBatch)
      await handleBatch(batch)
    }
    isRunning = false
  }

  async function handleBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      await handle(batch.map(({ body }) => body)).finally(() => {
        endedAt = now()
      })
      for (const { resolve } of batch) resolve()
    } catch (error) {
      if (!(error instanceof InvalidInputError) || batch.length === 1) {
        for (const { reject } of batch) reject(error)
        return
      }
      // One of them is at fault, and the others must not wait for it: looked for by halves.
      const half = Math.ceil(batch.length / 2)
      await handleBatch(batch.slice(0, half))
      await handleBatch(batch.slice(half))
    }
  }

  return (body) =>
    new Promise((resolve, reject) => {
      waiting.push({ body, resolve, reject })
      if (!isRunning) void run()
    })
}

/** Also for zero milliseconds, so that what arrives in the same turn of the event loop shares the first batch. */
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
