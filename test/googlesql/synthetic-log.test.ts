/**
 * The views over a log that looks like one (test/statistics/synthetic-log.ts), by Google's reference implementation and by
 * DuckDB, row by row. views.test.ts has arbitrary content, in which hardly anything fits together.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DuckdbWarehouse, openDuckdb } from '../../shared/adapters/local/duckdb.ts'
import type { Row, TableName } from '../../shared/ports.ts'
import { describe as describeTable, loadCatalogue } from '../../shared/runtime/sql.ts'
import { differences, type Figures } from '../statistics/nearly.ts'
import { syntheticLog } from '../statistics/synthetic-log.ts'
import { type Reference, type Relation, startReference } from './reference.ts'
import { sorted } from './rows.ts'
import { whatIsMissing } from './server.ts'
import { answer, columnsOf, rowsOf } from './views.ts'

/** The reference takes its time: few jobs, and of the policies one over each set. */
const SIZE = { jobs: 60, pipelines: 15 }
const POLICIES = ['thompson/known', 'thompson/feasible']

const catalogue = loadCatalogue()
const missing = whatIsMissing()
const log = Object.fromEntries(
  Object.entries(syntheticLog('two engines', SIZE)).map(([table, rows]) => [
    table,
    rows.map(withFewPolicies),
  ]),
)

function withFewPolicies(row: Row): Row {
  if (typeof row.choices !== 'string') return row
  const choices: { policy: string; set: string }[] = JSON.parse(row.choices)
  return {
    ...row,
    choices: JSON.stringify(choices.filter(({ policy, set }) => POLICIES.includes(`${policy}/${set}`))),
  }
}

let reference: Reference
let warehouse: DuckdbWarehouse
beforeAll(async () => {
  if (missing !== undefined) return
  reference = await startReference()
  warehouse = await openDuckdb(':memory:', catalogue)
  for (const [table, rows] of Object.entries(log) as [TableName, Row[]][]) await warehouse.insert(table, rows)
})
afterAll(async () => {
  await reference?.stop()
  await warehouse?.close()
})

/** What was answered once, as tables for the views that use it. */
const answered = new Map<string, Relation>()

describe.skipIf(missing !== undefined)(
  `a synthetic log${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    test.each([...catalogue.views.keys()])('%s has the same rows on both engines', async (view) => {
      const { columns } = describeTable(view)
      const rows = await warehouse.query(`SELECT * FROM ci_metrics.${view}`)
      const relation = await answer(reference, catalogue, log, view, answered)
      const byPlace = (list: readonly Row[]) =>
        new Map(sorted(list, columns).map((row, place) => [`row ${place}`, row as Figures]))
      expect(columnsOf(describeTable(view)).map(({ name }) => name)).toEqual(
        relation.columns.map(({ name }) => name),
      )
      expect(differences(byPlace(rows), byPlace(rowsOf(relation)))).toEqual([])
    })
  },
)
