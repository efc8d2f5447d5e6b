/** The schedules of the table on one machine: each runs once at the start, and then as often as it says. */
import type { Deps } from '../../shared/runtime/handler.ts'
import { isTickRoute } from '../../shared/runtime/handler.ts'
import { routes } from '../routes.ts'

const EVERY_MS = { daily: 86_400_000, hourly: 3_600_000, minutely: 60_000 }

/** A tick that fails is logged and runs again at its next time. */
export function startTicks(deps: Deps): {
  /** Resolves when no tick runs any more. */
  stop(): Promise<void>
} {
  const timers = new Set<NodeJS.Timeout>()
  const running = new Set<Promise<void>>()
  for (const { name, trigger, handle, onlyInCloud } of routes.filter(isTickRoute)) {
    if (onlyInCloud) continue
    const run = () => {
      const tick = handle(deps)
        .catch((error: unknown) => deps.log.error('tick.failed', { name, error }))
        .finally(() => running.delete(tick))
      running.add(tick)
    }
    run()
    timers.add(setInterval(run, EVERY_MS[trigger.schedule]))
  }
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer)
      await Promise.all(running)
    },
  }
}
