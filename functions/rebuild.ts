/**
 * rebuild: the state is made anew from the log, or compared with what the log says.
 *
 * Called by: the command line, and by the start of a server whose state differs from the log. Reads: the log.
 * Writes: the state. Repetition: the same log gives the same bytes.
 */
import { firstDifference } from '../shared/domain/difference.ts'
import { totalObservations } from '../shared/domain/state.ts'
import { foldLog, logTotals, refuseWhileLogLags } from '../shared/runtime/event-log.ts'
import type { Deps, Progress } from '../shared/runtime/handler.ts'
import { parseBody } from '../shared/schema/intake.ts'
import { encodeState } from '../shared/schema/state.ts'

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

/** Rebuilds a state whose sums are not those of the log: what a start after a killed bulk operation finds. */
export function rebuildIfBehind(deps: RebuildDeps): Promise<void> {
  return deps.deliveries.hold(async (setAside) => {
    const inLog = await logTotals(deps.warehouse)
    const inState = { observations: 0, exposureMs: 0 }
    for (const { n, exposureMs } of (await deps.state.read()).state.arms.values()) {
      inState.observations += n
      inState.exposureMs += exposureMs
    }
    if (inLog.observations === inState.observations && inLog.exposureMs === inState.exposureMs) return
    deps.log.warning('state.differed', { in_log: inLog, in_state: inState })
    refuseWhileLogLags(setAside)
    await rebuildWhileHeld({ check: false }, deps)
  })
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
  const { generation } = await state.write(folded, before)
  log.info('state.rebuilt', { generation, events })
  return { ...report, generation, equal: generation === before }
}
