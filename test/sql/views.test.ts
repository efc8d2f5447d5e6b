/** Each view against its cases (test/sql/<view>.yaml) and its description (sql/ci_metrics/<view>.yaml). */
import { describe, expect, onTestFinished, test } from 'vitest'
import { type DuckdbWarehouse, openDuckdb } from '../../shared/adapters/local/duckdb.ts'
import type { Row, TableName } from '../../shared/ports.ts'
import { describe as describeTable, loadCatalogue } from '../../shared/runtime/sql.ts'
import type { Catalogue } from '../../shared/schema/table.ts'
import { snapped, sorted } from '../googlesql/rows.ts'
import { casesOf, catalogueOf, completedTables, type TableRows } from './cases.ts'
import { arbitraryTables } from './content.ts'

const catalogue = loadCatalogue()

const ENGINE_TYPES = {
  STRING: 'VARCHAR',
  INT64: 'BIGINT',
  FLOAT64: 'DOUBLE',
  BOOL: 'BOOLEAN',
  TIMESTAMP: 'TIMESTAMP WITH TIME ZONE',
}

async function warehouseWith(tables: TableRows, described: Catalogue = catalogue): Promise<DuckdbWarehouse> {
  const warehouse = await openDuckdb(':memory:', described)
  onTestFinished(() => warehouse.close())
  for (const [table, rows] of Object.entries(tables) as [TableName, Row[]][]) {
    await warehouse.insert(table, rows)
  }
  return warehouse
}

describe.each([...catalogue.views.keys()])('%s', (view) => {
  const described = describeTable(view).columns

  test('has cases', () => {
    expect(casesOf(view)).not.toEqual([])
  })

  test('has the columns that its description says, in that order and of those types', async () => {
    const warehouse = await warehouseWith({})
    const columns = await warehouse.select(`DESCRIBE ci_metrics.${view}`)
    expect(columns.map(({ column_name, column_type }) => [column_name, column_type])).toEqual(
      described.map(({ name, type }) => [name, ENGINE_TYPES[type]]),
    )
  })

  test('has a value in every required column, whatever the tables hold', async () => {
    const warehouse = await warehouseWith(arbitraryTables(catalogue, 'required columns'))
    const rows = await warehouse.query(`SELECT * FROM ci_metrics.${view}`)
    expect(rows).not.toEqual([])
    const required = described.filter(({ mode }) => mode === 'REQUIRED').map(({ name }) => name)
    expect(required.filter((name) => rows.some((row) => row[name] === null))).toEqual([])
  })

  test.each(casesOf(view))('$case', async (example) => {
    const played = catalogueOf(example, catalogue)
    const warehouse = await warehouseWith(completedTables(example, played), played)
    const rows = await warehouse.query(`SELECT * FROM ci_metrics.${view}`)
    const [first] = example.expected
    const columns = described.filter(({ name }) => first === undefined || name in first)
    const expected = sorted(example.expected, columns)
    expect(snapped(sorted(rows, columns), expected, columns)).toEqual(expected)
  })
})
