/** Sessions: what is kept is read again as it was, by nobody else, and not beyond the end. */
import { describe, expect, test } from 'vitest'
import { quarantineRow, shared, type WarehouseHarness } from './warehouse.harness.ts'

const IDS = 'SELECT quarantine_id AS id FROM ci_metrics.quarantine'

export function sessionContract({ fresh }: WarehouseHarness): void {
  describe('a session', () => {
    const warehouse = shared(fresh)

    test('reads what it kept as it was then, whatever is inserted meanwhile', async () => {
      await warehouse().insert('quarantine', [quarantineRow('q1'), quarantineRow('q2')])
      const answers = await warehouse().session(async (session) => {
        const kept = await session.keep('kept_ids', IDS)
        await warehouse().insert('quarantine', [quarantineRow('q3')])
        return [
          await session.query(`SELECT id FROM ${kept} ORDER BY id`),
          await session.query(`SELECT COUNT(*) AS n FROM ci_metrics.quarantine`),
        ]
      })
      expect(answers).toEqual([[{ id: 'q1' }, { id: 'q2' }], [{ n: 3 }]])
    })

    test('keeps the answer of a view, and what is made of what it kept', async () => {
      const rows = await warehouse().session(async (session) => {
        const settings = await session.keep('settings', 'SELECT folds FROM ci_metrics.evaluation_settings')
        const twice = await session.keep('twice', `SELECT 2 * folds AS folds FROM ${settings}`)
        return session.query(`SELECT folds FROM ${twice}`)
      })
      expect(rows).toEqual([{ folds: 10 }])
    })

    test('knows nothing of what another one keeps by the same name', async () => {
      const one = (number: number) =>
        warehouse().session(async (session) => {
          const kept = await session.keep('kept', `SELECT ${number} AS number`)
          return session.query(`SELECT number FROM ${kept}`)
        })
      expect(await Promise.all([one(1), one(2), one(3)])).toEqual([
        [{ number: 1 }],
        [{ number: 2 }],
        [{ number: 3 }],
      ])
    })

    test('fails with what its work failed of, and leaves nothing behind', async () => {
      let kept = ''
      const work = warehouse().session(async (session) => {
        kept = await session.keep('kept', 'SELECT 1 AS one')
        throw new RangeError('what the work failed of')
      })
      await expect(work).rejects.toThrow(new RangeError('what the work failed of'))
      await expect(warehouse().query(`SELECT one FROM ${kept}`)).rejects.toThrow()
      await expect(warehouse().session((next) => next.query(`SELECT one FROM ${kept}`))).rejects.toThrow()
    })
  })
}
