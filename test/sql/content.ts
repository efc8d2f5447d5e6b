/**
 * Seeded content of all tables: NULLs, repeats, conflicts, late rows, and ties in what the views order by. The columns
 * are taken from their descriptions, so a new one is filled without a word here.
 */
import { type Draw, seededDraws } from '../../shared/domain/rng.ts'
import type { Row, TableName } from '../../shared/ports.ts'
import type { Catalogue, TableDescription } from '../../shared/schema/table.ts'
import type { TableRows } from './cases.ts'
import { ARMS, choices, feasible, oneOf, shuffled } from './content-choices.ts'

type Column = TableDescription['columns'][number]

const ROWS = 300
const NULL_SHARE = 0.2
const REPEAT_SHARE = 0.15
const VARIATION_SHARE = 0.3

/** Four days around a change of month; rows are 16 minutes apart, so that none ties by chance. */
const FIRST_AT = Date.parse('2026-02-27T00:00:07.123Z')
const STEP_MS = 977_123
const instantOf = (position: number) => new Date(FIRST_AT + position * STEP_MS).toISOString()
/** When a row was received or decided; no two are at once unless they are made to. */
const OWN_INSTANTS = ['received_at', 'decided_at']

/**
 * What the views tell rows of the same identity apart by. A row that varies another differs in one of these only, so the
 * answer hangs on each of them, and never on the order of the rows.
 */
const TOLD_APART_BY: Partial<Record<string, readonly string[]>> = {
  job_events: ['received_at', 'source', 'status', 'duration_seconds'],
  runner_decisions: ['decided_late', 'decided_at', 'decision_id', 'state_observations'],
  job_outcomes: ['received_at', 'job_status', 'job_duration'],
}

const STATUSES = ['success', 'failed', 'canceled']
const POOLS: Record<string, readonly unknown[]> = {
  instance: ['gitlab.example.com', 'git.example.com/ci'],
  project_id: [1, 2],
  job_id: Array.from({ length: 30 }, (_, index) => index + 1),
  kind: ['job.queued', 'job.started', 'job.finished'],
  source: ['webhook', 'pipeline', 'update', 'reconcile', 'replay', 'backfill', 'synthetic'],
  status: STATUSES,
  job_status: STATUSES,
  arm: ARMS,
  actual_runner: ARMS,
  mab_runner: ARMS,
  nsai_runner: ARMS,
  job_key: ['1/build', '1/test', '2/"quoted" \\ ß\nand more'],
  tags_source: ['jobs_api', 'jobs_api', 'unknown'],
  choice_set_id: ['one', 'two', 'three'],
  pipeline_id: [0, 1, 2, 7, Number.MAX_SAFE_INTEGER],
  attempt: [0, 1, 2],
  // Far from each other, but not so far that a sum of them loses what is small.
  reward: [0, 1e-7, 0.1, 1 / 3, 9.875],
  success: [0, 0.1, 1 / 3, 1],
  job_duration: [0.001, 1 / 3, 7, 61.5, 12_345.678],
  queued_seconds: [-1, 0, 0.1, 900.123, 12_345.678],
  run_seconds: [0, 1 / 3, 61.5, 12_345.678],
  cost_eur: [0, 0.001, 1 / 3, 12.5],
  propensity: [0, 0.05, 1 / 3, 1, 2],
  // Early, so that not much is forgotten, and at an instant at which an event may have been received.
  reset_at: [10, 30, 50].map(instantOf),
}
const TYPE_POOLS: Record<Column['type'], readonly unknown[]> = {
  STRING: ['', 'NULL', "it's", 'a "quoted" \\ word', 'ß ☕ 🏃', 'two\nlines'],
  INT64: [0, 1, 2, 7, Number.MAX_SAFE_INTEGER],
  FLOAT64: [0, 0.1, 1 / 3, 1e-7, 9.875, 12_345.678, 1e8],
  BOOL: [true, false],
  TIMESTAMP: ['1970-01-01T00:00:00.000Z', '2026-02-28T23:59:59.999Z', '2026-03-01T00:00:00.000Z'],
}

/** The same seed gives the same rows of every table that the catalogue describes. */
export function arbitraryTables(catalogue: Catalogue, seed: string): TableRows {
  return Object.fromEntries(
    [...catalogue.tables].map(([name, table]) => {
      const draw = seededDraws(`${seed}/${name}`)
      return [name as TableName, shuffled(rowsOf(name, table, draw), draw)]
    }),
  )
}

function rowsOf(name: string, table: TableDescription, draw: Draw): Row[] {
  const rows: Row[] = []
  const originals: Row[] = []
  while (rows.length < ROWS) {
    const original = oneOf(originals, draw)
    const chance = draw()
    if (original !== undefined && chance < REPEAT_SHARE) {
      rows.push(original)
    } else if (original !== undefined && chance < REPEAT_SHARE + VARIATION_SHARE) {
      rows.push(variationOf(original, TOLD_APART_BY[name] ?? [], table, rows.length, draw))
    } else {
      const row = rowOf(table, rows.length, draw)
      originals.push(row)
      rows.push(row)
    }
  }
  return rows
}

function rowOf({ columns }: TableDescription, position: number, draw: Draw): Row {
  return identified(
    Object.fromEntries(columns.map((column) => [column.name, cellOf(column, position, draw)])),
  )
}

function variationOf(
  original: Row,
  names: readonly string[],
  { columns }: TableDescription,
  position: number,
  draw: Draw,
): Row {
  const column = columns.find(({ name }) => name === oneOf(names, draw))
  if (column === undefined) return original
  // An id is one job's, whatever it is.
  const cell =
    column.name === 'decision_id' ? `${original.decision_id}/${position}` : cellOf(column, position, draw)
  return { ...original, [column.name]: cell }
}

/** Ids are made of what they identify, as the product makes them. */
function identified(row: Row): Row {
  const job = `${row.instance}/${row.project_id}/${row.job_id}`
  const ids: Row = {
    event_id: `${job}/${row.kind ?? 'job.finished'}`,
    decision_id: `${job}/${row.decided_late ? 'job.finished' : 'job.started'}`,
  }
  return Object.fromEntries(
    Object.entries(row).map(([name, cell]) => [name, 'job_id' in row && name in ids ? ids[name] : cell]),
  )
}

function cellOf({ name, type, mode }: Column, position: number, draw: Draw): unknown {
  if (mode === 'NULLABLE' && draw() < NULL_SHARE) return null
  if (OWN_INSTANTS.includes(name)) return instantOf(position)
  if (name === 'choices') return choices(draw)
  if (name === 'feasible') return feasible(draw)
  return oneOf(POOLS[name] ?? TYPE_POOLS[type], draw)
}
