/** The data folder with its subscriptions left out, so that the request path is measured alone. */
import type { Log } from '../../../shared/ports.ts'
import { type LocalDeps, openLocalDeps } from '../../../shared/runtime/deps-local.ts'
import type { Deps } from '../../../shared/runtime/handler.ts'
import type { Settings } from '../../../shared/schema/settings.ts'
import { inMemory } from './memory-bus.ts'

/** @param bus `memory` or `local`. */
export async function openUnhandled(settings: Settings, log: Log, bus: string): Promise<Deps> {
  const deps: LocalDeps = await openLocalDeps(settings, log)
  await deps.state.read()
  return bus === 'memory' ? { ...deps, bus: inMemory(deps.bus) } : deps
}
