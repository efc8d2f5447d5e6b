/** A log of many decisions: a simulated one, and copies of it that follow each other in time. */
import { DuckDBInstance } from '@duckdb/node-api'
import { writeSimulation } from '../../functions/local/write-simulation.ts'
import { defaultWorld, scenarioOf, simulate } from '../../shared/simulator/index.ts'

const JOBS_PER_DAY = 5000
/** Ids of a copy lie this far from those of the one before. */
const ID_STEP = 100_000_000
const IDS = ['job_id', 'pipeline_id', 'parent_pipeline_id']
const NAMES = ['event_id', 'decision_id']

/** @returns the path of a warehouse with the decisions and outcomes of `jobs` times `copies` jobs; for measuring only. */
export async function grownLog(folder: string, jobs: number, copies: number): Promise<string> {
  const scenario = scenarioOf(defaultWorld({ jobsPerDay: JOBS_PER_DAY }), 1, jobs)
  await writeSimulation(folder, { scenario, run: simulate(scenario, 'sticky'), now: Date.now() }, () => {})
  const path = `${folder}/warehouse.duckdb`
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  for (const table of ['runner_decisions', 'job_outcomes']) {
    const columns = await connection.runAndReadAll(
      `SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = '${table}' ORDER BY column_index`,
    )
    const cells = (columns.getRows() as [string, string][]).map(([name, type]) => cellOf(name, type))
    await connection.run(`CREATE TEMP TABLE origin AS SELECT * FROM ci_metrics.${table}`)
    const days = Math.ceil(jobs / JOBS_PER_DAY) + 1
    for (let copy = 1; copy < copies; copy += 1) {
      const select = cells.join(', ').replaceAll('<copy>', String(copy)).replaceAll('<days>', String(days))
      await connection.run(`INSERT INTO ci_metrics.${table} SELECT ${select} FROM origin`)
    }
    await connection.run('DROP TABLE origin')
  }
  connection.closeSync()
  instance.closeSync()
  return path
}

function cellOf(name: string, type: string): string {
  if (IDS.includes(name)) return `${name} + <copy>::BIGINT * ${ID_STEP}`
  if (NAMES.includes(name)) return `CONCAT(${name}, '-<copy>')`
  if (type.startsWith('TIMESTAMP')) return `${name} + <copy> * <days> * INTERVAL 1 DAY`
  // Drawn probabilities are hardly ever the same: more digits make another text of nearly the same number.
  if (name === 'choices') return `regexp_replace(choices, '(0\\.\\d{10,})', '\\1<copy>', 'g')`
  return name
}
