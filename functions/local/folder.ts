/** The data folder of one machine: the ports opened on it, and the topics of the table as subscriptions. */
import type { Log } from '../../shared/ports.ts'
import { type LocalDeps, openLocalDeps } from '../../shared/runtime/deps.ts'
import { logTotals } from '../../shared/runtime/event-log.ts'
import { isHttpRoute } from '../../shared/runtime/handler.ts'
import type { Settings } from '../../shared/schema/settings.ts'
import { rebuild } from '../rebuild.ts'
import { routes } from '../routes.ts'

/**
 * Opens the data folder and starts handling what is published in it.
 * @param options.mend the caller is about to rebuild the state, so it need not be readable.
 */
export async function openFolder(
  settings: Settings,
  log: Log,
  { mend = false }: { mend?: boolean } = {},
): Promise<LocalDeps> {
  const deps = await openLocalDeps(settings, log)
  try {
    if (!mend) await rememberUnmanagedArms(deps)
    subscribe(deps)
    if (!mend && (await isBehindLog(deps))) await rebuild({ check: false }, deps)
    return deps
  } catch (error) {
    await deps.close()
    throw error
  }
}

async function rememberUnmanagedArms({ state, fleet, unmanagedArms }: LocalDeps): Promise<void> {
  for (const arm of (await state.read()).state.arms.keys()) if (!fleet.arms.has(arm)) unmanagedArms.add(arm)
}

function subscribe(deps: LocalDeps): void {
  for (const route of routes) {
    if (isHttpRoute(route)) continue
    deps.bus.subscribe({
      name: route.name,
      topic: route.trigger.topic,
      handle: (bodies) => route.handle(bodies, deps),
      onFailure: ({ subscription, messages, error, deadLetter }) =>
        deps.log.warning(deadLetter ? 'message.buried' : 'message.deferred', {
          subscription,
          messages,
          error,
        }),
    })
  }
}

/** Whether the log holds jobs that the state lacks: a bulk operation was killed between the two. */
async function isBehindLog({ state, warehouse }: LocalDeps): Promise<boolean> {
  const inLog = await logTotals(warehouse)
  const inState = { observations: 0, exposureMs: 0 }
  for (const { n, exposureMs } of (await state.read()).state.arms.values()) {
    inState.observations += n
    inState.exposureMs += exposureMs
  }
  return inLog.observations > inState.observations || inLog.exposureMs > inState.exposureMs
}
