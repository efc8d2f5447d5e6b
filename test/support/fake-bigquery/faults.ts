/** Faults on command: the next requests that fit are refused, or done and left without an answer. */
import { Refusal } from './answers.ts'

export type Fault = {
  /** Which requests: `POST /insertAll`, a method and a part of the path; the method may be left out. */
  on: string
  /**
   * An error instead of the effect, or, without a status, a job that begins and fails; `lose`: the effect, and a
   * connection that breaks before the answer; `reset`: the connection breaks before anything is done.
   */
  how: { status?: number; reason: string; message?: string } | 'lose' | 'reset'
  /** For so many requests, the next one when left out. */
  times?: number
  /** Only every so many of those that fit. */
  every?: number
}

export type Faults = {
  add(fault: Fault): void
  clear(): void
}

export type FaultyRequests = Faults & {
  /** What shall happen to a request, if anything. */
  next(method: string, path: string): Fault['how'] | undefined
}

export function openFaults(): FaultyRequests {
  let pending: { fault: Fault; left: number; seen: number }[] = []
  return {
    add(fault) {
      pending.push({ fault, left: fault.times ?? 1, seen: 0 })
    },
    clear() {
      pending = []
    },
    next(method, path) {
      for (const entry of pending) {
        const [, onMethod, part = ''] = /^(?:([A-Z]+) )?(.*)$/.exec(entry.fault.on) ?? []
        if ((onMethod !== undefined && onMethod !== method) || !path.includes(part)) continue
        entry.seen += 1
        if (entry.seen % (entry.fault.every ?? 1) !== 0) continue
        entry.left -= 1
        if (entry.left === 0) pending = pending.filter((other) => other !== entry)
        return entry.fault.how
      }
      return undefined
    },
  }
}

export function refusalOf({ status = 400, reason, message }: Exclude<Fault['how'], string>): Refusal {
  return new Refusal(status, reason, message ?? `A fault on command: ${reason}.`)
}
