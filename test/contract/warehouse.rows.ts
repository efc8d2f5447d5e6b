/** Rows come out as they went in, and an insert is whole or is not. */
import { describe, expect, test } from 'vitest'
import type { Row } from '../../shared/ports.ts'
import { testOf } from './ability.ts'
import { eventRow, openFor, quarantineRow, shared, type WarehouseHarness } from './warehouse.harness.ts'

const COUNT = 'SELECT COUNT(*) AS n FROM ci_metrics.quarantine'
const ROWS = Array.from({ length: 10 }, (_, index) => quarantineRow(`q${index}`))

export function rowsContract({ fresh, insertsAllOrNone, takesAnyDay }: WarehouseHarness): void {
  describe('rows', () => {
    const warehouse = shared(fresh)

    test.each<[string, string, unknown]>([
      ['text in any script', 'reason', 'Läufer ☕ \u2028 日本語'],
      ['quotes and backslashes', 'reason', `it's "quoted" \\ and; -- ended`],
      ['line breaks', 'reason', 'one\r\ntwo\n'],
      ['the empty text', 'reason', ''],
      ['long text', 'payload', 'x'.repeat(100_000)],
      ['zero', 'project_id', 0],
      ['a negative integer', 'project_id', -5],
      ['the largest safe integer', 'job_id', Number.MAX_SAFE_INTEGER],
      ['nothing', 'project_id', null],
      ['an instant to the millisecond', 'received_at', '2026-11-21T23:59:59.999Z'],
    ])('gives back %s as it was', async (what, column, value) => {
      await warehouse().insert('quarantine', [quarantineRow(what, { [column]: value })])
      const sql = `SELECT ${column} FROM ci_metrics.quarantine WHERE quarantine_id = '${what}'`
      expect(await warehouse().query(sql)).toEqual([{ [column]: value }])
      expect(await warehouse().select(sql)).toEqual([{ [column]: value }])
    })

    testOf(takesAnyDay)('gives back an instant before 1970 as it was', async () => {
      const warehouse = await openFor(fresh())
      const received_at = '1969-12-31T23:59:59.001Z'
      await warehouse.insert('quarantine', [quarantineRow('q', { received_at })])
      expect(await warehouse.query('SELECT received_at FROM ci_metrics.quarantine')).toEqual([
        { received_at },
      ])
    })

    test('gives back numbers with a fraction and truth values as they were', async () => {
      const warehouse = await openFor(fresh())
      const rows = [0.1, 1e-7, 123456.789].map((queued_seconds, index) =>
        eventRow(index, { queued_seconds, late: index === 1 }),
      )
      await warehouse.insert('job_events', rows)
      expect(
        await warehouse.query('SELECT queued_seconds, late FROM ci_metrics.job_events ORDER BY job_id'),
      ).toEqual(rows.map(({ queued_seconds, late }) => ({ queued_seconds, late })))
    })

    test('takes what a row does not name as NULL', async () => {
      const warehouse = await openFor(fresh())
      const { project_id: _left, job_id: _out, ...row } = quarantineRow('q')
      await warehouse.insert('quarantine', [row])
      expect(await warehouse.query('SELECT project_id, job_id FROM ci_metrics.quarantine')).toEqual([
        { project_id: null, job_id: null },
      ])
    })

    test('deletes the rows that fulfil a condition, and says how many', async () => {
      const warehouse = await openFor(fresh())
      await warehouse.insert('quarantine', ROWS)
      const parameters = { first: 'q1', second: 'q2' }
      const condition = 'quarantine_id IN (@first, @second)'
      expect(await warehouse.remove('quarantine', condition, parameters)).toBe(2)
      expect(await warehouse.remove('quarantine', condition, parameters)).toBe(0)
      expect(await warehouse.query(COUNT)).toEqual([{ n: 8 }])
    })

    describe('refuses all rows of an insert for one', () => {
      const bad: [string, Row][] = [
        ['that lacks a required value', quarantineRow('bad', { code: null })],
        ['with text for a number', quarantineRow('bad', { body_bytes: 'many' })],
        ['with a fraction for an integer', quarantineRow('bad', { body_bytes: 1.5 })],
        ['with no instant', quarantineRow('bad', { received_at: 'yesterday' })],
        ['with a column that the table lacks', quarantineRow('bad', { commit_text: 'secret' })],
      ]
      for (const [what, row] of bad) {
        testOf(insertsAllOrNone)(what, async () => {
          const warehouse = await openFor(fresh())
          const rows = [...ROWS.slice(0, 5), row, ...ROWS.slice(5)]
          await expect(warehouse.insert('quarantine', rows)).rejects.toThrow()
          expect(await warehouse.query(COUNT)).toEqual([{ n: 0 }])
          await warehouse.insert('quarantine', ROWS)
          expect(await warehouse.query(COUNT)).toEqual([{ n: 10 }])
        })
      }
    })
  })
}
