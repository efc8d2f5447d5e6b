/**
 * retain: what is kept long enough is removed. Finishes stay for good, since the state is their sum.
 *
 * Trigger: daily. Writes: tables `runner_decisions`, `job_outcomes`, `recommendations`, `choice_sets`, `job_events`,
 * `quarantine`; the keys of the bus. Repetition: what is gone is gone. A crash leaves the rest for the next time.
 */
import type { Instant } from '../shared/domain/event.ts'
import type { TableName } from '../shared/ports.ts'
import type { Deps } from '../shared/runtime/handler.ts'

type RetainDeps = Pick<Deps, 'bus' | 'clock' | 'log' | 'settings' | 'warehouse'>

type Rule = {
  table: TableName
  /** The moment that a row is about. */
  column: string
  /** Which of the old rows go; left out: all of them. */
  condition?: string
}

const MS_PER_DAY = 86_400_000
/** What is removed at a time, so that nothing that is to be written waits for long. */
const STEP_MS = 7 * MS_PER_DAY
/** Keys outlive the lateness window by this much: a webhook that comes again later is late, and a report is looked up. */
const KEY_ALLOWANCE_MS = 2 * MS_PER_DAY

const noNewer = (table: TableName, other: TableName, column: string) => `NOT EXISTS (
  SELECT 1 FROM ci_metrics.${other} AS other
  WHERE other.instance = ${table}.instance AND other.project_id = ${table}.project_id
    AND other.job_id = ${table}.job_id${column === '' ? '' : ` AND other.${column} >= CAST(@kept_from AS TIMESTAMP)`})`

/**
 * A job's decisions and outcome go together, when the newest of them is old: the decisions first, so that the view
 * never shows half a row, and an outcome only when its job has no decision any more.
 */
const RULES: readonly Rule[] = [
  {
    table: 'runner_decisions',
    column: 'decided_at',
    condition: `${noNewer('runner_decisions', 'runner_decisions', 'decided_at')}
      AND ${noNewer('runner_decisions', 'job_outcomes', 'finished_at')}`,
  },
  {
    table: 'job_outcomes',
    column: 'finished_at',
    condition: noNewer('job_outcomes', 'runner_decisions', ''),
  },
  { table: 'recommendations', column: 'decided_at' },
  {
    table: 'choice_sets',
    column: 'made_at',
    condition: `NOT EXISTS (
      SELECT 1 FROM ci_metrics.recommendations AS drawn WHERE drawn.choice_set_id = choice_sets.choice_set_id)`,
  },
  { table: 'job_events', column: 'occurred_at', condition: "kind <> 'job.finished'" },
]

export async function retain(deps: RetainDeps): Promise<void> {
  const { bus, clock, log, settings } = deps
  const now = clock.now()
  const removed: Record<string, number> = {}
  for (const rule of RULES) removed[rule.table] = await removeOld(rule, now - settings.retentionMs, deps)
  const expiring: Rule = { table: 'quarantine', column: 'received_at' }
  removed.quarantine = await removeOld(expiring, now - settings.quarantineMs, deps)
  const keys = await bus.forget(now - settings.lateAfterMs - KEY_ALLOWANCE_MS)
  const isNothing = keys === 0 && Object.values(removed).every((rows) => rows === 0)
  const tell = isNothing ? log.debug : log.info
  tell('rows.removed', { removed, keys_forgotten: keys })
}

async function removeOld(rule: Rule, keptFrom: Instant, { warehouse }: RetainDeps): Promise<number> {
  const { table, column, condition = 'TRUE' } = rule
  const parameters = { kept_from: new Date(keptFrom).toISOString() }
  const old = `${column} < CAST(@kept_from AS TIMESTAMP) AND ${condition}`
  const [oldest] = await warehouse.query(
    `SELECT MIN(${column}) AS oldest_at FROM ci_metrics.${table} WHERE ${old}`,
    parameters,
  )
  if (typeof oldest?.oldest_at !== 'string') return 0
  let removed = 0
  for (let until = Date.parse(oldest.oldest_at); until < keptFrom; ) {
    until = Math.min(until + STEP_MS, keptFrom)
    const step = `${column} < CAST(@until AS TIMESTAMP) AND ${old}`
    removed += await warehouse.remove(table, step, { ...parameters, until: new Date(until).toISOString() })
  }
  return removed
}
