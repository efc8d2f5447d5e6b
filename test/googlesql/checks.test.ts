/** Every check of the data, analysed and executed by Google's reference implementation of GoogleSQL. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DuckdbWarehouse, openDuckdb } from '../../shared/adapters/local/duckdb.ts'
import type { Row, TableName } from '../../shared/ports.ts'
import { loadDataChecks } from '../../shared/runtime/data-checks.ts'
import type { Catalogue } from '../../shared/schema/table.ts'
import { catalogueOf, completedTables, type TableRows } from '../sql/cases.ts'
import { checkCasesOf, onlyViews } from '../sql/check-cases.ts'
import { arbitraryTables } from '../sql/content.ts'
import { type Reference, type Relation, startReference } from './reference.ts'
import { whatIsMissing } from './server.ts'
import { answer, describedColumns, rowsOf } from './views.ts'

const catalogue = onlyViews(['decision_outcomes'])
const missing = whatIsMissing()
const SEEDS = ['one', 'two', 'three']
const NOW = '2026-03-03T00:00:00.000Z'

let reference: Reference
beforeAll(async () => {
  if (missing === undefined) reference = await startReference()
})
afterAll(async () => {
  await reference?.stop()
})

/**
 * What executes takes no parameters, so the time is written into the text.
 * @param relations what was answered over the same content.
 */
async function answered(
  sql: string,
  now: string,
  content: TableRows,
  described: Catalogue,
  relations?: Map<string, Relation>,
): Promise<Row[]> {
  const views = new Map([...described.views, ['check', sql.replaceAll('@now', `'${now}'`)]])
  const rows = rowsOf(await answer(reference, { ...described, views }, content, 'check', relations))
  relations?.delete('check')
  return rows
}

/** The content of a seed, in both engines; what all checks read is answered once. */
type Played = { content: TableRows; warehouse: DuckdbWarehouse; relations: Map<string, Relation> }
const playedBySeed = new Map<string, Played>()
afterAll(async () => {
  for (const { warehouse } of playedBySeed.values()) await warehouse.close()
})

async function played(seed: string): Promise<Played> {
  const known = playedBySeed.get(seed)
  if (known !== undefined) return known
  const content = arbitraryTables(catalogue, seed)
  const warehouse = await openDuckdb(':memory:', catalogue)
  for (const [table, rows] of Object.entries(content) as [TableName, Row[]][]) {
    await warehouse.insert(table, rows.toReversed())
  }
  const made = { content, warehouse, relations: new Map<string, Relation>() }
  playedBySeed.set(seed, made)
  return made
}

const name = `the GoogleSQL reference${missing === undefined ? '' : ` (skipped: ${missing})`}`

describe.skipIf(missing !== undefined)(name, () => {
  describe.each(loadDataChecks().map((check) => [check.name, check] as const))('%s', (check, { sql }) => {
    test('takes the file as it is, with the time as a parameter', async () => {
      await reference.analyseStatement(sql, describedColumns(catalogue), { now: 'TYPE_STRING' })
    })

    test.each(checkCasesOf(check))(
      'answers as the case says: $case',
      async ({ tables, now, expected, ...example }) => {
        const filled = { ...example, tables, expected: [] }
        const described = catalogueOf(filled, catalogue)
        expect(await answered(sql, now, completedTables(filled, described), described)).toEqual([expected])
      },
    )

    test.each(SEEDS)('answers as DuckDB does, over arbitrary tables (seed %s)', async (seed) => {
      const { content, warehouse, relations } = await played(seed)
      const expected = await warehouse.query(sql, sql.includes('@now') ? { now: NOW } : {})
      expect(await answered(sql, NOW, content, catalogue, relations)).toEqual(expected)
    })
  })
})
