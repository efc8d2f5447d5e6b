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
    const present = await state.read()
    const difference = firstDifference(documentOf(present.state), documentOf(folded))
    const { generation } = present
    if (difference === undefined) return { ...report, generation, equal: true }
    const { path, left, right } = difference
    return { ...report, generation, equal: false, first_difference: { path, state: left, log: right } }
  }
  const before = await state.generation()
  const { generation } = await state.write(folded, before)
  log.info('state.rebuilt', { generation, events })
  return { ...report, generation, equal: generation === before }
}

function documentOf(state: Parameters<typeof encodeState>[0]): unknown {
  return JSON.parse(new TextDecoder().decode(encodeState(state)))
}
