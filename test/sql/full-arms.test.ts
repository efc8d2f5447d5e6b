/** Who had no room, counted job by job, against the view, which adds up bits: over more arms than fit into one number. */
import { expect, onTestFinished, test } from 'vitest'
import { openDuckdb } from '../../shared/adapters/local/duckdb.ts'
import { seededDraws } from '../../shared/domain/rng.ts'
import type { Row, TableName } from '../../shared/ports.ts'
import { loadCatalogue } from '../../shared/runtime/sql.ts'
import { catalogueOf, completedTables } from './cases.ts'

const ARMS = Array.from({ length: 130 }, (_, index) => `arm ${String(index).padStart(3, '0')}`)
const JOBS = 800
const START = Date.parse('2026-01-01T00:00:00Z')

type Job = { id: string; arm: string; feasible: string[]; from: number; to: number }

/** Instants are whole seconds of ten minutes, so that many are the same. */
function jobs(seed: string): Job[] {
  const draw = seededDraws(seed)
  const busy = ARMS.filter(() => draw() < 0.8)
  return Array.from({ length: JOBS }, (_, index) => {
    const arm = busy[Math.floor(draw() * busy.length)] as string
    const from = Math.floor(draw() * 600)
    const to = from + Math.max(0.001, Math.floor(draw() * 60) - 3)
    return { id: `job ${index}`, arm, feasible: ARMS.filter((one) => one === arm || draw() < 0.1), from, to }
  })
}

function fullArms(log: readonly Job[]): string[] {
  const onArm = (arm: string) => log.filter((job) => job.arm === arm)
  const running = (arm: string, isThere: (job: Job) => boolean) => onArm(arm).filter(isThere).length
  const capacity = new Map(
    ARMS.map((arm) => [
      arm,
      Math.max(
        0,
        ...onArm(arm).map((job) => running(arm, ({ from, to }) => from <= job.from && to > job.from)),
      ),
    ]),
  )
  return log.flatMap((job) =>
    job.feasible
      .filter((arm) => arm !== job.arm)
      .filter((arm) => running(arm, ({ from, to }) => from < job.from && to > job.from) === capacity.get(arm))
      .map((arm) => `${job.id}: ${arm}`),
  )
}

test.each(['one', 'two'])('is what counting says (seed %s)', async (seed) => {
  const log = jobs(seed)
  const at = (seconds: number) => new Date(START + seconds * 1000).toISOString()
  const example = {
    case: seed,
    tables: {
      evaluation_decisions: log.map(({ id, arm, feasible, from }) => ({
        decision_id: id,
        signature: feasible.join(','),
        feasible: JSON.stringify(feasible),
        feasible_count: feasible.length,
        action: arm,
        started_at: at(from),
      })),
      // What took no time, or less, took a millisecond.
      evaluation_jobs: log.map(({ arm, from, to }) => ({
        ran_on: arm,
        started_at: at(from),
        finished_at: at(to - from < 1 ? from - 1 : to),
      })),
    },
    expected: [],
  }
  const catalogue = catalogueOf(example, loadCatalogue())
  const warehouse = await openDuckdb(':memory:', catalogue)
  onTestFinished(() => warehouse.close())
  for (const [table, rows] of Object.entries(completedTables(example, catalogue)) as [TableName, Row[]][]) {
    await warehouse.insert(table, rows)
  }
  const rows = await warehouse.query('SELECT decision_id, arm FROM ci_metrics.full_arms')
  const found = rows.map(({ decision_id, arm }) => `${decision_id}: ${arm}`)
  expect(found.length).toBeGreaterThan(JOBS)
  expect(found.sort()).toEqual(fullArms(log).sort())
})
