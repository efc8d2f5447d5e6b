/**
 * What may be started, and what has to be stopped. Fail-safe: whatever is not known for certain starts nothing, and
 * counts as spent.
 */
import { isOn, type VmStatus } from './availability.ts'
import type { AvailabilityRules } from './availability-rules.ts'
import type { Instant } from './event.ts'
import type { MachineVm } from './fleet.ts'
import {
  advanced,
  CAPS_MS,
  costOf,
  isOpen,
  type Ledger,
  MAX_STEP_MS,
  type Run,
  spend,
  spentOf,
} from './ledger.ts'

/** What one look has to say. */
export type Look = {
  at: Instant
  /** By machine; left out: not known. */
  machines: ReadonlyMap<string, VmStatus>
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
/** So long a start or stop may take to show. */
const SETTLE_MS = 15 * 60_000
/** A start of which nothing is known is asked for again for so long. */
const REPEAT_MS = 10 * 60_000
/** What is on has to be stoppable before it costs more than may be spent, though a few looks fail. */
const HEADROOM_MS = 15 * 60_000
/** A start has to be able to run for so long. */
const WORTH_MS = 2 * HEADROOM_MS

export function decide(before: Ledger, look: Look, terms: Terms): Verdict {
  const stepMs = before.lastAt === null ? 0 : look.at - before.lastAt
  const isSteady = stepMs >= 0 && stepMs <= MAX_STEP_MS
  const keepMs = Math.max(CAPS_MS, terms.rules.cooldownMs)
  const present = advanced(before, look.at, { vms: terms.vms, keepMs })
  const settled = { ...present, runs: present.runs.map((run) => settle(run, look, present.clockMs)) }
  const { ledger: stopping, stops } = decideStops(settled, look, terms)
  const sinceOf = new Map(isSteady ? before.wanted.map(({ machine, sinceMs }) => [machine, sinceMs]) : [])
  const wanted = (look.seen?.wanted ?? []).map((machine) => ({
    machine,
    sinceMs: sinceOf.get(machine) ?? stopping.clockMs,
  }))
  // Time went back: what was seen since is not known to be over.
  const isBehind = before.newestAt !== null && look.at < before.newestAt
  return decideStarts({ ...stopping, wanted }, look, isBehind, terms, stops)
}

/** What the machine's status says of a run. */
function settle(run: Run, { machines, seen }: Look, clockMs: number): Run {
  const status = machines.get(run.machine)
  if (!isOpen(run) || status === undefined) return run
  if (isOn(status)) {
    const isIdle = seen !== null && !seen.isBusy(run.machine)
    const idleSinceMs = seen === null ? run.idleSinceMs : isIdle ? (run.idleSinceMs ?? clockMs) : null
    return { ...run, start: 'done', wasOn: true, idleSinceMs }
  }
  if (status === 'stopping') return run
  const isOver = run.wasOn || clockMs - run.atMs >= SETTLE_MS
  return isOver ? { ...run, endedMs: clockMs } : run
}

function decideStops(ledger: Ledger, { at, machines, seen }: Look, { rules, vms, newId }: Terms) {
  const { clockMs } = ledger
  const stops: Run[] = []
  /** What all that is on may yet cost before it can be stopped. */
  let left = rules.maxEurPerDay - spentOf(ledger)
  const runs = ledger.runs.map((run): Run => {
    const isUnanswered = run.stop?.outcome === 'intended'
    if (!isOpen(run)) {
      // Seen off before it was known to be asked for: it is told all the same.
      if (isUnanswered && clockMs - (run.stop?.atMs ?? 0) <= REPEAT_MS) stops.push(run)
      return run
    }
    left -= costOf(vms, run.machine, HEADROOM_MS)
    const isIdle =
      seen !== null && run.idleSinceMs !== null && clockMs - run.idleSinceMs >= rules.stopAfterIdleMs
    const reason =
      left < 0
        ? `What may be spent in 24 hours (${rules.maxEurPerDay} EUR) is nearly spent.`
        : isIdle
          ? `Nothing ran on it nor waited for it for ${Math.round(rules.stopAfterIdleMs / 60_000)} minutes.`
          : undefined
    const isAsked = run.stop !== null && clockMs - run.stop.atMs < SETTLE_MS
    if (isUnanswered) {
      stops.push(run)
      return run
    }
    if (reason === undefined || isAsked || machines.get(run.machine) === 'stopping') return run
    const stopped: Run = {
      ...run,
      stop: { requestId: newId(), reason, at, atMs: clockMs, outcome: 'intended' },
    }
    stops.push(stopped)
    return stopped
  })
  return { ledger: { ...ledger, runs }, stops }
}

function decideStarts(
  ledger: Ledger,
  { at, machines, seen }: Look,
  isBehind: boolean,
  { rules, vms, newId }: Terms,
  stops: readonly Run[],
): Verdict {
  const { clockMs } = ledger
  const starts: Run[] = []
  const withheld: { machine: string; reason: string }[] = []
  const open = ledger.runs.filter(isOpen)
  const wantedNow = new Set(ledger.wanted.map(({ machine }) => machine))
  const repeated = (run: Run) =>
    run.start === 'intended' &&
    run.stop === null &&
    clockMs - run.atMs <= REPEAT_MS &&
    wantedNow.has(run.machine) &&
    machines.get(run.machine) === 'stopped'
  const mayStart = rules.start && seen !== null && !isBehind
  if (mayStart) starts.push(...open.filter(repeated))
  let spent = ledger.spent
  const runs = [...ledger.runs]
  for (const { machine, sinceMs } of ledger.wanted) {
    const reason = reasonAgainst(machine, sinceMs)
    if (reason !== undefined) withheld.push({ machine, reason })
    else {
      const why = 'A tag is down that jobs wait for, and one of its runners could take them.'
      const run: Run = {
        ...{ requestId: newId(), machine, reason: why, at, atMs: clockMs },
        ...{ start: 'intended', wasOn: false, idleSinceMs: null, stop: null, endedMs: null },
      }
      runs.push(run)
      starts.push(run)
      spent = spend(spent, clockMs, costOf(vms, machine, rules.minimumChargeMs))
    }
  }
  return { ledger: { ...ledger, runs, spent }, starts, stops, withheld }

  function reasonAgainst(machine: string, sinceMs: number): string | undefined {
    const cost = vms.get(machine)?.costPerHourEur ?? 0
    if (!rules.start) return 'Starting is not switched on (availability.start).'
    if (isBehind) return `The clock has been at ${new Date(ledger.newestAt ?? 0).toISOString()} already.`
    if (cost <= 0) return 'What it costs is not known (cost_per_hour_eur).'
    if (machines.get(machine) !== 'stopped') return 'It is not known to be off.'
    if (clockMs - sinceMs < CONFIRM_MS) return 'The next look has to want it, too.'
    if (starts.some((run) => run.machine !== machine)) return 'One is started at a time.'
    const own = runs.filter((run) => run.machine === machine)
    if (own.some(isOpen)) return 'A start of it is under way.'
    const isCooling = (run: Run) => clockMs - run.atMs < rules.cooldownMs || at - run.at < rules.cooldownMs
    if (own.some(isCooling)) return `It was started within the last ${rules.cooldownMs / 60_000} minutes.`
    const today = runs.filter((run) => clockMs - run.atMs < CAPS_MS).length
    if (today >= rules.maxStartsPerDay) return `There were ${today} starts in 24 hours (max_starts_per_day).`
    const reserved = open.reduce((sum, run) => sum + costOf(vms, run.machine, HEADROOM_MS), 0)
    const needs = costOf(vms, machine, rules.minimumChargeMs + WORTH_MS)
    if (spentOf({ clockMs, spent }) + reserved + needs > rules.maxEurPerDay)
      return `It would cost more than may be spent in 24 hours (max_eur_per_day: ${rules.maxEurPerDay}).`
    return undefined
  }
}
