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

type Flood = { notKept: number; loggedAt: Instant }

/** Of one process. */
const floods = new WeakMap<QuarantineDeps['settings'], Flood>()

export async function recordQuarantine(bodies: unknown[], deps: QuarantineDeps): Promise<void> {
  const { clock, log, settings } = deps
  for (const body of bodies) decodeOrThrow(quarantineRow, body, 'quarantine')
  const flood = floods.get(settings) ?? { notKept: 0, loggedAt: Number.NEGATIVE_INFINITY }
  floods.set(settings, flood)
  flood.notKept += await keepInQuarantine(bodies as { quarantine_id: string }[], deps)
  const now = clock.now()
  if (flood.notKept === 0 || now - flood.loggedAt < LOG_EVERY_MS) return
  log.warning('quarantine.overflowed', {
    bodies_not_kept: flood.notKept,
    max_rows: settings.quarantineMaxRows,
  })
  flood.notKept = 0
  flood.loggedAt = now
}
