/** Those who wait until a subscription has come to a message. */
import { TransientError } from '../../errors.ts'

type Waiting = { seq: number; resolve(): void; reject(error: unknown): void }

export function openDrains(isDone: (seq: number) => boolean) {
  let waiting: Waiting[] = []
  let stopped = false
  return {
    /** @throws TransientError when the subscription is stopped before. */
    until: (seq: number) =>
      new Promise<void>((resolve, reject) => {
        if (isDone(seq)) resolve()
        else if (stopped) reject(stoppedEarly())
        else waiting.push({ seq, resolve, reject })
      }),
    /** Called when more is done. */
    settled() {
      for (const { resolve } of waiting.filter(({ seq }) => isDone(seq))) resolve()
      waiting = waiting.filter(({ seq }) => !isDone(seq))
    },
    stop() {
      stopped = true
      for (const { reject } of waiting) reject(stoppedEarly())
      waiting = []
    },
  }
}

function stoppedEarly(): TransientError {
  return new TransientError('the bus was closed before everything was handled')
}
