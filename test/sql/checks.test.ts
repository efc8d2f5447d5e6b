/** Each check of the data against its cases (test/sql/check/<name>.yaml); the data that it is for is among them. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { openDuckdb } from '../../shared/adapters/local/duckdb.ts'
import type { Row, TableName } from '../../shared/ports.ts'
import { loadDataChecks } from '../../shared/runtime/data-checks.ts'
import { catalogueOf, completedTables, type TableRows } from './cases.ts'
import { checkCasesOf, onlyViews } from './check-cases.ts'
import { arbitraryTables } from './content.ts'

const catalogue = onlyViews(['decision_outcomes'])
const SEEDS = ['one', 'two', 'three']

async function answersOf(sql: string, tables: TableRows, now: string, described = catalogue): Promise<Row[]> {
  const warehouse = await openDuckdb(':memory:', described)
  onTestFinished(() => warehouse.close())
  for (const [table, rows] of Object.entries(tables) as [TableName, Row[]][])
    await warehouse.insert(table, rows)
  return warehouse.query(sql, sql.includes('@now') ? { now } : {})
}

describe.each(loadDataChecks().map((check) => [check.name, check] as const))('%s', (name, { sql }) => {
  const cases = checkCasesOf(name)

  test('has data that passes, and data that it is for', () => {
    expect(new Set(cases.map(({ expected: { failed } }) => failed > 0))).toEqual(new Set([true, false]))
  })

  test('finds nothing to check in an empty log', async () => {
    expect(await answersOf(sql, {}, '2026-01-15T12:00:00.000Z')).toEqual([
      { checked: 0, failed: 0, example: null },
    ])
  })

  test.each(cases)('$case', async (example) => {
    const { tables, now, expected } = example
    const played = catalogueOf({ ...example, expected: [] }, catalogue)
    const completed = completedTables({ case: example.case, tables, expected: [] }, played)
    expect(await answersOf(sql, completed, now, played)).toEqual([expected])
  })

  test.each(SEEDS)(
    'names an example of what failed, and only then, whatever the tables hold (seed %s)',
    async (seed) => {
      const rows = await answersOf(sql, arbitraryTables(catalogue, seed), '2026-03-03T00:00:00.000Z')
      expect(rows).toHaveLength(1)
      const { checked, failed, example } = rows[0] as {
        checked: number
        failed: number
        example: string | null
      }
      expect(failed).toBeLessThanOrEqual(checked)
      expect(example === null).toBe(failed === 0)
    },
  )
})
