/**
 * rebuild: the state is made anew from the log, or compared with what the log says.
 *
 * Called by: the command line, and by the start of a server whose state differs from the log. Reads: the log.
 * Writes: the state. Repetition: the same log gives the same bytes.
 */
import { firstDifference } from '../shared/domain/difference.ts'
import { totalObservations } from '../shared/domain/state.ts'
import { ConfigError } from '../shared/errors.ts'
import {
  foldLog,
  isSameTotals,
  type LogTotals,
  lastResetAt,
  logTotals,
  refuseWhileLogLags,
  totalsOf,
} from '../shared/runtime/event-log.ts'
import type { Deps, Progress } from '../shared/runtime/handler.ts'
import { parseBody } from '../shared/schema/intake.ts'
import { encodeState, STATE_SCHEMA_VERSION } from '../shared/schema/state.ts'
import { stateVersionOf } from '../shared/schema/state-version.ts'

type RebuildDeps = Pick<Deps, 'state' | 'warehouse' | 'deliveries' | 'settings' | 'log'>

export type RebuildReport = {
  /** Finishes in the log that count. */
  events: number
  observations: number
  generation: string
  /** Whether the state was already what the log says. */
  equal: boolean
  first_difference?: { path: string; state: unknown; log: unknown }
}

/** @param input.check compares only, and changes nothing. */
export function rebuild(
  input: { check: boolean },
  deps: RebuildDeps,
  progress?: Progress,
): Promise<RebuildReport> {
  return deps.deliveries.hold((setAside) => {
    if (!input.check) refuseWhileLogLags(setAside)
    return rebuildWhileHeld(input, deps, progress)
  })
}

/**
 * Rebuilds a state whose totals are not those of the log: what a start after a killed bulk operation or reset finds,
 * and what dead letters leave that are too old for the state to tell. Resolves with whether it did.
 */
export function rebuildIfBehind(deps: RebuildDeps): Promise<boolean> {
  return deps.deliveries.hold(async (setAside) => {
    const inLog = await logTotals(deps.warehouse)
    const { state, generation } = await deps.state.read()
    const inState = totalsOf(state)
    if (!isSameTotals(inLog, inState)) {
      deps.log.warning('state.differed', { in_log: inLog, in_state: inState })
      refuseWhileLogLags(setAside)
      await refuseLostLog(inLog, inState, deps)
      await rebuildWhileHeld({ check: false }, deps)
      return true
    }
    const bytes = await deps.state.bytes()
    const isOfOlderForm = bytes !== undefined && stateVersionOf(bytes) !== STATE_SCHEMA_VERSION
    if (isOfOlderForm) await deps.state.write(state, generation)
    return false
  })
}

/** A state cannot have come from nothing: where the log is empty it was lost, and the state is all that is left. */
async function refuseLostLog(
  inLog: LogTotals,
  inState: LogTotals,
  { warehouse }: RebuildDeps,
): Promise<void> {
  if (inLog.newestFinishAt !== null || inState.newestFinishAt === null) return
  if ((await lastResetAt(warehouse)) > 0) return
  throw new ConfigError(
    `The state holds ${inState.observations} observations, and the log in warehouse.duckdb is empty. Put warehouse.duckdb back, or run "npx runner-bandit rebuild" to start anew; a copy of the state is kept then.`,
  )
}

/** As `rebuild`, for a caller that holds the deliveries already. */
async function rebuildWhileHeld(
  { check }: { check: boolean },
  { state, warehouse, settings, log }: RebuildDeps,
  progress?: Progress,
): Promise<RebuildReport> {
  const { state: folded, events } = await foldLog(warehouse, settings.lateAfterMs, progress)
  const report = { events, observations: totalObservations(folded) }
  if (check) {
    const wanted = encodeState(folded)
    const present = await state.bytes()
    const generation = await state.generation()
    const isUntouched = present === undefined && events === 0
    if (isUntouched || (present !== undefined && Buffer.from(wanted).equals(present))) {
      return { ...report, generation, equal: true }
    }
    const { path, left, right } = firstDifference(
      parseBody(present ?? new Uint8Array()),
      parseBody(wanted),
    ) ?? {
      path: 'the form of the file',
      left: `${present?.length} bytes`,
      right: `${wanted.length} bytes`,
    }
    return { ...report, generation, equal: false, first_difference: { path, state: left, log: right } }
  }
  const before = await state.generation()
  // What is replaced may be all that is left of a log that was lost.
  const replaced = await state.bytes()
  const isReplaced = replaced !== undefined && !Buffer.from(encodeState(folded)).equals(replaced)
  const backup = isReplaced ? await state.backup() : undefined
  const { generation } = await state.write(folded, before)
  log.info('state.rebuilt', { generation, events, backup })
  return { ...report, generation, equal: generation === before }
}
