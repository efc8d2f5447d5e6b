/**
 * The past in one pass (law 6): events of a bulk source are never late, de-duplicated against the whole log, and
 * processed in event-time order, so that each shadow decision is made from the state as it was then.
 *
 * Writes: tables `runner_decisions`, `job_outcomes`, `quarantine`, then `job_events`, then the state. A crash leaves at
 * most decisions whose events are not in the log, which a repetition makes again.
 */
import type { AdmissionContext } from '../domain/admission.ts'
import { agree, claimOf, disagreementKey, type JobEvent, type Source } from '../domain/event.ts'
import { byCodeUnit } from '../domain/policy.ts'
import type { Intake, QuarantineRecord } from '../schema/intake.ts'
import { encodeRow, quarantineRow } from '../schema/rows.ts'
import { breather } from './breathe.ts'
import { decidePast } from './decide-past.ts'
import { appendToLog, foldLog, loggedClaims, refuseWhileLogLags, saidBy } from './event-log.ts'
import type { Deps, Progress } from './handler.ts'
import { keepInQuarantine } from './quarantine.ts'

type BulkDeps = Pick<
  Deps,
  'bus' | 'clock' | 'deliveries' | 'fleet' | 'log' | 'settings' | 'state' | 'unmanagedArms' | 'warehouse'
>

/** What became of what was read. */
export type BulkCounts = {
  ignored: number
  quarantined: number
  /** Why things were ignored or quarantined, and how many. */
  by_reason: Record<string, number>
}

/** What was read of the past, and waits to be taken in. */
export type Past = {
  /** For admission. Its set of unmanaged arms grows with what is added. */
  context: AdmissionContext
  counts: BulkCounts
  events: JobEvent[]
  quarantined: QuarantineRecord[]
  /** @param name what the log calls it when it is quarantined. */
  add(intakes: readonly Intake[], name: string): void
}

/** So many things that were set aside are logged by name; a folder of something else would fill the log. */
const NAMED = 20
const CHUNK = 1000
const KIND_ORDER = { 'job.queued': 0, 'job.started': 1, 'job.finished': 2 }

/** An empty past, to be filled. */
export function startPast(source: Source, deps: BulkDeps): Past {
  const { clock, fleet, log, settings, unmanagedArms } = deps
  const counts: BulkCounts = { ignored: 0, quarantined: 0, by_reason: {} }
  const events: JobEvent[] = []
  const quarantined: QuarantineRecord[] = []
  const count = (kind: 'ignored' | 'quarantined', code: string) => {
    counts[kind] += 1
    counts.by_reason[code] = (counts.by_reason[code] ?? 0) + 1
  }
  return {
    context: {
      instance: settings.instance,
      source,
      receivedAt: clock.now(),
      fleet,
      lateAfterMs: settings.lateAfterMs,
      unmanagedArms,
      maxUnmanagedArms: settings.maxUnmanagedArms,
    },
    counts,
    events,
    quarantined,
    add(intakes, name) {
      for (const intake of intakes) {
        if (intake.status === 'ignored') count('ignored', intake.code)
        else if (intake.status === 'quarantined') {
          const { code, reason } = intake.record
          count('quarantined', code)
          quarantined.push(intake.record)
          if (quarantined.length <= NAMED) log.warning('body.quarantined', { name, code, reason })
        } else {
          const { arm, unmanaged } = intake.event
          events.push(intake.event)
          if (unmanaged && arm !== null) unmanagedArms.add(arm)
        }
      }
    },
  }
}

/**
 * Takes in what was read, while all subscriptions stand still. The order of its events makes no difference.
 * @throws TransientError when a subscription does not catch up, or the log lacks what was learned.
 */
export async function takeInPast(
  { events, quarantined }: Past,
  deps: BulkDeps,
  progress: Progress,
): Promise<{ accepted: number; duplicates: number }> {
  events.sort(inEventTime)
  progress({ doing: 'waiting for the queue', done: 0 })
  return deps.deliveries.hold(async (setAside) => {
    refuseWhileLogLags(setAside)
    const { fresh, conflicting } = await withoutKnown(events, deps)
    await quarantine(quarantined, deps)
    await decidePast(fresh, deps, progress)
    // The log last of the rows: an event in it is an event that has been decided on.
    await appendToLog([...fresh, ...conflicting], deps.warehouse)
    await rememberAll(saidBy(fresh), deps.bus)
    const { state } = await foldLog(deps.warehouse, deps.settings.lateAfterMs, { progress })
    await deps.state.write(state, await deps.state.generation())
    return { accepted: fresh.length, duplicates: events.length - fresh.length }
  })
}

/** By time, then in a job's own order, then by what tells two witnesses of one fact apart. */
function inEventTime(a: JobEvent, b: JobEvent): number {
  return (
    a.occurredAt - b.occurredAt ||
    KIND_ORDER[a.kind] - KIND_ORDER[b.kind] ||
    byCodeUnit(a.eventId, b.eventId) ||
    byCodeUnit(JSON.stringify(claimOf(a)), JSON.stringify(claimOf(b)))
  )
}

/** Splits off what the log holds already, and of that what disagrees with it for the first time. */
async function withoutKnown(
  events: readonly JobEvent[],
  { warehouse }: BulkDeps,
): Promise<{ fresh: JobEvent[]; conflicting: JobEvent[] }> {
  const eventIds = events.map(({ eventId }) => eventId)
  const { first: known, disagreements } = await loggedClaims(eventIds, warehouse)
  const fresh: JobEvent[] = []
  const conflicting: JobEvent[] = []
  for (const event of events) {
    const claim = claimOf(event)
    const first = known.get(event.eventId)
    const key = disagreementKey(event.eventId, claim)
    if (first === undefined) {
      known.set(event.eventId, claim)
      fresh.push(event)
    } else if (!agree(first, claim) && !disagreements.has(key)) {
      disagreements.add(key)
      conflicting.push({ ...event, conflicting: true })
    }
  }
  return { fresh, conflicting }
}

async function rememberAll(said: ReturnType<typeof saidBy>, bus: BulkDeps['bus']): Promise<void> {
  const breathe = breather()
  for (let start = 0; start < said.length; start += CHUNK) {
    bus.remember(said.slice(start, start + CHUNK))
    await breathe()
  }
}

async function quarantine(records: readonly QuarantineRecord[], deps: BulkDeps): Promise<void> {
  const rows = records.map((record) => encodeRow(quarantineRow, record))
  const notKept = await keepInQuarantine(rows, deps)
  if (notKept > 0) deps.log.warning('quarantine.overflowed', { bodies_not_kept: notKept })
}
