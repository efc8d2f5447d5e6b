/** Every view, analysed and executed by Google's reference implementation of GoogleSQL. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DuckdbWarehouse, openDuckdb } from '../../shared/adapters/local/duckdb.ts'
import type { Row, TableName } from '../../shared/ports.ts'
import { describe as describeTable, loadCatalogue } from '../../shared/runtime/sql.ts'
import { casesOf, catalogueOf, completedTables, type TableRows } from '../sql/cases.ts'
import { arbitraryTables } from '../sql/content.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { type Reference, type Relation, startReference } from './reference.ts'
import { snapped, sorted } from './rows.ts'
import { whatIsMissing } from './server.ts'
import { answer, columnsOf, describedColumns, rowsOf } from './views.ts'

const SEEDS = ['one']

const catalogue = loadCatalogue()
const views = [...catalogue.views]
const missing = whatIsMissing()

let reference: Reference
beforeAll(async () => {
  if (missing === undefined) reference = await startReference()
})
afterAll(async () => {
  await reference?.stop()
})

/** Arbitrary tables, in DuckDB and with what the reference answered over them: views read each other. */
type Played = { content: TableRows; warehouse: DuckdbWarehouse; answered: Map<string, Relation> }
const playedBySeed = new Map<string, Played>()
const folder = temporaryFolder(afterAll)

beforeAll(async () => {
  if (missing !== undefined) return
  for (const seed of SEEDS) {
    const content = arbitraryTables(catalogue, seed)
    const warehouse = await openDuckdb(join(folder, `${seed}.duckdb`), catalogue)
    for (const [table, rows] of Object.entries(content) as [TableName, Row[]][]) {
      // The other way round: no answer may hang on the order in which rows were written.
      await warehouse.insert(table, rows.toReversed())
    }
    playedBySeed.set(seed, { content, warehouse, answered: new Map() })
  }
})
afterAll(async () => {
  for (const { warehouse } of playedBySeed.values()) await warehouse.close()
})

const name = `the GoogleSQL reference${missing === undefined ? '' : ` (skipped: ${missing})`}`

describe.skipIf(missing !== undefined)(name, () => {
  describe.each(views)('%s', (view, select) => {
    const described = describeTable(view)

    test('takes the file as it is, and finds the columns that the description says', async () => {
      const columns = await reference.analyse(select, describedColumns(catalogue))
      expect(columns.map(({ name, type }) => ({ name, type: { typeKind: type.typeKind } }))).toEqual(
        columnsOf(described),
      )
    })

    test.each(casesOf(view))('answers as the case says: $case', async (example) => {
      const played = catalogueOf(example, catalogue)
      const answered = await answer(reference, played, completedTables(example, played), view)
      const [first] = example.expected
      const columns = described.columns.filter(({ name }) => first === undefined || name in first)
      const expected = sorted(example.expected, columns)
      expect(snapped(sorted(rowsOf(answered), columns), expected, columns)).toEqual(expected)
    })

    test.each(SEEDS)('answers as DuckDB does, over arbitrary tables (seed %s)', async (seed) => {
      const { columns } = described
      const { content, warehouse, answered } = playedBySeed.get(seed) as Played
      const expected = sorted(await warehouse.query(`SELECT * FROM ci_metrics.${view}`), columns)
      const rows = rowsOf(await answer(reference, catalogue, content, view, answered))
      expect(expected).not.toEqual([])
      expect(snapped(sorted(rows, columns), expected, columns)).toEqual(expected)
    })
  })
})
