/** How fast the played clock really ran of late: it waits for a server that is behind. */
import type { Clock } from '../../../shared/ports.ts'

/** Over how long it is measured. */
const OVER_MS = 5000

export type Speedometer = {
  /** Played milliseconds to a real one since about five seconds ago; undefined at first. To be asked regularly. */
  reached(): number | undefined
}

export function speedometer(clock: Clock, realMs: () => number): Speedometer {
  const marks: { real: number; played: number }[] = []
  return {
    reached() {
      const now = { real: realMs(), played: clock.now() }
      while (marks.length > 1 && now.real - (marks[1]?.real ?? 0) >= OVER_MS) marks.shift()
      const [first] = marks
      marks.push(now)
      if (first === undefined || now.real - first.real < OVER_MS) return undefined
      return (now.played - first.played) / (now.real - first.real)
    },
  }
}
