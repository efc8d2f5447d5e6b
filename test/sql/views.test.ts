/** Each view against its cases (test/sql/<view>.yaml) and its description (sql/ci_metrics/<view>.yaml). */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { openDuckdb } from '../../shared/adapters/local/duckdb.ts'
import type { Row, TableName } from '../../shared/ports.ts'
import { describe as describeTable, loadCatalogue } from '../../shared/runtime/sql.ts'
import type { TableDescription } from '../../shared/schema/table.ts'

type Case = { case: string; tables: Partial<Record<TableName, Row[]>>; expected: Row[] }

const catalogue = loadCatalogue()

const HARMLESS = { STRING: '', INT64: 1, FLOAT64: 1, BOOL: false, TIMESTAMP: '2026-01-01T00:00:00Z' }
const DEFAULTS: Row = { actual_runner: 'a', arm: 'a', job_status: 'success' }
const ENGINE_TYPES = {
  STRING: 'VARCHAR',
  INT64: 'BIGINT',
  FLOAT64: 'DOUBLE',
  BOOL: 'BOOLEAN',
  TIMESTAMP: 'TIMESTAMP WITH TIME ZONE',
}

function completed({ columns }: TableDescription, given: Row): Row {
  const row = { event_id: `event of job ${given.job_id}`, ...given }
  return Object.fromEntries(
    columns.map(({ name, type }) => [
      name,
      name in row ? (row as Row)[name] : (DEFAULTS[name] ?? HARMLESS[type]),
    ]),
  )
}

describe.each([...catalogue.views.keys()])('%s', (view) => {
  const file = join(import.meta.dirname, `${view}.yaml`)

  test('has cases', () => {
    expect(existsSync(file)).toBe(true)
  })

  test('has the columns that its description says, in that order and of those types', async () => {
    const warehouse = await openDuckdb(':memory:', catalogue)
    const columns = await warehouse.select(`DESCRIBE ci_metrics.${view}`)
    expect(columns.map(({ column_name, column_type }) => [column_name, column_type])).toEqual(
      describeTable(view).columns.map(({ name, type }) => [name, ENGINE_TYPES[type]]),
    )
    await warehouse.close()
  })

  test.each(existsSync(file) ? (parse(readFileSync(file, 'utf8')) as Case[]) : [])(
    '$case',
    async ({ tables, expected }) => {
      const warehouse = await openDuckdb(':memory:', catalogue)
      for (const [table, rows] of Object.entries(tables) as [TableName, Row[]][]) {
        const description = catalogue.tables.get(table) as TableDescription
        await warehouse.insert(
          table,
          rows.map((row) => completed(description, row)),
        )
      }
      const columns = Object.keys(expected[0] ?? { 'COUNT(*)': 0 })
      const rows = await warehouse.query(`SELECT ${columns.join(', ')} FROM ci_metrics.${view} ORDER BY ALL`)
      expect(rows).toEqual(
        expected.length === 0 ? [{ 'count_star()': 0 }] : expected.map((row) => ({ ...row })),
      )
      await warehouse.close()
    },
  )
})
