/** SQL of a person: a SELECT is answered, anything else is refused with the reason. */
import { beforeAll, describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../shared/errors.ts'
import { quarantineRow, shared, type WarehouseHarness } from './warehouse.harness.ts'

export function selectContract({ fresh }: WarehouseHarness): void {
  describe('select', () => {
    const warehouse = shared(fresh)
    beforeAll(() => warehouse().insert('quarantine', [quarantineRow('q1'), quarantineRow('q2')]))

    test.each([
      [
        'a SELECT',
        'SELECT quarantine_id AS id FROM ci_metrics.quarantine ORDER BY id',
        [{ id: 'q1' }, { id: 'q2' }],
      ],
      ['with a semicolon', 'SELECT 1 AS one;', [{ one: 1 }]],
      ['with comments', '-- how many\nSELECT COUNT(*) AS n /* all */ FROM ci_metrics.quarantine', [{ n: 2 }]],
      ['with WITH', 'WITH q AS (SELECT 1 AS a) SELECT a FROM q', [{ a: 1 }]],
      [
        'that speaks of refused words',
        "SELECT 'DELETE FROM x; DROP' AS words",
        [{ words: 'DELETE FROM x; DROP' }],
      ],
    ])('answers %s', async (_what, sql, rows) => {
      expect(await warehouse().select(sql)).toEqual(rows)
    })

    test.each([
      ['no statement', ''],
      ['a comment alone', '-- nothing'],
      ['two statements', 'SELECT 1; SELECT 2'],
      ['a SELECT that brings another statement', 'SELECT 1; DELETE FROM ci_metrics.quarantine'],
      ['what is no SQL', 'SELEC 1'],
      ['a table that is not there', 'SELECT * FROM ci_metrics.nothing'],
      ['INSERT', 'INSERT INTO ci_metrics.quarantine SELECT * FROM ci_metrics.quarantine'],
      ['UPDATE', "UPDATE ci_metrics.quarantine SET code = 'x' WHERE true"],
      ['DELETE', 'DELETE FROM ci_metrics.quarantine WHERE true'],
      ['TRUNCATE', 'TRUNCATE TABLE ci_metrics.quarantine'],
      ['CREATE TABLE', 'CREATE TABLE ci_metrics.mine AS SELECT 1 AS a'],
      ['CREATE VIEW', 'CREATE OR REPLACE VIEW ci_metrics.job_event_log AS SELECT 1 AS a'],
      ['ALTER', 'ALTER TABLE ci_metrics.quarantine DROP COLUMN code'],
      ['DROP', 'DROP TABLE ci_metrics.quarantine'],
    ])('refuses %s, says why, and changes nothing', async (_what, sql) => {
      const refusal = await warehouse()
        .select(sql)
        .catch((error: unknown) => error)
      expect(refusal).toBeInstanceOf(InvalidInputError)
      expect((refusal as Error).message).toMatch(/SELECT|SELEC|nothing/)
      expect(await warehouse().query('SELECT quarantine_id, code FROM ci_metrics.quarantine')).toEqual([
        { quarantine_id: 'q1', code: 'no-job' },
        { quarantine_id: 'q2', code: 'no-job' },
      ])
    })
  })
}
