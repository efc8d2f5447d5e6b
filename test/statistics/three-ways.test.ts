/**
 * The same figures of the same log by three computations that share no code: the views (SQL), shared/domain/evaluation
 * (TypeScript), and ./independent, which is written down from the definitions. Each is held against the independent one.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DuckdbWarehouse, openDuckdb } from '../../shared/adapters/local/duckdb.ts'
import type { Row, TableName } from '../../shared/ports.ts'
import { loadCatalogue } from '../../shared/runtime/sql.ts'
import { composed } from '../../shared/schema/compose-sql.ts'
import {
  DAY_KEY,
  dayFigures,
  dayNames,
  PAIR_KEY,
  pairFigures,
  pairNames,
  VALUE_KEY,
  valueFigures,
  valueNames,
} from './answer-rows.ts'
import { comparisonsOf, valuesOf } from './independent/answers.ts'
import { curvesOf } from './independent/curve.ts'
import { evaluableJobs } from './independent/jobs.ts'
import { evaluationOf } from './independent/terms.ts'
import { differences, type Figures, named } from './nearly.ts'
import { syntheticLog } from './synthetic-log.ts'

const SIZE = { jobs: 5000, pipelines: 1200 }

const log = syntheticLog('three ways', SIZE)
const { jobs, runs, leftOut } = evaluableJobs(log)
const { terms, contextOf, propensityOf, q } = evaluationOf(jobs, runs)

const catalogue = loadCatalogue()

/** Every question is one statement, as `evaluate` asks; what all of them begin with is answered once and kept. */
const KEPT = ['evaluation_decisions', 'behaviour_contexts', 'candidates', 'policy_terms']
const fromKept: Record<string, string> = {}

let warehouse: DuckdbWarehouse
beforeAll(async () => {
  warehouse = await openDuckdb(':memory:', catalogue)
  for (const [table, rows] of Object.entries(log) as [TableName, Row[]][]) await warehouse.insert(table, rows)
  for (const view of KEPT) {
    await warehouse.query(`CREATE TABLE kept_${view} AS ${composed(view, catalogue, fromKept)}`)
    fromKept[view] = `SELECT * FROM kept_${view}`
  }
})
afterAll(() => warehouse.close())

const rowsOf = (view: string) => warehouse.query(composed(view, catalogue, fromKept))
const at = (row: object, ...columns: string[]) => columns.map((name) => (row as Row)[name]).join(' ')
/** The view's rows by their key, with the figures that ours have. */
async function theirsOf(view: string, key: readonly string[], ours: Map<string, Figures>) {
  const [first = {}] = ours.values()
  const rows = await rowsOf(view)
  return named(
    rows,
    (row) => at(row, ...key),
    (row) => only(row, Object.keys(first)),
  )
}

const only = (row: object, columns: readonly string[]) =>
  Object.fromEntries(columns.map((name) => [name, (row as Row)[name]])) as Figures

test('the log has of everything', () => {
  expect(jobs.length).toBeGreaterThan(4500)
  expect(jobs.filter(({ recorded }) => recorded !== null).length).toBeGreaterThan(600)
  const contexts = jobs.map(contextOf)
  const unrouted = jobs.filter(({ recorded }) => recorded === null)
  const full = unrouted.map((job) => job.feasible.length - contextOf(job).free.length)
  expect(full.filter((count) => count > 0).length).toBeGreaterThan(1000)
  expect(full.filter((count) => count > 1).length).toBeGreaterThan(100)
  expect(contexts.filter(({ previousArm }) => previousArm !== '').length).toBeGreaterThan(1000)
  expect(contexts.filter(({ queueDepth }) => queueDepth > 1).length).toBeGreaterThan(50)
  expect([...leftOut.keys()].sort()).toEqual([
    'action_not_feasible',
    'no_arm',
    'no_choices',
    'running',
    'tags_unknown',
  ])
})

describe('the views', () => {
  test('evaluate the same jobs, and leave out the others for the same reasons', async () => {
    const reasons = new Map([...leftOut, ['evaluated', jobs.length]])
    expect(
      new Map((await rowsOf('evaluation_exclusions')).map(({ reason, jobs }) => [reason, jobs])),
    ).toEqual(reasons)
  })

  test('have the same rewards', async () => {
    const ours = named(
      jobs,
      ({ id }) => id,
      ({ fold, action, recorded, rewards }) => ({
        fold,
        action,
        recorded_propensity: recorded,
        ...Object.fromEntries(Object.entries(rewards).map(([name, value]) => [`reward_${name}`, value])),
      }),
    )
    const theirs = await theirsOf('evaluation_decisions', ['decision_id'], ours)
    expect(differences(ours, theirs)).toEqual([])
  })

  test('see the same contexts', async () => {
    const ours = named(
      jobs,
      ({ id }) => id,
      (job) => {
        const { signature, free, previousArm, queueDepth } = contextOf(job)
        return {
          signature,
          free_arms: free.join(','),
          previous_arm: previousArm,
          queue_depth: queueDepth,
          attempt: job.attempt,
        }
      },
    )
    const theirs = await theirsOf('behaviour_contexts', ['decision_id'], ours)
    expect(differences(ours, theirs)).toEqual([])
  })

  test('estimate the same propensities', async () => {
    const key = ['fold', 'signature', 'free_arms', 'previous_arm', 'arm']
    const nameOf = (row: object) => at(row, ...key)
    const held = jobs.filter(({ recorded }) => recorded === null).map((job) => ({ job, ...contextOf(job) }))
    const cells = held.flatMap(({ job: { fold, feasible }, signature, free, previousArm }) =>
      feasible.map((arm) => ({
        fold,
        signature,
        free_arms: free.join(','),
        previous_arm: previousArm,
        arm,
        cell: { fold, signature, free, previousArm, arm },
      })),
    )
    const distinct = new Map(cells.map((cell) => [nameOf(cell), cell]))
    const heldIn = Map.groupBy(held, ({ job, signature, free, previousArm }) =>
      [job.fold, signature, free.join(','), previousArm].join(' '),
    )
    const ours = named(distinct.values(), nameOf, (row) => {
      const own = heldIn.get(at(row, ...key.slice(0, 4))) ?? []
      return {
        probability: propensityOf(row.cell),
        held_out_jobs: own.length,
        held_out_actions: own.filter(({ job }) => job.action === row.arm).length,
      }
    })
    expect(differences(ours, await theirsOf('propensity_model', key, ours))).toEqual([])
  })

  test('expect the same rewards of every arm', async () => {
    const nameOf = (row: object) => at(row, 'fold', 'job_key', 'arm')
    const cells = jobs.flatMap(({ fold, jobKey, feasible }) =>
      feasible.map((arm) => ({ fold, job_key: jobKey, arm })),
    )
    const distinct = new Map(cells.map((cell) => [nameOf(cell), cell]))
    const ours = named(distinct.values(), nameOf, ({ fold, job_key, arm }) => {
      const cell = { fold, jobKey: job_key }
      return {
        q_spec: q('spec', cell, arm),
        q_speed: q('speed', cell, arm),
        q_success: q('success', cell, arm),
        q_time_to_result: q('time_to_result', cell, arm),
        q_cost: q('cost', cell, arm),
      }
    })
    const theirs = await theirsOf('reward_model', ['fold', 'job_key', 'arm'], ours)
    expect(differences(ours, theirs)).toEqual([])
  })

  test('have the same terms', async () => {
    // Named by the engine: there are 300,000.
    const theirs = await warehouse.query(`
      SELECT
        decision_id || ' ' || target || ' ' || reward_name || ' ' || source || ' ' || decided || ' ' || day AS name,
        weight, reward, feasible, model_policy, model_action
      FROM kept_policy_terms`)
    const ours = named(
      terms,
      ({ job, target, rewardName, source, decided }) =>
        `${job.id} ${target} ${rewardName} ${source} ${decided} ${job.day}`,
      ({ weight, reward, feasible, modelPolicy, modelAction }) => ({
        weight,
        reward,
        feasible,
        model_policy: modelPolicy,
        model_action: modelAction,
      }),
    )
    expect(
      differences(
        ours,
        named(
          theirs,
          (row) => row.name as string,
          (row) => row as Figures,
        ),
      ),
    ).toEqual([])
  })

  test('give the same values', async () => {
    const ours = named(valuesOf(terms), (answer) => at(valueNames(answer), ...VALUE_KEY), valueFigures)
    expect(differences(ours, await theirsOf('policy_value', VALUE_KEY, ours))).toEqual([])
  })

  test('compare with the same results', async () => {
    const ours = named(comparisonsOf(terms), (pair) => at(pairNames(pair), ...PAIR_KEY), pairFigures)
    expect(differences(ours, await theirsOf('policy_comparison', PAIR_KEY, ours))).toEqual([])
  })

  test('draw the same learning curves', async () => {
    const ours = named(curvesOf(terms), (day) => at(dayNames(day), ...DAY_KEY), dayFigures)
    expect(differences(ours, await theirsOf('learning_curve', DAY_KEY, ours))).toEqual([])
  })
})
