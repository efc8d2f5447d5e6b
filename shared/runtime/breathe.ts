import { setImmediate as nextTurn } from 'node:timers/promises'

/** Longest computation in one go; then whoever waits for an answer of this process gets it. */
const BREATH_MS = 8

/** To be awaited within a long computation: gives way when the last time is long enough ago. */
export function breather(): () => Promise<void> {
  let since = performance.now()
  return async () => {
    if (performance.now() - since < BREATH_MS) return
    await nextTurn()
    since = performance.now()
  }
}
