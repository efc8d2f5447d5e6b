/** Virtual time: things to happen, in order; at the same moment, first planned happens first. */
export type Timeline = {
  at(atMs: number, happen: (nowMs: number) => void): void
  /** Lets everything happen up to and including the moment; what is planned for later never does. */
  runUntil(endAtMs: number): void
}

export function createTimeline(): Timeline {
  // The latest stands first: the next one is popped, and a new one, mostly soon, moves few others.
  const planned: { atMs: number; happen: (nowMs: number) => void }[] = []
  return {
    at(atMs, happen) {
      let low = 0
      let high = planned.length
      while (low < high) {
        const middle = (low + high) >> 1
        if ((planned[middle]?.atMs ?? 0) > atMs) low = middle + 1
        else high = middle
      }
      planned.splice(low, 0, { atMs, happen })
    },
    runUntil(endAtMs) {
      for (let next = planned.pop(); next && next.atMs <= endAtMs; next = planned.pop())
        next.happen(next.atMs)
    },
  }
}
