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
import type { Progress } from '../shared/runtime/handler.ts'
import { learnedBy } from '../shared/runtime/log-lag.ts'
import {
  type RebuildDeps,
  type Rebuilt,
  rebuildHeldState,
  rebuildState,
} from '../shared/runtime/rebuild-state.ts'
import { parseBody } from '../shared/schema/intake.ts'
import { encodeState, STATE_SCHEMA_VERSION } from '../shared/schema/state.ts'
import { stateVersionOf } from '../shared/schema/state-version.ts'

export type RebuildReport = Rebuilt & {
  /** Events of the log that wait to be learned, and were left out of a comparison. */
  unlearned?: number
  first_difference?: { path: string; state: unknown; log: unknown }
}

/** @param input.check compares only, and changes nothing. */
export function rebuild(
  input: { check: boolean },
  deps: RebuildDeps,
  progress?: Progress,
): Promise<RebuildReport> {
  if (!input.check) return rebuildState(deps, progress)
  return deps.deliveries.hold((setAside) => compare(setAside, deps, progress))
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
      await rebuildHeldState(deps)
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

/** Compares the bytes; of the log only what the state can hold, where some events have yet to be learned. */
async function compare(
  setAside: Readonly<Record<string, number>>,
  { state, warehouse, settings }: RebuildDeps,
  progress?: Progress,
): Promise<RebuildReport> {
  const { lateAfterMs } = settings
  const unlearned = setAside.learn ?? 0
  const only = unlearned === 0 ? undefined : learnedBy((await state.read()).state, lateAfterMs)
  const { state: folded, events } = await foldLog(warehouse, lateAfterMs, { progress, ...(only && { only }) })
  const wanted = encodeState(folded)
  const present = await state.bytes()
  const generation = await state.generation()
  const report = { events, observations: totalObservations(folded), generation, unlearned }
  const isUntouched = present === undefined && events === 0
  if (isUntouched || (present !== undefined && Buffer.from(wanted).equals(present))) {
    return { ...report, equal: true }
  }
  const { path, left, right } = firstDifference(
    parseBody(present ?? new Uint8Array()),
    parseBody(wanted),
  ) ?? {
    path: 'the form of the file',
    left: `${present?.length} bytes`,
    right: `${wanted.length} bytes`,
  }
  return { ...report, equal: false, first_difference: { path, state: left, log: right } }
}
