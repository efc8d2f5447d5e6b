/** The log of admitted events, as the warehouse holds it: read in order, looked up, appended to. */
import { type Claim, claimOf, disagreementKey, type Instant, type JobEvent } from '../domain/event.ts'
import { startFold } from '../domain/fold.ts'
import { type BanditState, EMPTY_STATE } from '../domain/state.ts'
import { TransientError } from '../errors.ts'
import type { Row, Warehouse } from '../ports.ts'
import { decodeEvent, encodeEvent } from '../schema/event.ts'
import type { Progress } from './handler.ts'

/** The subscription that writes the log. */
export const LOG_WRITER = 'record-events'

const CHUNK = 1000
const COUNTED = "FROM ci_metrics.job_event_log WHERE kind = 'job.finished' AND NOT late"

/** fold(log): the state as the log alone tells it (law 9); of those events that `only` lets pass. */
export async function foldLog(
  warehouse: Warehouse,
  lateAfterMs: number,
  options: { progress?: Progress | undefined; only?: (event: JobEvent) => boolean } = {},
): Promise<{ state: BanditState; events: number }> {
  const { progress = () => {}, only } = options
  const [count] = await warehouse.query(`SELECT COUNT(*) AS events ${COUNTED}`)
  const total = count?.events as number
  const folding = startFold(EMPTY_STATE, lateAfterMs)
  let events = 0
  for await (const page of countedFinishes(warehouse, '')) {
    const its = only === undefined ? page : page.filter(only)
    folding.add(its)
    events += its.length
    progress({ doing: 'folding the log', done: events, total })
  }
  return { state: folding.state, events }
}

/** What shows of a state whether it lacks something of the log, or holds too much. */
export type LogTotals = { observations: number; exposureMs: number; newestFinishAt: Instant | null }

/** What the totals of fold(log) would be; cheaper than the fold. */
export async function logTotals(warehouse: Pick<Warehouse, 'query'>): Promise<LogTotals> {
  const [totals] = await warehouse.query(`
    SELECT
      COUNTIF(status <> 'canceled' AND arm IS NOT NULL AND duration_seconds IS NOT NULL) AS observations,
      CAST(COALESCE(SUM(IF(arm IS NULL, 0, ROUND(duration_seconds * 1000))), 0) AS INT64) AS exposure_ms,
      MAX(occurred_at) AS newest_finish_at
    ${COUNTED}`)
  return {
    observations: totals?.observations as number,
    exposureMs: totals?.exposure_ms as number,
    newestFinishAt: instantOf(totals?.newest_finish_at),
  }
}

/** The totals of a state. */
export function totalsOf({ arms, newestFinishAt }: BanditState): LogTotals {
  const totals = { observations: 0, exposureMs: 0, newestFinishAt }
  for (const { n, exposureMs } of arms.values()) {
    totals.observations += n
    totals.exposureMs += exposureMs
  }
  return totals
}

export function isSameTotals(a: LogTotals, b: LogTotals): boolean {
  return (
    a.observations === b.observations &&
    a.exposureMs === b.exposureMs &&
    a.newestFinishAt === b.newestFinishAt
  )
}

/** When the last reset was: what was received until then does not count (law 8). 0 while there was none. */
export async function lastResetAt(warehouse: Pick<Warehouse, 'query'>): Promise<Instant> {
  const [last] = await warehouse.query('SELECT MAX(reset_at) AS reset_at FROM ci_metrics.resets')
  return instantOf(last?.reset_at) ?? 0
}

/** The newest moment at which anything in the log was received; null when it is empty. */
export async function newestReceivedAt(warehouse: Pick<Warehouse, 'query'>): Promise<Instant | null> {
  const [newest] = await warehouse.query('SELECT MAX(received_at) AS received_at FROM ci_metrics.job_events')
  return instantOf(newest?.received_at)
}

function instantOf(cell: unknown): Instant | null {
  return typeof cell === 'string' ? Date.parse(cell) : null
}

/**
 * For whoever makes the state from the log.
 * @throws TransientError while the log lacks events that may be in the state already.
 */
export function refuseWhileLogLags(setAside: Readonly<Record<string, number>>): void {
  const missing = setAside[LOG_WRITER] ?? 0
  if (missing === 0) return
  throw new TransientError(
    `${missing} events could not be written to the log yet and are tried again; the server's log says why`,
  )
}

/** The finishes that count, page by page; in any order for a fold, which is the same for all. */
async function* countedFinishes(warehouse: Warehouse, order: string): AsyncIterable<JobEvent[]> {
  for await (const rows of warehouse.stream(`SELECT * ${COUNTED} ${order}`)) {
    yield rows.map(decodeEvent)
  }
}

/** The finishes that count, to be taken up to a moment that only moves forward. */
export function finishesInOrder(warehouse: Warehouse): {
  before(moment: number): Promise<JobEvent[]>
  /** To be called when no more are wanted. */
  end(): Promise<void>
} {
  const pages = countedFinishes(warehouse, 'ORDER BY occurred_at, event_id')[Symbol.asyncIterator]()
  let page: JobEvent[] = []
  let ended = false
  return {
    async before(moment) {
      const taken: JobEvent[] = []
      while (true) {
        const rest = page.findIndex(({ occurredAt }) => occurredAt >= moment)
        taken.push(...page.splice(0, rest === -1 ? page.length : rest))
        if (page.length > 0 || ended) return taken
        const next = await pages.next()
        if (next.done) ended = true
        else page = next.value
      }
    },
    async end() {
      await pages.return?.()
    },
  }
}

/**
 * What the log holds of these identities: their first claims, and the keys of logged disagreements.
 * @param options.since no event of them is older, which saves BigQuery from reading all of the log.
 */
export async function loggedClaims(
  eventIds: Iterable<string>,
  warehouse: Warehouse,
  { since = 0 }: { since?: Instant } = {},
): Promise<{ first: Map<string, Claim>; disagreements: Set<string> }> {
  const first = new Map<string, Claim>()
  const disagreements = new Set<string>()
  const ids = [...new Set(eventIds)]
  for (let start = 0; start < ids.length; start += CHUNK) {
    for (const row of await lookUp(ids.slice(start, start + CHUNK), since, warehouse)) {
      const eventId = row.event_id as string
      if (row.conflicting) disagreements.add(disagreementKey(eventId, claimFrom(row)))
      else if (!first.has(eventId)) first.set(eventId, claimFrom(row))
    }
  }
  return { first, disagreements }
}

/** In the order in which the view `job_event_log` takes the first of each. */
function lookUp(ids: readonly string[], since: Instant, warehouse: Warehouse): Promise<Row[]> {
  const parameters = Object.fromEntries(ids.map((id, index) => [`id_${index}`, id]))
  const list = Object.keys(parameters)
    .map((name) => `@${name}`)
    .join(', ')
  return warehouse.query(
    `SELECT event_id, status, runner_id, duration_seconds, conflicting FROM ci_metrics.job_events
     WHERE event_id IN (${list}) AND occurred_at >= CAST(@since AS TIMESTAMP)
       AND received_at > (SELECT COALESCE(MAX(reset_at), TIMESTAMP '1970-01-01 00:00:00+00') FROM ci_metrics.resets)
     ORDER BY received_at, source, status, duration_seconds`,
    { ...parameters, since: new Date(since).toISOString() },
  )
}

function claimFrom(row: Row): Claim {
  const { status, runner_id: runnerId, duration_seconds: durationSeconds } = row
  return { status, runnerId, durationSeconds } as Claim
}

export async function appendToLog(events: readonly JobEvent[], warehouse: Warehouse): Promise<void> {
  for (let start = 0; start < events.length; start += CHUNK) {
    await warehouse.insert('job_events', events.slice(start, start + CHUNK).map(encodeEvent))
  }
}

/** The claims of admitted events, for a bus to remember them by. */
export function saidBy(events: readonly JobEvent[]): { key: string; claim: Claim }[] {
  return events
    .filter(({ conflicting }) => !conflicting)
    .map((event) => ({ key: event.eventId, claim: claimOf(event) }))
}
