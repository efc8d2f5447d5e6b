/**
 * replay: the past, from files of webhook bodies. A bulk source (law 6): never late, de-duplicated against the
 * whole log, processed in event-time order, so that each shadow decision is made from the state as it was then.
 *
 * Called by: the command line. Reads: files, the log. Writes: tables `runner_decisions`, `job_outcomes`,
 * `quarantine`, then `job_events`, then the state. Repetition: what is in the log is a duplicate. A crash leaves
 * at most decisions whose events are not in the log, which the next replay makes again.
 */
import type { AdmissionContext } from '../shared/domain/admission.ts'
import { agree, claimOf, disagreementKey, type JobEvent } from '../shared/domain/event.ts'
import { byCodeUnit } from '../shared/domain/policy.ts'
import { breather } from '../shared/runtime/breathe.ts'
import { decidePast } from '../shared/runtime/decide-past.ts'
import {
  appendToLog,
  foldLog,
  loggedClaims,
  refuseWhileLogLags,
  saidBy,
} from '../shared/runtime/event-log.ts'
import type { Deps, Progress } from '../shared/runtime/handler.ts'
import { parseBody, type QuarantineRecord, takeIn } from '../shared/schema/intake.ts'
import { encodeRow, quarantineRow } from '../shared/schema/rows.ts'

export type ReplayReport = {
  /** Bodies read; a line of NDJSON is one. */
  files: number
  accepted: number
  duplicates: number
  ignored: number
  quarantined: number
  /** Why bodies were ignored or quarantined, and how many. */
  by_reason: Record<string, number>
}

type ReplayDeps = Pick<
  Deps,
  | 'bus'
  | 'clock'
  | 'deliveries'
  | 'fleet'
  | 'log'
  | 'settings'
  | 'state'
  | 'unmanagedArms'
  | 'warehouse'
  | 'webhookFiles'
>

/** So many bodies that were set aside are logged by name; a folder of something else would fill the log. */
const NAMED = 20
const CHUNK = 1000
const KIND_ORDER = { 'job.queued': 0, 'job.started': 1, 'job.finished': 2 }

export async function replay(
  input: { paths: readonly string[] },
  deps: ReplayDeps,
  progress: Progress = () => {},
): Promise<ReplayReport> {
  const report: ReplayReport = {
    files: 0,
    accepted: 0,
    duplicates: 0,
    ignored: 0,
    quarantined: 0,
    by_reason: {},
  }
  const { events, quarantined } = await readAll(input.paths, deps, report, progress)
  progress({ doing: 'waiting for the queue', done: 0 })
  await deps.deliveries.hold(async (setAside) => {
    refuseWhileLogLags(setAside)
    const { fresh, conflicting } = await withoutKnown(events, deps)
    report.accepted = fresh.length
    report.duplicates = events.length - fresh.length
    await quarantine(quarantined, deps)
    await decidePast(fresh, deps, progress)
    // The log last of the rows: an event in it is an event that has been decided on.
    await appendToLog([...fresh, ...conflicting], deps.warehouse)
    await rememberAll(saidBy(fresh), deps.bus)
    const { state } = await foldLog(deps.warehouse, deps.settings.lateAfterMs, progress)
    await deps.state.write(state, await deps.state.generation())
  })
  deps.log.info('files.replayed', { ...report })
  return report
}

/** Reads every body; the events come sorted, so that the order of the files makes no difference. */
async function readAll(
  paths: readonly string[],
  deps: ReplayDeps,
  report: ReplayReport,
  progress: Progress,
): Promise<{ events: JobEvent[]; quarantined: QuarantineRecord[] }> {
  const { clock, fleet, settings, unmanagedArms } = deps
  const context: AdmissionContext = {
    instance: settings.instance,
    source: 'replay',
    receivedAt: clock.now(),
    fleet,
    lateAfterMs: settings.lateAfterMs,
    unmanagedArms,
    maxUnmanagedArms: settings.maxUnmanagedArms,
  }
  const events: JobEvent[] = []
  const quarantined: QuarantineRecord[] = []
  const count = (kind: 'ignored' | 'quarantined', code: string) => {
    report[kind] += 1
    report.by_reason[code] = (report.by_reason[code] ?? 0) + 1
  }
  for await (const { name, bytes } of deps.webhookFiles.read(paths)) {
    report.files += 1
    progress({ doing: 'reading', done: report.files })
    const intake = takeIn(parseBody(bytes), bytes, context)
    if (intake.status === 'ignored') count('ignored', intake.code)
    else if (intake.status === 'quarantined') {
      count('quarantined', intake.record.code)
      quarantined.push(intake.record)
      if (quarantined.length <= NAMED) {
        const { code, reason } = intake.record
        deps.log.warning('body.quarantined', { name, code, reason })
      }
    } else {
      events.push(intake.event)
      if (intake.event.unmanaged && intake.event.arm !== null) unmanagedArms.add(intake.event.arm)
    }
  }
  return { events: events.sort(inEventTime), quarantined }
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
  { warehouse }: ReplayDeps,
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

async function rememberAll(said: ReturnType<typeof saidBy>, bus: ReplayDeps['bus']): Promise<void> {
  const breathe = breather()
  for (let start = 0; start < said.length; start += CHUNK) {
    bus.remember(said.slice(start, start + CHUNK))
    await breathe()
  }
}

async function quarantine(records: readonly QuarantineRecord[], { warehouse }: ReplayDeps): Promise<void> {
  if (records.length === 0) return
  const known = await warehouse.query('SELECT quarantine_id FROM ci_metrics.quarantine')
  const ids = new Set(known.map((row) => row.quarantine_id))
  const fresh = records.filter(({ quarantineId }) => {
    const isNew = !ids.has(quarantineId)
    ids.add(quarantineId)
    return isNew
  })
  await warehouse.insert(
    'quarantine',
    fresh.map((record) => encodeRow(quarantineRow, record)),
  )
}
