/**
 * The ledger of machines that were started, and what they cost.
 *
 * It has a clock of its own, which counts the time that passed between two looks. A step that no schedule makes (a clock
 * that jumped, a tick that was away) counts nothing, so that the clock is never ahead of the real time; cooldowns and
 * the 24 hours of the caps are measured by it. Money is the other way round: the whole step is paid for.
 */
import type { Instant } from './event.ts'
import type { MachineVm } from './fleet.ts'

/** A start of a machine, from its intent to when it was seen off. */
export type Run = {
  /** Of the start; with it the same start may be asked for again. */
  requestId: string
  machine: string
  reason: string
  at: Instant
  /** By the ledger's clock. */
  atMs: number
  start: Outcome
  wasOn: boolean
  /** Since when nothing runs on it nor waits for it; null while something does. */
  idleSinceMs: number | null
  stop: Stop | null
  endedMs: number | null
}

export type Stop = { requestId: string; reason: string; at: Instant; atMs: number; outcome: Outcome }

/** `intended`: whether it was asked for, or took effect, is not known. */
export type Outcome = 'intended' | 'done' | 'refused'

export type Ledger = {
  /** The newest instant that any look has seen, and that of the last one. */
  newestAt: Instant | null
  lastAt: Instant | null
  /** The ledger's clock. */
  clockMs: number
  /** By the hour of the ledger's clock. */
  spent: readonly { hour: number; eur: number }[]
  runs: readonly Run[]
  /** Machines that every look since has found wanted. */
  wanted: readonly { machine: string; sinceMs: number }[]
}

export const EMPTY_LEDGER: Ledger = {
  newestAt: null,
  lastAt: null,
  clockMs: 0,
  spent: [],
  runs: [],
  wanted: [],
}

const MS_PER_HOUR = 3_600_000
const HOURS_OF_CAPS = 24
export const CAPS_MS = HOURS_OF_CAPS * MS_PER_HOUR
/** The longest step between two looks that counts: the schedule's, and some failures of it. */
export const MAX_STEP_MS = 5 * 60_000

/** A look at `at`: the clock goes on, and what is on has cost something. */
export function advanced(
  before: Ledger,
  at: Instant,
  { vms, keepMs }: { vms: ReadonlyMap<string, MachineVm>; keepMs: number },
): Ledger {
  const stepMs = before.lastAt === null ? 0 : at - before.lastAt
  const clockMs = before.clockMs + (stepMs >= 0 && stepMs <= MAX_STEP_MS ? stepMs : 0)
  // Of time that went back nobody knows how much has passed.
  const paidMs = stepMs < 0 ? MAX_STEP_MS : stepMs
  const eur = before.runs.filter(isOpen).reduce((sum, { machine }) => sum + costOf(vms, machine, paidMs), 0)
  return {
    ...before,
    newestAt: Math.max(at, before.newestAt ?? at),
    lastAt: at,
    clockMs,
    spent: spend(before.spent, clockMs, eur),
    runs: before.runs.filter((run) => isOpen(run) || clockMs - run.atMs <= keepMs),
  }
}

export const isOpen = (run: Run) => run.endedMs === null && run.start !== 'refused'

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

export const costOf = (vms: ReadonlyMap<string, MachineVm>, machine: string, ms: number) =>
  ((vms.get(machine)?.costPerHourEur ?? 0) * ms) / MS_PER_HOUR
