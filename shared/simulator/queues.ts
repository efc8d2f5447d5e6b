/** Lines of waiting jobs, first in, first out; a job stands in one of them at most. */

export type Queues = {
  join(line: number, job: number): void
  /** The job at the head, which leaves; only when there is one. */
  leave(line: number): number
  isEmpty(line: number): boolean
  /** Counts joinings over all lines; smaller is earlier. `Infinity` where nobody waits. */
  joinedAs(line: number): number
}

const NOBODY = -1

export function createQueues(lines: number, jobs: number): Queues {
  const heads = new Int32Array(lines).fill(NOBODY)
  const tails = new Int32Array(lines).fill(NOBODY)
  const next = new Int32Array(jobs).fill(NOBODY)
  const order = new Float64Array(jobs)
  let joined = 0
  return {
    join(line, job) {
      order[job] = joined
      joined += 1
      const tail = tails[line] as number
      if (tail === NOBODY) heads[line] = job
      else next[tail] = job
      tails[line] = job
    },
    leave(line) {
      const job = heads[line] as number
      heads[line] = next[job] as number
      if (heads[line] === NOBODY) tails[line] = NOBODY
      return job
    },
    isEmpty: (line) => heads[line] === NOBODY,
    joinedAs(line) {
      const head = heads[line] as number
      return head === NOBODY ? Number.POSITIVE_INFINITY : (order[head] as number)
    },
  }
}
