/**
 * record-quarantine: what was not understood is kept, each body once, up to a bound.
 *
 * Trigger: topic `quarantine`. Reads and writes: table `quarantine`. Repetition: what is there is not kept again.
 */
import type { Instant } from '../shared/domain/event.ts'
import type { Deps } from '../shared/runtime/handler.ts'
import { keepInQuarantine } from '../shared/runtime/quarantine.ts'
import { quarantineRow } from '../shared/schema/rows.ts'
import { decodeOrThrow } from '../shared/schema/wire.ts'

/** Whoever floods quarantine must not flood the log. */
const LOG_EVERY_MS = 60_000

type QuarantineDeps = Pick<Deps, 'clock' | 'log' | 'settings' | 'warehouse'>

export function recordQuarantine(): (bodies: unknown[], deps: QuarantineDeps) => Promise<void> {
  let notKept = 0
  let loggedAt: Instant = Number.NEGATIVE_INFINITY
  return async (bodies, deps) => {
    for (const body of bodies) decodeOrThrow(quarantineRow, body, 'quarantine')
    notKept += await keepInQuarantine(bodies as { quarantine_id: string }[], deps)
    const now = deps.clock.now()
    if (notKept === 0 || now - loggedAt < LOG_EVERY_MS) return
    deps.log.warning('quarantine.overflowed', {
      bodies_not_kept: notKept,
      max_rows: deps.settings.quarantineMaxRows,
    })
    notKept = 0
    loggedAt = now
  }
}
