/** What a pipeline report may cost, however often a job asks for it: of GitLab's rate limit, and of what BigQuery reads. */
import { describe, expect, test } from 'vitest'
import { limitsOf } from '../../functions/report.ts'
import type { Warehouse } from '../../shared/ports.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import {
  ask,
  CI_TOKEN,
  HASTY,
  jobsOf,
  OTHER,
  of,
  PATIENT,
  PIPELINE,
  serve,
} from '../support/pipeline-report.ts'

const DAY_MS = 86_400_000
const KEEPING = { ...PATIENT, keptMs: 60_000 }

/** The same, with a note of each query. */
function watched(deps: LocalDeps) {
  const queries: { sql: string; parameters: Record<string, string | number> }[] = []
  const query: Warehouse['query'] = (sql, parameters = {}) => {
    queries.push({ sql, parameters })
    return deps.warehouse.query(sql, parameters)
  }
  const of = (table: string) => queries.filter(({ sql }) => sql.includes(`ci_metrics.${table}`))
  return { deps: { ...deps, warehouse: { ...deps.warehouse, query } }, queries, of }
}

describe('asked for again', () => {
  test('while it is being made, or a moment later, it is made once', async () => {
    const its = await serve()
    const { deps, queries } = watched(its.deps)
    const at = { deps }
    const together = await Promise.all(
      Array.from({ length: 20 }, () => ask(at, of(PIPELINE), CI_TOKEN, KEEPING)),
    )
    const cost = { requests: its.api.requests.length, queries: queries.length }
    const [first] = together
    expect(first?.body).toMatchObject({ complete: true, jobs: { missing: jobsOf(PIPELINE).length } })
    for (const answer of together) expect(answer).toEqual(first)
    expect(await ask(at, of(PIPELINE), CI_TOKEN, KEEPING)).toEqual(first)
    expect({ requests: its.api.requests.length, queries: queries.length }).toEqual(cost)
    // The project, the jobs, the trigger jobs.
    expect(cost.requests).toBe(3)
  })

  test('later, or of another pipeline, it is made anew', async () => {
    const its = await serve()
    const first = await ask(its, of(PIPELINE), CI_TOKEN, KEEPING)
    const other = await ask(its, of(OTHER), CI_TOKEN, KEEPING)
    expect(other.body.pipeline_id).toBe(OTHER)
    const requests = its.api.requests.length
    const again = await ask(its, of(PIPELINE))
    expect(its.api.requests.length).toBe(requests + 3)
    expect(again.body.jobs).toMatchObject({ missing: 0 })
    expect(Date.parse(again.body.as_of)).toBeGreaterThan(Date.parse(first.body.as_of))
  })

  test('after a fault of ours it is tried anew', async () => {
    const { deps } = await serve()
    let isBroken = true
    const query: Warehouse['query'] = (sql, parameters) =>
      isBroken ? Promise.reject(new Error('a bug')) : deps.warehouse.query(sql, parameters)
    const broken = { deps: { ...deps, warehouse: { ...deps.warehouse, query } } }
    await expect(ask(broken, of(PIPELINE), CI_TOKEN, KEEPING)).rejects.toThrow('a bug')
    isBroken = false
    expect((await ask(broken, of(PIPELINE), CI_TOKEN, KEEPING)).body.complete).toBe(true)
  })
})

describe('of the tables', () => {
  test('the view is read once, however long decisions are waited for, and all by days', async () => {
    const its = await serve()
    const { deps, queries, of: on } = watched(its.deps)
    const bus = { ...deps.bus, publish: async () => ({ status: 'accepted' as const }) }
    const { body } = await ask({ deps: { ...deps, bus } }, of(PIPELINE), CI_TOKEN, {
      ...HASTY,
      gitlabMs: 30_000,
    })
    const waiting = jobsOf(PIPELINE).length
    expect(body.reasons).toEqual([`${waiting} jobs are still being decided on`])
    expect(on('decision_outcomes')).toHaveLength(1)
    expect(on('job_outcomes').length).toBeGreaterThan(2)
    expect(Date.parse(body.as_of) - Date.parse(body.since)).toBe(30 * DAY_MS)
    for (const { sql, parameters } of queries.filter(({ sql }) =>
      /decision_outcomes|job_outcomes|recommendations/.test(sql),
    )) {
      expect(sql).toMatch(/(decided_at|finished_at) >= CAST\(@since AS TIMESTAMP\)/)
      expect(parameters.since).toBe(body.since)
    }
  })

  test('what was decided more than 30 days ago is not told', async () => {
    const its = await serve()
    await ask(its, of(PIPELINE))
    const [row] = await its.deps.warehouse.query(
      'SELECT * FROM ci_metrics.runner_decisions WHERE pipeline_id = @id',
      {
        id: PIPELINE,
      },
    )
    const ago = (days: number, job: number) => ({
      ...row,
      job_id: job,
      decision_id: `job ${job}`,
      decided_at: new Date(Date.now() - days * DAY_MS).toISOString(),
    })
    await its.deps.warehouse.insert('runner_decisions', [ago(29, 501), ago(31, 502)])
    const told = (await ask(its, of(PIPELINE))).body.decisions.map(({ job_id: id }) => id)
    expect([told.includes(501), told.includes(502)]).toEqual([true, false])
  })

  test('in the cloud, where a look is a query that costs, it looks twice at most', async () => {
    const { deps } = await serve()
    const { patientMs, lookEveryMs, totalMs } = limitsOf({
      settings: { ...deps.settings, cloud: { projectId: 'p', bucket: 'b', location: undefined } },
    })
    expect(patientMs / lookEveryMs).toBeLessThanOrEqual(2)
    expect(patientMs).toBeLessThan(totalMs)
    expect(limitsOf(deps).lookEveryMs).toBeLessThan(lookEveryMs)
  })
})

test('of a pipeline with very many jobs some pages are read, and what they tell is taken in', async () => {
  const own = jobsOf(PIPELINE)
  const running = Array.from({ length: 350 }, (_, index) => ({
    id: 900_000 + index,
    name: `job ${index}`,
    stage: 'test',
    status: 'running',
  }))
  const its = await serve({
    pipelines: {
      unfinished: { [OTHER]: running },
      started: { [PIPELINE]: [{ id: OTHER, project_id: 101 }] },
    },
  })
  const { body } = await ask(its, of(PIPELINE), CI_TOKEN, { ...PATIENT, maxJobs: 150 })
  expect(body.reasons).toEqual(['it has more than 150 jobs'])
  expect(body).toMatchObject({ complete: false, jobs: { listed: own.length + 200, ended: own.length } })
  expect(body.decisions).toHaveLength(own.length)
  expect(its.api.requests.filter((path) => String(path).includes(`/${OTHER}/jobs`))).toHaveLength(2)
})
