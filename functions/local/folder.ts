/** The data folder of one machine: the ports opened on it, and the topics of the table as subscriptions. */
import { existsSync } from 'node:fs'
import { ConfigError, TransientError } from '../../shared/errors.ts'
import type { Clock, Log } from '../../shared/ports.ts'
import { type LocalDeps, openLocalDeps } from '../../shared/runtime/deps-local.ts'
import { isTopicRoute } from '../../shared/runtime/handler.ts'
import type { Settings } from '../../shared/schema/settings.ts'
import { rebuildIfBehind } from '../rebuild.ts'
import { routes } from '../routes.ts'
import { whereTheDemoIs } from './demo/demo-folder.ts'

/**
 * For who asks what is kept: a name that was mistyped is no new folder.
 * @throws ConfigError when the data folder is not there.
 */
export function refuseMissingFolder({ dataFolder }: Settings): void {
  if (existsSync(dataFolder)) return
  throw new ConfigError(
    `There is no data folder ${dataFolder}, so there is nothing to ask. \`serve\`, \`backfill\`, \`replay\` or \`simulate --write\` begins one; --data names another. ${whereTheDemoIs()}`.trimEnd(),
  )
}

/**
 * Opens the data folder and starts handling what is published in it.
 * @param options.mend the caller is about to rebuild the state, so it need not be readable.
 * @param options.clock the real one, unless something is played.
 */
export async function openFolder(
  settings: Settings,
  log: Log,
  { mend = false, clock }: { mend?: boolean; clock?: Clock } = {},
): Promise<LocalDeps> {
  const deps = await openLocalDeps(settings, log, clock)
  try {
    if (!mend) await rememberUnmanagedArms(deps)
    subscribe(deps)
    if (!mend) await mendState(deps)
    await rememberModes(deps)
    return deps
  } catch (error) {
    await deps.close()
    throw error
  }
}

/** Unread, nothing is routed. */
async function rememberModes({ documents, log }: LocalDeps): Promise<void> {
  await documents.read('modes').catch((error: unknown) => log.error('modes.unread', { error }))
}

async function rememberUnmanagedArms({ state, fleet, unmanagedArms }: LocalDeps): Promise<void> {
  for (const arm of (await state.read()).state.arms.keys()) if (!fleet.arms.has(arm)) unmanagedArms.add(arm)
}

function subscribe(deps: LocalDeps): void {
  for (const route of routes) {
    if (!isTopicRoute(route) || route.onlyInCloud) continue
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

/** A start goes on with a state that cannot be compared now: the queue is stuck, and the log says why. */
async function mendState(deps: LocalDeps): Promise<void> {
  try {
    await rebuildIfBehind(deps)
  } catch (error) {
    if (!(error instanceof TransientError)) throw error
    deps.log.warning('state.unchecked', { error })
  }
}
