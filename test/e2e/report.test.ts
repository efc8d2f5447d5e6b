/** The pipeline report: at the end of a pipeline its .post job asks once, and nothing that GitLab knows stays missing. */
import { beforeAll, describe, expect, test } from 'vitest'
import { rebuild } from '../../functions/rebuild.ts'
import {
  ask,
  CHILD,
  CI_TOKEN,
  HASTY,
  jobsOf,
  OTHER,
  of,
  PATIENT,
  PIPELINE,
  PROJECT,
  type Served,
  serve,
} from '../support/pipeline-report.ts'

const EVENTS = `SELECT job_id, kind, source, pipeline_id, parent_pipeline_id FROM ci_metrics.job_events ORDER BY job_id, kind DESC`

describe('a pipeline of which no webhook came', () => {
  let served: Served
  const own = jobsOf(PIPELINE, CHILD)
  beforeAll(async () => {
    const running = { id: 999_999, name: 'mab:report', stage: '.post', status: 'running' }
    const started = {
      [PIPELINE]: [
        { id: CHILD, project_id: PROJECT },
        { id: 5, project_id: 102 },
      ],
    }
    served = await serve({ pipelines: { unfinished: { [PIPELINE]: [running] }, started } })
  })

  test('is taken in with its child pipeline, retried jobs included, and what was decided is told', async () => {
    const { status, body } = await ask(served, of(PIPELINE))
    expect(status).toBe(200)
    expect(body).toMatchObject({ complete: true, reasons: [], pipeline_ids: [PIPELINE, CHILD] })
    const facts = own.flatMap(({ startedAtMs }) => (startedAtMs === null ? [1] : [1, 1])).length
    expect(body.jobs).toEqual({
      listed: own.length + 1,
      ended: own.length,
      missing: own.length,
      published: facts,
      waiting: 0,
      quarantined: 0,
    })
    expect(body.decisions.map(({ job_id: id }) => id)).toEqual(own.map(({ id }) => id).sort((a, b) => a - b))
    const statuses = new Map(own.map(({ id, status: ended }) => [id, ended]))
    for (const row of body.decisions) expect(row.job_status).toBe(statuses.get(row.job_id as number))
    expect(body.summary).toMatch(
      new RegExp(`^${own.length} jobs ended; of ${own.length} something was missing`),
    )
    const logged = await served.deps.warehouse.query(EVENTS)
    expect(logged).toHaveLength(facts)
    expect(new Set(logged.map(({ source }) => source))).toEqual(new Set(['reconcile']))
    expect(new Set(logged.map((row) => `${row.pipeline_id} of ${row.parent_pipeline_id}`))).toEqual(
      new Set([`${PIPELINE} of null`, `${CHILD} of ${PIPELINE}`]),
    )
  })

  test('asked about again, nothing is missing and nothing counted twice', async () => {
    const before = await served.deps.warehouse.query(EVENTS)
    const { body } = await ask(served, of(PIPELINE))
    expect(body.jobs).toMatchObject({ ended: own.length, missing: 0, published: 0, waiting: 0 })
    expect(body.decisions).toHaveLength(own.length)
    expect(await served.deps.warehouse.query(EVENTS)).toEqual(before)
    expect(await rebuild({ check: true }, served.deps)).toMatchObject({ equal: true })
  })

  test('tells what its jobs were told when they asked', async () => {
    const question = `project=${PROJECT}&job=build&tags=docker-any&pipeline_id=${PIPELINE}`
    const headers = { authorization: `Bearer ${CI_TOKEN}` }
    const told = JSON.parse(await (await fetch(`${served.url}/recommend?${question}`, { headers })).text())
    await served.deps.deliveries.drained()
    // Another GitLab has a project and a pipeline of the same number.
    const [row] = await served.deps.warehouse.query('SELECT * FROM ci_metrics.recommendations')
    const elsewhere = { ...row, decision_id: 'elsewhere', instance: 'gitlab.example.org' }
    await served.deps.warehouse.insert('recommendations', [elsewhere])
    const { body } = await ask(served, of(PIPELINE))
    expect(body.recommendations).toEqual([
      expect.objectContaining({ decision_id: told.decision_id, job_name: 'build', arm: told.runner }),
    ])
    expect((await ask(served, of(OTHER))).body.recommendations).toEqual([])
  })
})

describe('GitLab', () => {
  const decisions = { complete: false, decisions: [], jobs: { published: 0 } }

  test('away or limiting the rate costs the answer its seconds and no more, and it says so', async () => {
    const faults = ['hang', { status: 429, headers: { 'retry-after': '600' } }, { status: 503 }] as const
    const answers = await Promise.all(
      faults.map(async (fault) => ask(await serve({ fault: () => fault }), of(PIPELINE), CI_TOKEN, HASTY)),
    )
    for (const { status, body } of answers) {
      expect([status, body.reasons.length]).toEqual([200, 1])
      expect(body).toMatchObject({ ...decisions, jobs: { listed: null } })
      expect(body.summary).toContain('GitLab did not tell of the jobs. ')
    }
  })

  test('is not waited for, and neither are the tables, when the time is over', async () => {
    const { deps } = await serve()
    const stuck = { ...deps, warehouse: { ...deps.warehouse, query: () => new Promise<never>(() => {}) } }
    const { body } = await ask({ deps: stuck }, of(PIPELINE), CI_TOKEN, { ...PATIENT, totalMs: 300 })
    expect(body).toMatchObject({ ...decisions, reasons: ['it took longer than 0.3 seconds'] })
  })

  test('failing in the middle loses nothing that it told before', async () => {
    const its = await serve({
      pipelines: { started: { [PIPELINE]: [{ id: CHILD, project_id: PROJECT }] } },
      fault: (_nth, { pathname }) =>
        pathname.includes(`/${CHILD}/`) ? { status: 403, body: {} } : undefined,
    })
    const { body } = await ask(its, of(PIPELINE))
    expect(body).toMatchObject({ complete: false, jobs: { ended: jobsOf(PIPELINE).length } })
    expect(body.reasons).toEqual([expect.stringContaining('(403)')])
    expect(body.decisions).toHaveLength(jobsOf(PIPELINE).length)
    await its.deps.deliveries.drained()
    const pipelines = new Set((await its.deps.warehouse.query(EVENTS)).map(({ pipeline_id: id }) => id))
    expect(pipelines).toEqual(new Set([PIPELINE]))
  })

  test.each<[string, Record<string, string | undefined>, number, RegExp]>([
    [
      'not asked for want of a token',
      { GITLAB_API_TOKEN: undefined },
      PIPELINE,
      /GITLAB_API_TOKEN is not set/,
    ],
    [
      'refusing the token',
      { GITLAB_API_TOKEN: 'token-of-another' },
      PIPELINE,
      /does not accept GITLAB_API_TOKEN/,
    ],
    ['not knowing the pipeline', {}, 4_000_000, /knows nothing/],
  ])('%s is said in an answer', async (_name, env, pipeline, reason) => {
    const its = await serve({}, env)
    const { status, body } = await ask(its, of(pipeline))
    expect(status).toBe(200)
    expect(body).toMatchObject(decisions)
    expect(body.reasons).toEqual([expect.stringMatching(reason)])
  })
})
