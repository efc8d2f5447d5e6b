/** What goes wrong between a client and a played Cloud Storage, by seeded chance and on command. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from './objects.ts'

/** What a request is billed and counted as: reads are `get`, `media` and `list`, the others change an object. */
export type Kind = 'get' | 'media' | 'list' | 'put' | 'copy' | 'patch' | 'delete' | 'bucket'

/**
 * `lost-request`: the connection ends, and nothing was done. `lost-response`: all was done, and the connection ends.
 * A number is the status to answer with, instead of doing it.
 */
export type Fault = 'lost-request' | 'lost-response' | number

export type Chances = {
  /** In [0, 1], each of its own requests. */
  unavailable?: number
  tooMany?: number
  lostRequest?: number
  lostResponse?: number
}

export type FaultsOptions = { getMs: number; putMs: number; chances: Chances; draw: () => number }

/** Ends the connection without an answer. */
export class Disconnect extends Error {}

export type Faults = ReturnType<typeof planFaults>

const READS: ReadonlySet<Kind> = new Set(['get', 'media', 'list', 'bucket'])
const MESSAGES: Record<number, [string, string]> = {
  401: ['authError', 'Invalid Credentials'],
  403: ['forbidden', 'The caller does not have access to the Google Cloud Storage object.'],
  408: ['timeout', 'Request timeout'],
  429: ['rateLimitExceeded', 'The rate of requests is too high.'],
  500: ['internalError', 'We encountered an internal error. Please try again.'],
  503: ['backendError', 'Backend Error'],
}

export function planFaults({ getMs, putMs, chances, draw }: FaultsOptions) {
  const commanded: { kind: Kind | 'any'; fault: Fault; times: number }[] = []
  const counts: Record<Kind, number> = {
    get: 0,
    media: 0,
    list: 0,
    put: 0,
    copy: 0,
    patch: 0,
    delete: 0,
    bucket: 0,
  }

  function faultFor(kind: Kind): Fault | undefined {
    const command = commanded.find((one) => one.times > 0 && (one.kind === kind || one.kind === 'any'))
    if (command !== undefined) {
      command.times -= 1
      return command.fault
    }
    const { unavailable = 0, tooMany = 0, lostRequest = 0, lostResponse = 0 } = chances
    let drawn = draw()
    for (const [chance, fault] of [
      [unavailable, 503],
      [tooMany, 429],
      [lostRequest, 'lost-request'],
      [lostResponse, 'lost-response'],
    ] as const) {
      if (drawn < chance) return fault
      drawn -= chance
    }
    return undefined
  }

  return {
    counts,
    /** The next `times` requests of a kind meet the fault. */
    fail(kind: Kind | 'any', fault: Fault, times = 1): void {
      commanded.push({ kind, fault, times })
    },
    /** Forgets what was commanded and has not happened. */
    calm(): void {
      commanded.length = 0
    },
    /** Chances from now on. */
    setChances(next: Chances): void {
      Object.assign(chances, { unavailable: 0, tooMany: 0, lostRequest: 0, lostResponse: 0 }, next)
    },
    /** Does one request: half of the latency, the effect, the other half. */
    async meet<T>(kind: Kind, effect: () => T): Promise<T> {
      counts[kind] += 1
      const fault = faultFor(kind)
      const halfMs = (READS.has(kind) ? getMs : putMs) / 2
      if (halfMs > 0) await sleep(halfMs)
      if (fault === 'lost-request') throw new Disconnect()
      if (typeof fault === 'number') {
        const [reason, message] = MESSAGES[fault] ?? ['error', `Status ${fault}`]
        throw new Refusal(fault, reason, message)
      }
      const result = effect()
      if (halfMs > 0) await sleep(halfMs)
      if (fault === 'lost-response') throw new Disconnect()
      return result
    },
  }
}
