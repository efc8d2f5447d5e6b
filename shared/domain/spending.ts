/**
 * What may be started, and what has to be stopped. Fail-safe: whatever is not known for certain starts nothing, and
 * counts as spent.
 */
import type { VmState } from './availability.ts'
import type { AvailabilityRules } from './availability-rules.ts'
import type { Instant } from './event.ts'
import type { MachineVm } from './fleet.ts'
import {
  advanced,
  CAPS_MS,
  costOf,
  isOpen,
  isSteady,
  keyOf,
  type Ledger,
  type Run,
  spend,
  spentOf,
} from './ledger.ts'
import { settled } from './settling.ts'

/** What one look has to say. */
export type Look = {
  at: Instant
  /** Of machines of the fleet and of runs, by `keyOf`; left out: not known. */
  states: ReadonlyMap<string, VmState>
  /** Null when the look was not complete, or took too long: then nothing is started, and nobody is idle. */
  seen: { wanted: readonly string[]; isBusy(machine: string): boolean } | null
}

export type Verdict = {
  ledger: Ledger
  /** To be asked for, new ones and those whose outcome is not known. */
  starts: readonly Run[]
  stops: readonly Run[]
  /** Machines that are wanted and not started, and why. */
  withheld: readonly { machine: string; reason: string }[]
}

export type Terms = {
  rules: AvailabilityRules
  vms: ReadonlyMap<string, MachineVm>
  /** A new request id. */
  newId(): string
}

/** Two looks in a row have to want a machine, this long apart. */
const CONFIRM_MS = 30_000
/** A start of which nothing is known is asked for again for so long. */
const REPEAT_MS = 10 * 60_000
/** A stop that was taken, and does not show for so long, is asked for again; several times before the cap is passed. */
const STOP_SHOWS_MS = 5 * 60_000
/** What is on has to be stoppable before it costs more than may be spent, though a few looks fail. */
const HEADROOM_MS = 15 * 60_000
/** A start has to be able to run for so long. */
const WORTH_MS = 2 * HEADROOM_MS

export function decide(before: Ledger, look: Look, terms: Terms): Verdict {
  const stepMs = before.lastAt === null ? 0 : look.at - before.lastAt
  const beyondMs = look.at - (before.newestAt ?? look.at)
  const keepMs = Math.max(CAPS_MS, terms.rules.cooldownMs)
  const isBusy = (run: Run) =>
    look.seen === null ? undefined : namesOf(run, terms.vms).some((name) => look.seen?.isBusy(name))
  const present = settled(advanced(before, look.at, keepMs), { states: look.states, isBusy, stepMs })
  const { ledger: stopping, stops } = decideStops(present, look, terms)
  // A look behind the newest one may agree with it or not; one after a silence knows of no other.
  const isAlone = beyondMs > 0 && !isSteady(beyondMs)
  const sinceOf = new Map(isAlone ? [] : before.wanted.map(({ machine, sinceMs }) => [machine, sinceMs]))
  const wanted = (look.seen?.wanted ?? []).map((machine) => ({
    machine,
    sinceMs: sinceOf.get(machine) ?? stopping.clockMs,
  }))
  // Time went back: what was seen since is not known to be over.
  return decideStarts({ ...stopping, wanted }, look, beyondMs < 0, terms, stops)
}

/** What fleet.yaml calls a run's machine by now; nothing: it is not in there any more. */
const namesOf = ({ vm }: Run, vms: Terms['vms']) =>
  [...vms].flatMap(([name, one]) => (keyOf(one) === keyOf(vm) ? [name] : []))

function decideStops(ledger: Ledger, { at, states, seen }: Look, { rules, newId }: Terms) {
  const { clockMs, paidMs } = ledger
  const stops: Run[] = []
  /** What all that is on may yet cost before it can be stopped. */
  let left = rules.maxEurPerDay - spentOf(ledger)
  const runs = ledger.runs.map((run): Run => {
    const { stop, off } = run
    const isUnanswered = stop?.outcome === 'intended'
    if (!isOpen(run)) {
      // Seen off before it was known to be asked for: it is told all the same.
      if (isUnanswered && clockMs - (stop?.atMs ?? 0) <= REPEAT_MS) stops.push(run)
      return run
    }
    left -= costOf(run.vm, HEADROOM_MS)
    const isIdle = seen !== null && off === null && (run.idleMs ?? -1) >= rules.stopAfterIdleMs
    const reason =
      left < 0
        ? `What may be spent in 24 hours (${rules.maxEurPerDay} EUR) is nearly spent.`
        : isIdle
          ? `Nothing ran on it nor waited for it for ${Math.round(rules.stopAfterIdleMs / 60_000)} minutes.`
          : undefined
    if (isUnanswered) {
      stops.push(run)
      return run
    }
    const isAsked = stop?.outcome === 'done' && (off !== null || paidMs - stop.paidMs < STOP_SHOWS_MS)
    const isStopping = states.get(keyOf(run.vm))?.status === 'stopping'
    if (reason === undefined || isAsked || isStopping) return run
    const stopped: Run = {
      ...run,
      stop: { requestId: newId(), reason, at, atMs: clockMs, paidMs, outcome: 'intended' },
    }
    stops.push(stopped)
    return stopped
  })
  return { ledger: { ...ledger, runs }, stops }
}

function decideStarts(
  ledger: Ledger,
  { at, states, seen }: Look,
  isBehind: boolean,
  { rules, vms, newId }: Terms,
  stops: readonly Run[],
): Verdict {
  const { clockMs } = ledger
  const starts: Run[] = []
  const withheld: { machine: string; reason: string }[] = []
  const open = ledger.runs.filter(isOpen)
  const wantedNow = new Set(ledger.wanted.map(({ machine }) => machine))
  const isStopped = (vm: MachineVm) => states.get(keyOf(vm))?.status === 'stopped'
  const repeated = (run: Run) =>
    run.start === 'intended' &&
    run.stop === null &&
    clockMs - run.atMs <= REPEAT_MS &&
    namesOf(run, vms).some((name) => wantedNow.has(name)) &&
    isStopped(run.vm)
  const mayStart = rules.start && seen !== null && !isBehind
  let spent = ledger.spent
  const runs = ledger.runs.map((run) => {
    if (!mayStart || !isOpen(run) || !repeated(run)) return run
    const again = { ...run, asked: run.asked + 1, askedMs: clockMs }
    starts.push(again)
    return again
  })
  for (const { machine, sinceMs } of ledger.wanted) {
    const vm = vms.get(machine)
    const reason = vm === undefined ? 'It is no virtual machine.' : reasonAgainst(vm, sinceMs)
    if (reason !== undefined) withheld.push({ machine, reason })
    else if (vm !== undefined) {
      const why = 'A tag is down that jobs wait for, and one of its runners could take them.'
      const run: Run = {
        ...{ requestId: newId(), machine, vm, reason: why, at, atMs: clockMs },
        ...{ start: 'intended', asked: 1, askedMs: clockMs, wasOn: false, startedAt: null },
        ...{ idleMs: null, off: null, stop: null, ended: null },
      }
      runs.push(run)
      starts.push(run)
      spent = spend(spent, clockMs, costOf(vm, rules.minimumChargeMs))
    }
  }
  return { ledger: { ...ledger, runs, spent }, starts, stops, withheld }

  function reasonAgainst(vm: MachineVm, sinceMs: number): string | undefined {
    if (!rules.start) return 'Starting is not switched on (availability.start).'
    if (isBehind) return `The clock has been at ${new Date(ledger.newestAt ?? 0).toISOString()} already.`
    if (vm.costPerHourEur <= 0) return 'What it costs is not known (cost_per_hour_eur).'
    if (!isStopped(vm)) return 'It is not known to be off.'
    if (clockMs - sinceMs < CONFIRM_MS) return 'The next look has to want it, too.'
    if (starts.some((run) => keyOf(run.vm) !== keyOf(vm))) return 'One is started at a time.'
    const own = runs.filter((run) => keyOf(run.vm) === keyOf(vm))
    if (own.some(isOpen)) return 'A start of it is under way.'
    const isCooling = (run: Run) => clockMs - run.askedMs < rules.cooldownMs || at - run.at < rules.cooldownMs
    if (own.some(isCooling)) return `It was started within the last ${rules.cooldownMs / 60_000} minutes.`
    const today = runs.filter((run) => clockMs - run.askedMs < CAPS_MS).length
    if (today >= rules.maxStartsPerDay) return `There were ${today} starts in 24 hours (max_starts_per_day).`
    const reserved = open.reduce((sum, run) => sum + costOf(run.vm, HEADROOM_MS), 0)
    const needs = costOf(vm, rules.minimumChargeMs + WORTH_MS)
    if (spentOf({ clockMs, spent }) + reserved + needs > rules.maxEurPerDay)
      return `It would cost more than may be spent in 24 hours (max_eur_per_day: ${rules.maxEurPerDay}).`
    return undefined
  }
}
