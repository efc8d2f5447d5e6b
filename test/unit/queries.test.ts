/** docs/queries: as it is written, and as the warehouse takes it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DuckdbWarehouse, openDuckdb } from '../../shared/adapters/local/duckdb.ts'
import { loadCatalogue } from '../../shared/runtime/sql.ts'
import { files } from '../check/queries.ts'

const FOLDER = join(import.meta.dirname, '../../docs/queries')

let warehouse: DuckdbWarehouse
beforeAll(async () => {
  warehouse = await openDuckdb(':memory:', loadCatalogue())
})
afterAll(() => warehouse.close())

test('docs/queries is what "npm run docs" writes', () => {
  expect(readdirSync(FOLDER).sort()).toEqual(
    files()
      .map(([name]) => name)
      .sort(),
  )
})

test.each(files())('%s is the saved text, and can be asked', async (name, text) => {
  expect(readFileSync(join(FOLDER, name), 'utf8')).toBe(text)
  expect(await warehouse.select(text)).toBeInstanceOf(Array)
})

test('what reads the terms of estimates reads those of one policy, reward and source', () => {
  for (const [name, text] of files())
    expect(text, name).not.toMatch(/FROM ci_metrics\.policy_terms\b(?! WHERE reward_name = .* AND source = )/)
})
