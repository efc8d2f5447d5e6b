/** The state is made anew from the log (law 9). */
import { totalObservations } from '../domain/state.ts'
import { encodeState } from '../schema/state.ts'
import { foldLog, lastResetAt, refuseWhileLogLags } from './event-log.ts'
import type { Deps, Progress } from './handler.ts'

export type RebuildDeps = Pick<Deps, 'state' | 'warehouse' | 'deliveries' | 'settings' | 'log'>

export type Rebuilt = {
  /** Finishes in the log that count. */
  events: number
  observations: number
  generation: string
  /** Whether the state was already what the log says. */
  equal: boolean
}

/** @throws TransientError while the log lacks events that the state may hold. */
export function rebuildState(deps: RebuildDeps, progress?: Progress): Promise<Rebuilt> {
  return deps.deliveries.hold((setAside) => {
    refuseWhileLogLags(setAside)
    return rebuildHeldState(deps, progress)
  })
}

/** The same for a caller that holds the deliveries already. */
export async function rebuildHeldState(
  { state, warehouse, settings, log }: Omit<RebuildDeps, 'deliveries'>,
  progress?: Progress,
): Promise<Rebuilt> {
  const { state: folded, events } = await foldLog(warehouse, settings.lateAfterMs, { progress })
  const before = await state.generation()
  // What is replaced may be all that is left of a log that was lost.
  const replaced = await state.bytes()
  const isEqual = replaced !== undefined && Buffer.from(encodeState(folded)).equals(replaced)
  const backup = replaced === undefined || isEqual ? undefined : await state.backup()
  const resetAt = await lastResetAt(warehouse)
  const { generation } = await state.write(folded, before, { resetAt })
  log.info('state.rebuilt', { generation, events, backup })
  return { events, observations: totalObservations(folded), generation, equal: isEqual }
}
