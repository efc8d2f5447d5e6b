/**
 * The ledger of machines that were started, and what they cost.
 *
 * It has two clocks of its own. The slow one counts the time that passed beyond the newest instant of any look; a step that
 * no schedule makes (a clock that jumped, a tick that was away) counts nothing, nor does the way back to that instant, so
 * that it is not ahead of the real time: cooldowns and the 24 hours of the caps are measured by it. The fast one is not
 * behind the real time: money is counted by it, and how long a stop is waited for.
 */
import type { Instant } from './event.ts'
import type { MachineVm } from './fleet.ts'

/** A start of a machine, from its intent to when it was seen off. */
export type Run = {
  /** Of the start; with it the same start may be asked for again. */
  requestId: string
  machine: string
  /** As fleet.yaml had it then: what is on is paid for and stopped by this, whatever the file says since. */
  vm: MachineVm
  reason: string
  at: Instant
  /** By the slow clock, as all `Ms` of a run but `paidMs`. */
  atMs: number
  start: Outcome
  /** How often it was decided to ask for it, and when last. */
  asked: number
  askedMs: number
  wasOn: boolean
  /** When it came on, in its provider's words: at another instant somebody else has started it. */
  startedAt: Instant | null
  /** For how long, look by look, nothing ran on it nor waited for it; null while something does. */
  idleMs: number | null
  /** Since when it is seen off, and in how many looks. */
  off: { sinceMs: number; looks: number } | null
  stop: Stop | null
  /** `paidMs` is by the fast clock. */
  ended: { atMs: number; paidMs: number } | null
}

/** `paidMs`, by the fast clock: when it was asked for. */
export type Stop = {
  requestId: string
  reason: string
  at: Instant
  atMs: number
  paidMs: number
  outcome: Outcome
}

/** `intended`: whether it was asked for, or took effect, is not known. */
export type Outcome = 'intended' | 'done' | 'refused'

export type Ledger = {
  /** The newest instant that any look has seen, and that of the last one. */
  newestAt: Instant | null
  lastAt: Instant | null
  /** The slow clock. */
  clockMs: number
  /** The fast one. */
  paidMs: number
  /** By the hour of the slow clock. */
  spent: readonly { hour: number; eur: number }[]
  runs: readonly Run[]
  /** Machines that every look since has found wanted. */
  wanted: readonly { machine: string; sinceMs: number }[]
}

export const EMPTY_LEDGER: Ledger = {
  newestAt: null,
  lastAt: null,
  clockMs: 0,
  paidMs: 0,
  spent: [],
  runs: [],
  wanted: [],
}

const MS_PER_HOUR = 3_600_000
const HOURS_OF_CAPS = 24
export const CAPS_MS = HOURS_OF_CAPS * MS_PER_HOUR
/** The longest step between two looks that counts: the schedule's, and some failures of it. */
export const MAX_STEP_MS = 5 * 60_000

/** A look at `at`: the clocks go on, and what is on has cost something. */
export function advanced(before: Ledger, at: Instant, keepMs: number): Ledger {
  const stepMs = before.lastAt === null ? 0 : at - before.lastAt
  const beyondMs = at - (before.newestAt ?? at)
  const clockMs = before.clockMs + (isSteady(beyondMs) ? beyondMs : 0)
  // Of time that went back nobody knows how much has passed.
  const passedMs = stepMs < 0 ? MAX_STEP_MS : stepMs
  const eur = before.runs.filter(isOpen).reduce((sum, { vm }) => sum + costOf(vm, passedMs), 0)
  return {
    ...before,
    newestAt: Math.max(at, before.newestAt ?? at),
    lastAt: at,
    clockMs,
    paidMs: before.paidMs + passedMs,
    spent: spend(before.spent, clockMs, eur),
    runs: before.runs.filter((run) => isOpen(run) || clockMs - run.askedMs <= keepMs),
  }
}

/** Whether a step of the clock is one that looks make. */
export const isSteady = (stepMs: number) => stepMs >= 0 && stepMs <= MAX_STEP_MS

export const isOpen = (run: Run) => run.ended === null && run.start !== 'refused'

/** By which one virtual machine is known, whatever fleet.yaml calls it. */
export const keyOf = ({ project, zone, name }: Pick<MachineVm, 'project' | 'zone' | 'name'>) =>
  `${project ?? ''}/${zone}/${name}`

/** Euros of the last 24 hours. */
export function spentOf({ clockMs, spent }: Pick<Ledger, 'clockMs' | 'spent'>): number {
  const hour = Math.floor(clockMs / MS_PER_HOUR)
  return spent.filter((one) => hour - one.hour <= HOURS_OF_CAPS).reduce((sum, { eur }) => sum + eur, 0)
}

export function spend(spent: Ledger['spent'], clockMs: number, eur: number): Ledger['spent'] {
  const hour = Math.floor(clockMs / MS_PER_HOUR)
  const present = spent.find((one) => one.hour === hour)
  const others = spent.filter((one) => one.hour !== hour && hour - one.hour <= HOURS_OF_CAPS)
  return eur === 0 && present === undefined ? others : [...others, { hour, eur: (present?.eur ?? 0) + eur }]
}

export const costOf = ({ costPerHourEur }: MachineVm, ms: number) => (costPerHourEur * ms) / MS_PER_HOUR
