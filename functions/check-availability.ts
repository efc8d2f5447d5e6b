/**
 * check-availability: whether there is anyone to take each tag's jobs, and where there is none, a machine that is started
 * for those that wait; what was started is stopped when it is idle, or costs too much.
 *
 * Trigger: every minute (in the cloud every two), where GITLAB_API_TOKEN is set or a machine was started. Reads: GitLab, the log, the states of
 * machines, the document `availability`. Writes: that document, audit_log; starts and stops machines. Repetition: of
 * ticks that look at the same document one writes the next, and only it acts; what a crash left between intent and
 * answer is asked for again with the same request id.
 *
 * A look that fails, is not complete or takes too long keeps what was known, and starts nothing.
 */
import {
  isBusy,
  judgeTags,
  machinesWanted,
  type VmState,
  type VmStatus,
} from '../shared/domain/availability.ts'
import type { Fleet } from '../shared/domain/fleet.ts'
import { isOpen, keyOf, type Run } from '../shared/domain/ledger.ts'
import { decide, type Verdict } from '../shared/domain/spending.ts'
import { ConflictError, TransientError } from '../shared/errors.ts'
import type { Deps } from '../shared/runtime/handler.ts'
import { statesOf } from '../shared/runtime/look-at-fleet.ts'
import { lookInTime } from '../shared/runtime/look-in-time.ts'
import { updateDocument } from '../shared/runtime/update-document.ts'
import {
  type AvailabilityDocument,
  encodeAvailability,
  readAvailability,
} from '../shared/schema/availability.ts'
import { auditRow, encodeRow } from '../shared/schema/rows.ts'

type CheckDeps = Pick<
  Deps,
  'clock' | 'documents' | 'fleet' | 'gitlab' | 'log' | 'rng' | 'settings' | 'vms' | 'warehouse'
>

const NO_TOKEN = 'GITLAB_API_TOKEN is not set.'
/** A look that takes longer is of no one moment. */
const LONGEST_LOOK_MS = 60_000
/** Who was held up for longer does not act any more on what was decided then. */
const LONGEST_DELAY_MS = 60_000

export async function checkAvailability(
  deps: CheckDeps,
  _shard?: number,
  patienceMs?: number,
): Promise<void> {
  const { clock, documents, fleet, log, rng, settings } = deps
  const snapshot = await documents.read('availability')
  const before = readAvailability(snapshot.value)
  const runs = before.ledger.runs.filter(({ start }) => start !== 'refused')
  const isBlind = settings.gitlabApiToken === undefined
  if (isBlind && runs.length === 0) return log.debug('availability.unchecked', { reason: NO_TOKEN })
  const open = runs.filter(isOpen)
  if (isBlind && open.length > 0)
    log.error('availability.blind', { machines: open.map(({ machine }) => machine), reason: NO_TOKEN })
  const at = clock.now()
  const states = await statesOf([...fleet.vms.values(), ...runs.map(({ vm }) => vm)], deps)
  const machines = machinesOf(fleet, states)
  const look = isBlind ? { problem: NO_TOKEN } : await lookInTime(machines, before, deps, patienceMs)
  const isLate = Math.abs(clock.now() - at) > LONGEST_LOOK_MS || clock.now() < at
  const problem = 'problem' in look ? look.problem : isLate ? 'The look took too long.' : null
  const seen = 'problem' in look || isLate ? null : look
  const tags = seen === null ? before.tags : judgeTags(seen.observation, fleet, before.tags)
  const started = open.filter(({ start }) => start === 'done')
  const verdict = decide(
    before.ledger,
    {
      at,
      states,
      seen: seen && {
        wanted: machinesWanted(seen.observation, tags, fleet, machinesIn(started, fleet)),
        isBusy: (machine) => isBusy(machine, seen.observation, fleet),
      },
    },
    { rules: fleet.availability, vms: fleet.vms, newId: () => rng.id() },
  )
  const after: AvailabilityDocument = {
    ...before,
    ...(seen === null
      ? {}
      : {
          observedAt: at,
          tags,
          runners: seen.runners,
          contactsAt: seen.contactsAt,
          projects: seen.projects,
        }),
    triedAt: at,
    problem,
    machines: [...machines].map(([machine, status]) => ({ machine, status })),
    withheld: verdict.withheld,
    ledger: verdict.ledger,
  }
  try {
    await documents.write('availability', encodeAvailability(after), snapshot.generation)
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    return log.info('availability.outrun', { reason: 'another tick was first, and acts' })
  }
  if (problem === null) log.info('availability.checked', { tags: countsOf(tags), ...actsOf(verdict) })
  else log.warning('availability.unseen', { problem, ...actsOf(verdict) })
  await act(verdict, at, deps)
}

/** Stops first: they save what starts may cost. @throws TransientError when what is done cannot be recorded. */
async function act({ starts, stops }: Verdict, at: number, deps: CheckDeps): Promise<void> {
  const { clock, log, vms } = deps
  let failure: unknown
  for (const { run, what } of [
    ...stops.map((one) => ({ run: one, what: 'stop' as const })),
    ...starts.map((one) => ({ run: one, what: 'start' as const })),
  ]) {
    const requestId = what === 'start' ? run.requestId : run.stop?.requestId
    if (requestId === undefined) continue
    try {
      // A start that cannot be told is not made; a stop is.
      if (what === 'start') await audit(what, run, deps)
      const delayMs = clock.now() - at
      if (what === 'start' && (delayMs < 0 || delayMs > LONGEST_DELAY_MS)) {
        log.warning('vm.not_started', { machine: run.machine, reason: 'too long after it was decided' })
        continue
      }
      const outcome = await answerTo(() => vms[what](run.vm, requestId), { what, run, log })
      if (what === 'stop') await audit(what, run, deps)
      if (outcome !== undefined) await note(what, requestId, outcome, deps)
    } catch (error) {
      failure ??= error
    }
  }
  if (failure !== undefined) throw failure
}

/** Undefined when it is not known whether it took effect. */
async function answerTo(
  ask: () => Promise<void>,
  { what, run, log }: { what: 'start' | 'stop'; run: Run } & Pick<CheckDeps, 'log'>,
): Promise<'done' | 'refused' | undefined> {
  const told = { machine: run.machine, request_id: what === 'start' ? run.requestId : run.stop?.requestId }
  try {
    await ask()
    log.info(what === 'start' ? 'vm.started' : 'vm.stopped', told)
    return 'done'
  } catch (error) {
    const isKnown = !(error instanceof TransientError)
    log[isKnown || what === 'stop' ? 'error' : 'warning'](isKnown ? 'vm.refused' : 'vm.unanswered', {
      what,
      ...told,
      error,
    })
    return isKnown ? 'refused' : undefined
  }
}

async function audit(what: 'start' | 'stop', run: Run, { warehouse }: CheckDeps): Promise<void> {
  const { requestId: auditId, at: actedAt, reason } = what === 'stop' && run.stop !== null ? run.stop : run
  const details = { start_request_id: run.requestId, started_at: new Date(run.at).toISOString() }
  const row = { auditId, actedAt, actor: 'check-availability', action: `vm.${what}`, reason } as const
  await warehouse.insert('audit_log', [encodeRow(auditRow, { ...row, subject: run.machine, details })])
}

/**
 * Whoever writes the ledger meanwhile keeps the run, so it is found by its request id. That a repetition of a start is
 * refused says nothing of the first asking: then it stays intended.
 */
async function note(
  what: 'start' | 'stop',
  requestId: string,
  outcome: 'done' | 'refused',
  { documents }: CheckDeps,
): Promise<void> {
  const noted = (run: Run): Run => {
    if (what === 'start') {
      const isAnswer = run.requestId === requestId && (outcome === 'done' || isFirst(run))
      return isAnswer ? { ...run, start: outcome } : run
    }
    return run.stop?.requestId === requestId ? { ...run, stop: { ...run.stop, outcome } } : run
  }
  await updateDocument(documents, 'availability', (value) => {
    const document = readAvailability(value)
    return encodeAvailability({
      ...document,
      ledger: { ...document.ledger, runs: document.ledger.runs.map(noted) },
    })
  })
}

const isFirst = ({ start, asked }: Run) => start === 'intended' && asked === 1

const machinesOf = ({ vms }: Fleet, states: ReadonlyMap<string, VmState>) =>
  new Map(
    [...vms].flatMap(([machine, vm]): [string, VmStatus][] => {
      const state = states.get(keyOf(vm))
      return state === undefined ? [] : [[machine, state.status]]
    }),
  )

/** The machines of runs, as the fleet names them now. */
function machinesIn(runs: readonly Run[], { vms }: Fleet): ReadonlySet<string> {
  const keys = new Set(runs.map(({ vm }) => keyOf(vm)))
  return new Set([...vms].flatMap(([machine, vm]) => (keys.has(keyOf(vm)) ? [machine] : [])))
}

const countsOf = (tags: AvailabilityDocument['tags']) =>
  Object.fromEntries(
    ['healthy', 'degraded', 'down'].map((status) => [
      status,
      tags.filter((one) => one.status === status).length,
    ]),
  )

const actsOf = ({ starts, stops, withheld }: Verdict) => ({
  starts: starts.map(({ machine }) => machine),
  stops: stops.map(({ machine }) => machine),
  withheld,
})
