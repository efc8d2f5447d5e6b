/** A row may come twice; the views keep one of each. */
import { describe, expect, test } from 'vitest'
import type { Row, TableName } from '../../shared/ports.ts'
import { describe as describeTable, loadCatalogue } from '../../shared/runtime/sql.ts'
import { snapped, sorted } from '../googlesql/rows.ts'
import { arbitraryTables } from '../sql/content.ts'
import { decisionRow, eventRow, openFor, outcomeRow, type WarehouseHarness } from './warehouse.harness.ts'

const catalogue = loadCatalogue()
/** Where a repeated row is dropped, if at all: what the other views say follows from what these say. */
const READING_TABLES = [...catalogue.views]
  .filter(([, select]) =>
    [...catalogue.tables.keys()].some((table) => new RegExp(`ci_metrics\\.${table}\\b`).test(select)),
  )
  .map(([view]) => view)

export function viewsContract({ fresh }: WarehouseHarness): void {
  describe('views', () => {
    test('say the same when every row is written again, as after an answer that was lost', async () => {
      const warehouse = await openFor(fresh())
      // Days that every warehouse takes: of the columns with an instant of 1970, one is what a table is partitioned by.
      const content = Object.entries(arbitraryTables(catalogue, 'written again')).map(([name, rows]) => {
        const day = catalogue.tables.get(name)?.partition_by ?? ''
        return [name as TableName, rows.map((row) => ({ ...row, [day]: aDayOf2026(row[day]) }))] as const
      })
      const answers = async () => {
        const rows: Record<string, Row[]> = {}
        for (const view of READING_TABLES) {
          const { columns } = describeTable(view)
          rows[view] = sorted(await warehouse.query(`SELECT * FROM ci_metrics.${view}`), columns)
        }
        return rows
      }
      for (const [table, rows] of content) await warehouse.insert(table, rows)
      const once = await answers()
      expect(Object.values(once).every((rows) => rows.length > 0)).toBe(true)
      for (const [table, rows] of content) await warehouse.insert(table, rows)
      for (const [view, rows] of Object.entries(await answers())) {
        const before = once[view] ?? []
        expect(snapped(rows, before, describeTable(view).columns), view).toEqual(before)
      }
    })

    test('count a job once, however often its decision and its outcome were written', async () => {
      const warehouse = await openFor(fresh())
      for (let times = 0; times < 3; times += 1) {
        await warehouse.insert('runner_decisions', [decisionRow(1), decisionRow(2)])
        await warehouse.insert('job_outcomes', [outcomeRow(1), outcomeRow(1)])
      }
      const late = { decision_id: 'late', decided_late: true, decided_at: '2026-03-02T11:00:00.000Z' }
      await warehouse.insert('runner_decisions', [decisionRow(1, late), decisionRow(3, late)])
      expect(
        await warehouse.query(
          'SELECT job_id, decision_id, decided_late, job_status FROM ci_metrics.decision_outcomes ORDER BY job_id',
        ),
      ).toEqual([
        { job_id: 1, decision_id: 'decision on 1', decided_late: false, job_status: 'success' },
        { job_id: 2, decision_id: 'decision on 2', decided_late: false, job_status: null },
        { job_id: 3, decision_id: 'late', decided_late: true, job_status: null },
      ])
      expect(await warehouse.query('SELECT arm, jobs FROM ci_metrics.arm_performance')).toEqual([
        { arm: 'a', jobs: 1 },
      ])
    })

    test('take the content of an event that was admitted first, and none that disagrees with it', async () => {
      const warehouse = await openFor(fresh())
      const first = eventRow(1, { status: 'success', received_at: '2026-03-02T12:00:01.000Z' })
      const second = eventRow(1, { status: 'failed', received_at: '2026-03-02T12:00:02.000Z' })
      const conflicting = { ...second, received_at: '2026-03-02T12:00:00.000Z', conflicting: true }
      await warehouse.insert('job_events', [second, conflicting, first, first])
      expect(
        await warehouse.query('SELECT event_id, status, conflicting FROM ci_metrics.job_event_log'),
      ).toEqual([{ event_id: first.event_id, status: 'success', conflicting: false }])
    })
  })
}

const aDayOf2026 = (instant: unknown) => (String(instant) < '2026' ? '2026-02-27T12:00:00.000Z' : instant)
