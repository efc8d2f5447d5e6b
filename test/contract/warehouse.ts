/** The suite that every warehouse passes: rows go in whole, come out as they were, and the views count each once. */
import { describe, expect, test } from 'vitest'
import { loadCatalogue } from '../../shared/runtime/sql.ts'
import { composed } from '../../shared/schema/compose-sql.ts'
import {
  decisionRow,
  openFor,
  outcomeRow,
  quarantineRow,
  shared,
  type WarehouseHarness,
} from './warehouse.harness.ts'
import { rowsContract } from './warehouse.rows.ts'
import { selectContract } from './warehouse.select.ts'
import { sessionContract } from './warehouse.session.ts'
import { viewsContract } from './warehouse.views.ts'

const COUNT = 'SELECT COUNT(*) AS n FROM ci_metrics.quarantine'
const rowsNamed = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => quarantineRow(`q${from + index}`))

/** A view of constants reads no table. */
const isConstant = (name: string) =>
  loadCatalogue().views.has(name) && !composed(name, loadCatalogue()).includes('ci_metrics.')

export function warehouseContract(harness: WarehouseHarness): void {
  const { adapter, fresh } = harness
  describe(`warehouse: ${adapter}`, () => {
    test('keeps what was inserted, for who opens it next', async () => {
      const place = fresh()
      const first = await openFor(place)
      await first.insert('quarantine', rowsNamed(0, 3))
      await first.insert('quarantine', [])
      await first.close()
      const second = await openFor(place)
      expect(await second.query(COUNT)).toEqual([{ n: 3 }])
    })

    test('takes parameters by name, as values and never as SQL', async () => {
      const warehouse = await openFor(fresh())
      await warehouse.insert('quarantine', [
        quarantineRow('q1', { code: "a' OR '1'='1", job_id: 7 }),
        quarantineRow('q2', { code: 'b', job_id: 2 ** 40 }),
      ])
      const find = (where: string, parameters: Record<string, string | number>) =>
        warehouse.query(`SELECT quarantine_id AS id FROM ci_metrics.quarantine WHERE ${where}`, parameters)
      expect(await find('code = @code', { code: "a' OR '1'='1" })).toEqual([{ id: 'q1' }])
      expect(await find('job_id = @id_1 OR job_id = @id_1', { id_1: 2 ** 40 })).toEqual([{ id: 'q2' }])
      expect(await find('job_id > @low AND code <> @code', { low: 6.5, code: 'b' })).toEqual([{ id: 'q1' }])
    })

    test('streams what does not fit into a page, while others ask and insert', async () => {
      const warehouse = await openFor(fresh())
      await warehouse.insert('quarantine', rowsNamed(0, 10_000))
      const seen: unknown[] = []
      for await (const page of warehouse.stream(
        'SELECT quarantine_id AS id FROM ci_metrics.quarantine ORDER BY id',
      )) {
        seen.push(...page.map(({ id }) => id))
        await warehouse.query(COUNT)
        await warehouse.select(COUNT)
        await warehouse.insert('quarantine', [quarantineRow(`later ${seen.length}`)])
      }
      expect(seen).toEqual(
        rowsNamed(0, 10_000)
          .map(({ quarantine_id: id }) => id)
          .sort(),
      )
    })

    test('can be left in the middle of a stream, and closed in the middle of another', async () => {
      const place = fresh()
      const warehouse = await openFor(place)
      await warehouse.insert('quarantine', rowsNamed(0, 5000))
      for await (const _page of warehouse.stream('SELECT * FROM ci_metrics.quarantine')) break
      const pages = warehouse.stream('SELECT * FROM ci_metrics.quarantine')[Symbol.asyncIterator]()
      await pages.next()
      await warehouse.close()
      await expect(pages.next()).rejects.toThrow('closed')
      expect(await (await openFor(place)).query(COUNT)).toEqual([{ n: 5000 }])
    })

    test('takes inserts into several tables while it is asked', async () => {
      const warehouse = await openFor(fresh())
      const counts: unknown[] = []
      const asking = async () => {
        const [row] = await warehouse.select(COUNT)
        counts.push(row?.n)
      }
      await Promise.all(
        Array.from({ length: 10 }, (_, round) => [
          warehouse.insert('quarantine', rowsNamed(round * 20, round * 20 + 20)),
          warehouse.insert('runner_decisions', [decisionRow(round)]),
          asking(),
          warehouse.insert('job_outcomes', [outcomeRow(round)]),
          warehouse.query('SELECT COUNT(*) AS n FROM ci_metrics.decision_outcomes'),
        ]).flat(),
      )
      expect(await warehouse.query(COUNT)).toEqual([{ n: 200 }])
      expect(
        await warehouse.query(
          'SELECT COUNT(*) AS n FROM ci_metrics.decision_outcomes WHERE job_status IS NOT NULL',
        ),
      ).toEqual([{ n: 10 }])
      // No reader sees a part of an insert.
      expect(counts.filter((count) => (count as number) % 20 !== 0)).toEqual([])
    })

    describe('without a row', () => {
      const warehouse = shared(fresh)

      test.each([...loadCatalogue().tables.keys(), ...loadCatalogue().views.keys()])(
        'has %s, which can be asked all the same',
        async (name) => {
          const rows = await warehouse().select(`SELECT * FROM ci_metrics.${name}`)
          expect(rows).toHaveLength(isConstant(name) ? 1 : 0)
        },
      )
    })

    rowsContract(harness)
    viewsContract(harness)
    selectContract(harness)
    sessionContract(harness)
  })
}
