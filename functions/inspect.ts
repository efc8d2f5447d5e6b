/**
 * inspect: how it goes, in numbers and moments, for doctor to judge.
 *
 * Called by: doctor, of the server that owns the folder or of a folder that nobody has. Reads: state, log, tables,
 * queues. Writes: nothing.
 */
import type { Instant } from '../shared/domain/event.ts'
import { type BanditState, totalObservations } from '../shared/domain/state.ts'
import { ConfigError, TransientError } from '../shared/errors.ts'
import type { EventBus, StateStore, Warehouse } from '../shared/ports.ts'
import { isSameTotals, LOG_WRITER, lastResetAt, logTotals, totalsOf } from '../shared/runtime/event-log.ts'
import type { Deps } from '../shared/runtime/handler.ts'
import type { Settings } from '../shared/schema/settings.ts'

export type InspectDeps = Pick<Deps, 'clock'> & {
  bus: Pick<EventBus, 'depths' | 'oldestWaitingAt' | 'deadLetterCount'>
  state: Pick<StateStore, 'read' | 'generation'>
  warehouse: Pick<Warehouse, 'query'>
}

/** What the tables tell. */
export type TableFacts = {
  now: Instant
  quarantine: { bodies: number; lastDay: number; lastWeekInFuture: number }
  newestReceivedAt: Instant | null
  /** Of a webhook, or a job's own report. */
  newestWebhookAt: Instant | null
  newestProjectId: number | null
  /** Finishes received in the last seven days that an arm had, and those of unmanaged arms. */
  lastWeek: { finishes: number; unmanaged: number }
}

export type Inspection = TableFacts & {
  state:
    | { fault: string }
    /** `isWhatLogSays` is null while events wait that only one of the two has. */
    | { fault: null; observations: number; isWhatLogSays: boolean | null }
  queues: Record<string, number>
  oldestWaitingAt: Instant | null
  deadLetters: number | null
  lastResetAt: Instant
}

/** What of the settings doctor judges; no secret is in it. */
export type Outline = {
  fleetFile: string | null
  arms: number
  host: string
  publicUrl: string | null
  hasSigningToken: boolean
  hasApiToken: boolean
  hasIdTokens: boolean
  hasAdminToken: boolean
  quarantineMaxRows: number
  queueMaxMessages: number
}

const MS_PER_DAY = 86_400_000
const MAX_TRIES = 5

export async function inspect(deps: InspectDeps): Promise<Inspection> {
  const { bus, clock, warehouse } = deps
  return {
    ...(await inspectTables(warehouse, clock.now())),
    state: await inspectState(deps),
    queues: bus.depths(),
    oldestWaitingAt: bus.oldestWaitingAt(),
    deadLetters: bus.deadLetterCount(),
    lastResetAt: await lastResetAt(warehouse),
  }
}

export async function inspectTables(warehouse: Pick<Warehouse, 'query'>, now: Instant): Promise<TableFacts> {
  const [log] = await warehouse.query(
    `SELECT
      MAX(received_at) AS received_at,
      MAX(IF(source IN ('webhook', 'pipeline', 'update'), received_at, NULL)) AS webhook_at,
      MAX(IF(source IN ('webhook', 'pipeline'), project_id, NULL)) AS project_id,
      COUNTIF(kind = 'job.finished' AND arm IS NOT NULL AND received_at >= CAST(@week_ago AS TIMESTAMP)) AS finishes,
      COUNTIF(kind = 'job.finished' AND unmanaged AND received_at >= CAST(@week_ago AS TIMESTAMP)) AS unmanaged
    FROM ci_metrics.job_events WHERE NOT conflicting`,
    { week_ago: ago(now, 7) },
  )
  const [quarantine] = await warehouse.query(
    `SELECT
      COUNT(*) AS bodies,
      COUNTIF(received_at >= CAST(@day_ago AS TIMESTAMP)) AS last_day,
      COUNTIF(code = 'in_the_future' AND received_at >= CAST(@week_ago AS TIMESTAMP)) AS in_future
    FROM ci_metrics.quarantine`,
    { day_ago: ago(now, 1), week_ago: ago(now, 7) },
  )
  return {
    now,
    quarantine: {
      bodies: quarantine?.bodies as number,
      lastDay: quarantine?.last_day as number,
      lastWeekInFuture: quarantine?.in_future as number,
    },
    newestReceivedAt: instantOf(log?.received_at),
    newestWebhookAt: instantOf(log?.webhook_at),
    newestProjectId: (log?.project_id as number | null | undefined) ?? null,
    lastWeek: { finishes: log?.finishes as number, unmanaged: log?.unmanaged as number },
  }
}

export function outlineOf(settings: Settings, arms: number): Outline {
  return {
    fleetFile: settings.fleetFile ?? null,
    arms,
    host: settings.host,
    publicUrl: settings.publicUrl ?? null,
    hasSigningToken: settings.signingTokens !== undefined,
    hasApiToken: settings.apiTokens !== undefined,
    hasIdTokens: settings.idTokenAudience !== undefined,
    hasAdminToken: settings.adminTokens !== undefined,
    quarantineMaxRows: settings.quarantineMaxRows,
    queueMaxMessages: settings.queueMaxMessages,
  }
}

/** Events may come while it looks; then it looks again. */
async function inspectState(deps: InspectDeps): Promise<Inspection['state']> {
  let found: Inspection['state'] = { fault: 'it changes all the time' }
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    found = await inspectStateOnce(deps)
    if (found.fault === null && found.isWhatLogSays !== false) return found
  }
  return found
}

async function inspectStateOnce({ bus, state, warehouse }: InspectDeps): Promise<Inspection['state']> {
  let snapshot: { generation: string; state: BanditState }
  try {
    snapshot = await state.read()
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof TransientError)) throw error
    return { fault: error.message }
  }
  if (snapshot.generation !== (await state.generation()))
    return { fault: 'the file is another one than this server has written' }
  const isSame = isSameTotals(await logTotals(warehouse), totalsOf(snapshot.state))
  const queues = bus.depths()
  const isWaiting = (queues[LOG_WRITER] ?? 0) + (queues.learn ?? 0) > 0
  return {
    fault: null,
    observations: totalObservations(snapshot.state),
    isWhatLogSays: isSame || !isWaiting ? isSame : null,
  }
}

const ago = (now: Instant, days: number) => new Date(now - days * MS_PER_DAY).toISOString()
const instantOf = (cell: unknown) => (typeof cell === 'string' ? Date.parse(cell) : null)
