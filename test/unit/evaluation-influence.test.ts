/** What is asked of single jobs and pipelines, and of how much of the mix an arm ran: by hand. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DuckdbWarehouse, openDuckdb } from '../../shared/adapters/local/duckdb.ts'
import { statementOf } from '../../shared/runtime/ask-evaluation.ts'
import { influenceQuestions } from '../../shared/runtime/evaluation-influence.ts'
import { loadCatalogue } from '../../shared/runtime/sql.ts'

const catalogue = loadCatalogue()
const ALL = { fromAt: undefined, toAt: undefined }
const questions = influenceQuestions({ policy: 'greedy', reward: 'spec', source: 'estimated' })

let warehouse: DuckdbWarehouse
beforeAll(async () => {
  warehouse = await openDuckdb(':memory:', catalogue)
})
afterAll(() => warehouse.close())

/** Rows in place of views. */
const ask = (name: keyof typeof questions, views: Record<string, string>) =>
  warehouse.select(statementOf(questions[name], catalogue, ALL, new Map(Object.entries(views))))

const DECISIONS = `SELECT * FROM (VALUES
  ('j1', 1, 'build', 'a', 0.5), ('j2', 2, 'build', 'b', 1.0), ('j3', 3, 'build', 'b', 0.0), ('j4', 4, 'deploy', 'c', 2.0),
  ('j5', 5, 'lint', 'a', NULL), ('j6', 6, 'lint', 'c', 1.0)
) AS decisions (decision_id, job_id, job_key, action, reward_spec)`

test('an arm covers the jobs of those job keys that it and another arm ran', async () => {
  // Of five jobs with the reward, three are builds, which a and b ran; c alone ran the other two.
  const rows = await ask('coverage', { evaluation_decisions: DECISIONS })
  expect(rows.sort((left, right) => (String(left.arm) < String(right.arm) ? -1 : 1))).toEqual([
    { arm: 'a', shared_job_keys: 1, covered_share: 0.6 },
    { arm: 'b', shared_job_keys: 1, covered_share: 0.6 },
    { arm: 'c', shared_job_keys: 0, covered_share: 0 },
  ])
})

test('jobs and pipelines that move the difference the most, each beside the sums of all', async () => {
  // model_policy + w (r − model_action) − r: 2 + 0 − 1 = 1; 1 + 4·(3 − 1) − 3 = 6; 0 − 1 = −1. The mean is 2, so that they are
  // −1, 4 and −3 beside it; the pipelines p (j1, j2) 3 and q (j3) −3.
  const terms = `SELECT
  decision_id, cluster_id, target, 'spec' AS reward_name, 'estimated' AS source, weight, reward, model_policy, model_action
FROM (VALUES
  ('j1', 'p', 'greedy', 0.0, 1.0, 2.0, 5.0), ('j2', 'p', 'greedy', 4.0, 3.0, 1.0, 1.0), ('j3', 'q', 'greedy', 0.0, 1.0, 0.0, 9.0),
  ('j3', 'q', 'ucb1', 1.0, 100.0, 0.0, 0.0)
) AS terms (decision_id, cluster_id, target, weight, reward, model_policy, model_action)`
  const rows = await ask('influence', { evaluation_decisions: DECISIONS, policy_terms: terms })
  const all = { all_clusters: 2, all_jobs: 3, difference: 2, squares: 18, products: 3, jobs_squared: 5 }
  const ofP = { cluster_id: 'p', cluster_jobs: 2, cluster_beyond: 3, ...all }
  const ofQ = { cluster_id: 'q', cluster_jobs: 1, cluster_beyond: -3, ...all }
  const none = { job_id: null, job_key: null, arm: null, weight: null }
  const order = (row: Record<string, unknown>) => `${row.unit} ${row.cluster_id}`
  expect(rows.sort((left, right) => (order(left) < order(right) ? -1 : 1))).toEqual([
    { unit: 'job', job_id: 2, job_key: 'build', arm: 'b', weight: 4, beyond: 4, ...ofP },
    { unit: 'job', job_id: 3, job_key: 'build', arm: 'b', weight: 0, beyond: -3, ...ofQ },
    { unit: 'pipeline', ...none, beyond: 3, ...ofP },
    { unit: 'pipeline', ...none, beyond: -3, ...ofQ },
  ])
})
