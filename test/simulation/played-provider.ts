/**
 * A provider of machines whose requests get lost, whose answers get lost, that refuses, and that lies about what is on. It
 * counts in real time what happened.
 */
import type { VmStatus } from '../../shared/domain/availability.ts'
import { InvalidInputError, TransientError } from '../../shared/errors.ts'
import type { VmRef, Vms } from '../../shared/ports.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const START = Date.parse('2026-11-21T20:00:00Z')
export const COST_PER_HOUR_EUR = 0.5
const BOOT_MS = 2 * MINUTE
/** Looks until a machine comes whose start is late. */
const LATE_STEPS = 3

/** `late`: as with a lost answer, and the machine comes on after a while. */
export type Provider = 'fine' | 'unavailable' | 'request lost' | 'answer lost' | 'late' | 'silent' | 'refused'

/** What it says of the machine's status, whatever that is. */
export type Told = 'the truth' | 'stopped' | 'running' | 'missing'

export type PlayedProvider = ReturnType<typeof playedProvider>

export function playedProvider({ now, pause }: { now(): number; pause(): Promise<void> }) {
  /** By real time; the first asking of each request id. */
  const starts: { requestId: string; realMs: number }[] = []
  const stops: { requestId: string; realMs: number }[] = []
  const onTimes: { from: number; to: number }[] = []
  let onSince: number | null = null
  let comesInSteps = 0

  function switchOff(): void {
    if (onSince !== null) onTimes.push({ from: onSince, to: now() })
    onSince = null
  }

  function statusOf(vm: VmRef): VmStatus {
    // Somebody else's, and on all the time.
    if (!isOurs(vm)) return 'running'
    if (onSince === null) return 'stopped'
    return now() - onSince < BOOT_MS ? 'starting' : 'running'
  }

  async function meet(provider: Provider, effect: () => void): Promise<void> {
    await pause()
    if (provider === 'unavailable' || provider === 'silent') throw new TransientError('503')
    if (provider === 'request lost') throw new TransientError('reset by peer')
    if (provider === 'refused') throw new InvalidInputError('400')
    effect()
    await pause()
    if (provider === 'answer lost' || provider === 'late') throw new TransientError('timed out')
  }

  return {
    starts,
    stops,
    switchOff,
    onSince: () => onSince,
    isUp: () => onSince !== null && now() - onSince > BOOT_MS,
    pass(): void {
      if (comesInSteps === 0) return
      comesInSteps -= 1
      if (comesInSteps === 0) onSince ??= now()
    },
    /** Real euros of the day that ends now. */
    eurOfDay(): number {
      const times = onSince === null ? onTimes : [...onTimes, { from: onSince, to: now() }]
      const onMs = times.map(({ from, to }) => Math.max(0, to - Math.max(from, now() - 24 * HOUR)))
      return (onMs.reduce((sum, ms) => sum + ms, 0) / HOUR) * COST_PER_HOUR_EUR
    },
    asSeenBy({ vms, tells }: { vms: Provider; tells: Told }): Vms {
      return {
        async state(vm) {
          await pause()
          if (vms === 'silent') throw new TransientError('503')
          const status = isOurs(vm) && tells !== 'the truth' ? tells : statusOf(vm)
          return { status, startedAt: onSince === null ? null : START + onSince }
        },
        start: (_vm, requestId) =>
          meet(vms, () => {
            if (starts.some((one) => one.requestId === requestId)) return
            starts.push({ requestId, realMs: now() })
            if (vms === 'late') comesInSteps = LATE_STEPS
            else onSince ??= now()
          }),
        stop: (_vm, requestId) =>
          meet(vms, () => {
            if (stops.some((one) => one.requestId === requestId)) return
            stops.push({ requestId, realMs: now() })
            switchOff()
          }),
      }
    },
  }
}

export const isOurs = (vm: VmRef) => vm.name === 'runner-vm'
