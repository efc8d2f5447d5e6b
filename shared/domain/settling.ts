/** What the states of machines say of the runs of the ledger: that they are on, that they have ended, that they have not. */
import { isOn, type VmState } from './availability.ts'
import { costOf, isOpen, isSteady, keyOf, type Ledger, type Run, spend } from './ledger.ts'

/** What is known of the machines at one look. */
export type Sight = {
  /** By `keyOf`; left out: not known. */
  states: ReadonlyMap<string, VmState>
  /** Whether there is work for a run's machine; undefined: not known. */
  isBusy(run: Run): boolean | undefined
  /** Since the last look, by the clock on the wall. */
  stepMs: number
}

/** So long a start or a stop may take to show. */
const SETTLE_MS = 15 * 60_000
/** A provider's word that a machine is off is taken when it was given in so many looks, over so long. */
const OFF_LOOKS = 3
const OFF_MS = 5 * 60_000
/** A start that was given up may show after all for so long. */
const LATE_MS = 60 * 60_000

export function settled(ledger: Ledger, sight: Sight): Ledger {
  const open = new Set(ledger.runs.filter(isOpen).map(({ vm }) => keyOf(vm)))
  const newest = new Map(
    ledger.runs.filter(({ start }) => start !== 'refused').map((run) => [keyOf(run.vm), run]),
  )
  let { spent } = ledger
  const runs = ledger.runs.map((run) => {
    const key = keyOf(run.vm)
    const state = sight.states.get(key)
    if (state === undefined || run.start === 'refused') return run
    const isReopened = !open.has(key) && newest.get(key) === run && isStillOn(run, state, ledger)
    if (!isOpen(run) && !isReopened) return run
    if (isReopened || (!run.wasOn && isOn(state.status)))
      spent = spend(spent, ledger.clockMs, costOf(run.vm, unpaidMs(run, state, ledger)))
    return settledRun({ ...run, ended: null }, state, ledger, sight)
  })
  return { ...ledger, runs, spent }
}

function settledRun(run: Run, { status, startedAt }: VmState, ledger: Ledger, sight: Sight): Run {
  const { clockMs, paidMs } = ledger
  if (isOn(status)) {
    const isBusy = sight.isBusy(run)
    const idledMs = run.idleMs === null ? 0 : run.idleMs + (isSteady(sight.stepMs) ? sight.stepMs : 0)
    const idleMs = isBusy === undefined ? run.idleMs : isBusy ? null : idledMs
    return { ...run, start: 'done', wasOn: true, startedAt: startedAt ?? run.startedAt, idleMs, off: null }
  }
  if (status === 'stopping') return { ...run, off: null }
  const off = { sinceMs: run.off?.sinceMs ?? clockMs, looks: (run.off?.looks ?? 0) + 1 }
  const isOff = off.looks >= OFF_LOOKS && clockMs - off.sinceMs >= OFF_MS
  const isOver = isOff && (run.wasOn || clockMs - run.atMs >= SETTLE_MS)
  return { ...run, off, ended: isOver ? { atMs: clockMs, paidMs } : null }
}

/** Whether a run that was taken for ended is what is on now: it never was off, or came late. */
function isStillOn({ ended, wasOn, startedAt }: Run, state: VmState, { clockMs }: Ledger): boolean {
  if (ended === null || !isOn(state.status)) return false
  if (!wasOn) return clockMs - ended.atMs <= LATE_MS
  return startedAt === null || state.startedAt === null || startedAt === state.startedAt
}

/** Since a run of the same machine was taken for ended that was not. */
function unpaidMs(run: Run, { startedAt }: VmState, { runs, paidMs }: Ledger): number {
  const wrong = runs.filter(
    (one) => keyOf(one.vm) === keyOf(run.vm) && startedAt !== null && one.startedAt === startedAt,
  )
  const ended = [run, ...wrong].flatMap((one) => (one.ended === null ? [] : [one.ended.paidMs]))
  return ended.length === 0 ? 0 : paidMs - Math.max(...ended)
}
