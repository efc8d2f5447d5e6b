/** From how many jobs on that GitLab placed it is asked how well its choices are estimated. */
import { expect, onTestFinished, test } from 'vitest'
import { openDuckdb } from '../../shared/adapters/local/duckdb.ts'
import type { Row, TableName } from '../../shared/ports.ts'
import { loadCatalogue } from '../../shared/runtime/sql.ts'
import { catalogueOf, completedTables } from './cases.ts'

/** Of a log whose calibration is 0.3 off, and which has nothing else against it. */
async function isPassed(unrouted: number, routed: number): Promise<unknown> {
  const jobs = Array.from({ length: unrouted + routed }, (_, index) => ({
    decision_id: `job ${index}`,
    cluster_id: `pipeline ${index % 50}`,
    is_recorded: index >= unrouted,
  }))
  const example = {
    case: '',
    tables: {
      evaluation_decisions: jobs.map((job) => ({ ...job, feasible_count: 2 })),
      candidates: [],
      propensities: jobs.map((job) => ({ ...job, source: 'estimated', propensity: 0.5 })),
      propensity_model: [],
      propensity_calibration: [
        { source: 'estimated', bin: 5, candidates: 100, predicted: 0.5, observed: 0.8 },
      ],
    },
    expected: [],
  }
  const catalogue = catalogueOf(example, loadCatalogue())
  const warehouse = await openDuckdb(':memory:', catalogue)
  onTestFinished(() => warehouse.close())
  for (const [table, rows] of Object.entries(completedTables(example, catalogue)) as [TableName, Row[]][]) {
    if (rows.length > 0) await warehouse.insert(table, rows)
  }
  const [row] = await warehouse.query('SELECT is_passed FROM ci_metrics.propensity_check')
  return row?.is_passed
}

test.each([
  [0, 200, true],
  [104, 1996, true],
  [105, 1995, false],
  [99, 100, true],
  [99, 99, false],
  [100, 101, false],
  [300, 0, false],
])(
  '%i unrouted jobs beside %i routed ones: passes without calibration is %s',
  async (unrouted, routed, passes) => {
    expect(await isPassed(unrouted, routed)).toBe(passes)
  },
)
