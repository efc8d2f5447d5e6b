/** What will happen, by time: a binary heap in typed arrays. */

/** At one instant in this order: what ends frees a slot before anything takes one. */
export const MOMENT = { finish: 0, offline: 1, online: 2, pending: 3 } as const

export type Timeline = {
  readonly size: number
  /** @param subject the job or the arm, below 2^27. */
  add(atMs: number, kind: number, subject: number): void
  /** When the earliest is, and of which kind; only when there is one. */
  peekMs(): number
  peekKind(): number
  /** The earliest, at ties by kind and then by subject; only when there is one. */
  take(): void
  /** Of what was taken last. */
  atMs: number
  kind: number
  subject: number
}

const SUBJECTS = 2 ** 27
const FIRST_CAPACITY = 1024

export function createTimeline(): Timeline {
  let times = new Float64Array(FIRST_CAPACITY)
  let codes = new Int32Array(FIRST_CAPACITY)
  let size = 0

  function isBefore(atMs: number, code: number, place: number): boolean {
    const other = times[place] as number
    return atMs < other || (atMs === other && code < (codes[place] as number))
  }

  function move(from: number, to: number): void {
    times[to] = times[from] as number
    codes[to] = codes[from] as number
  }

  const timeline: Timeline = {
    get size() {
      return size
    },
    atMs: 0,
    kind: 0,
    subject: 0,
    peekMs: () => times[0] as number,
    peekKind: () => Math.floor((codes[0] as number) / SUBJECTS),
    add(atMs, kind, subject) {
      if (size === times.length) grow()
      const code = kind * SUBJECTS + subject
      let place = size
      size += 1
      while (place > 0) {
        const parent = (place - 1) >> 1
        if (!isBefore(atMs, code, parent)) break
        move(parent, place)
        place = parent
      }
      times[place] = atMs
      codes[place] = code
    },
    take() {
      const code = codes[0] as number
      timeline.atMs = times[0] as number
      timeline.kind = Math.floor(code / SUBJECTS)
      timeline.subject = code % SUBJECTS
      size -= 1
      sink(times[size] as number, codes[size] as number)
    },
  }

  /** Puts the last one into the place of the first, and down to where it belongs. */
  function sink(atMs: number, code: number): void {
    let place = 0
    while (true) {
      let child = 2 * place + 1
      if (child >= size) break
      const right = child + 1
      if (right < size && isBefore(times[right] as number, codes[right] as number, child)) child = right
      if (isBefore(atMs, code, child)) break
      move(child, place)
      place = child
    }
    times[place] = atMs
    codes[place] = code
  }

  function grow(): void {
    const [before, codesBefore] = [times, codes]
    times = new Float64Array(2 * size)
    codes = new Int32Array(2 * size)
    times.set(before)
    codes.set(codesBefore)
  }

  return timeline
}
