/** The pipeline report: at the end of a pipeline its .post job asks once, and nothing that GitLab knows stays missing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rebuild } from '../../functions/rebuild.ts'
import { report } from '../../functions/report.ts'
import { InvalidInputError } from '../../shared/errors.ts'
import { type PlayedDay, playDay } from '../../shared/played-gitlab/index.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import type { PipelineReport } from '../../shared/schema/report.ts'
import {
  API_TOKEN as GITLAB_TOKEN,
  type PlayedApi,
  type PlayedApiOptions,
  startPlayedApi,
} from '../support/played-api/index.ts'
import {
  AUDIENCE,
  type Claims,
  jobClaims,
  type PlayedIssuer,
  startPlayedIssuer,
} from '../support/played-issuer.ts'
import { startServer } from '../support/server.ts'

const CI_TOKEN = 'an-api-token-for-tests'
const HOUR_MS = 3_600_000
const PROJECT = 101

const cleanups: (() => unknown)[] = []
const whenDone = (cleanUp: () => unknown) => void cleanups.push(cleanUp)
afterAll(() => {
  for (const cleanUp of cleanups) cleanUp()
})

/** A day that ended an hour ago. */
const day = playDay({ seed: 47, jobs: 300, startAt: Date.now() - 25 * HOUR_MS })
const [PIPELINE, CHILD, OTHER] = pipelinesOf(day)
const jobsOf = (...pipelines: number[]) => day.jobs.filter(({ pipelineId }) => pipelines.includes(pipelineId))

/** The first of the project that have more than one job, one with a retry before the others. */
function pipelinesOf({ jobs }: PlayedDay): [number, number, number] {
  const own = jobs.filter(({ project }) => project.id === PROJECT)
  const retried = new Set(own.filter(({ attempt }) => attempt === 1).map(({ pipelineId }) => pipelineId))
  const ids = [...retried, ...new Set(own.map(({ pipelineId }) => pipelineId))]
  const [first, second, third] = [...new Set(ids)]
  if (first === undefined || second === undefined || third === undefined) throw new Error('too short a day')
  return [first, second, third]
}

type Answer = PipelineReport & { error?: string }
type Served = { api: PlayedApi; url: string; deps: LocalDeps }

async function serve(
  options: Partial<PlayedApiOptions> = {},
  env: Record<string, string | undefined> = {},
): Promise<Served> {
  const api = await startPlayedApi({ day, whenDone, ...options })
  const settings = { GITLAB_URL: api.url, GITLAB_API_TOKEN: GITLAB_TOKEN, RUNNER_BANDIT_API_TOKEN: CI_TOKEN }
  return { api, ...(await startServer({ ...settings, ...env })) }
}

/** Tests of what is done have all the time that they take, those of what is not done have none. */
const PATIENT = { gitlabMs: 30_000, patientMs: 30_000, lookEveryMs: 20, totalMs: 40_000 }
const HASTY = { gitlabMs: 400, patientMs: 400, lookEveryMs: 20, totalMs: 30_000 }

async function ask(
  { deps }: Pick<Served, 'deps'>,
  form: Record<string, string>,
  token = CI_TOKEN,
  limits = PATIENT,
): Promise<{ status: number; body: Answer }> {
  const bytes = new TextEncoder().encode(String(new URLSearchParams(form)))
  const headers = { authorization: `Bearer ${token}` }
  const request = { method: 'POST', query: new URLSearchParams(), headers, body: async () => bytes }
  const { status, body } = await report({ ...request, drain: async () => 0 }, deps, limits)
  return { status, body: body as Answer }
}

const of = (pipeline: number) => ({ project_id: String(PROJECT), pipeline_id: String(pipeline) })
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

describe('who may ask', () => {
  let issuer: PlayedIssuer
  let served: Served
  beforeAll(async () => {
    issuer = await startPlayedIssuer(whenDone)
    const idTokens = {
      RUNNER_BANDIT_ID_TOKEN_AUDIENCE: AUDIENCE,
      RUNNER_BANDIT_ID_TOKEN_PROJECTS: String(PROJECT),
    }
    served = await serve({}, { ...idTokens, GITLAB_URL: issuer.url })
    const api = served.api.url
    // Keys and jobs come from one GitLab; here two play it.
    served.deps.gitlab = (await serve({}, { GITLAB_URL: api })).deps.gitlab
  })
  const tokenOf = (claims: Claims = {}) =>
    issuer.token(jobClaims(issuer, Date.now(), { pipeline_id: String(PIPELINE), ...claims }))

  test('a job with an id token asks about its own pipeline without saying which', async () => {
    const { status, body } = await ask(served, {}, tokenOf())
    expect([status, body.pipeline_id, body.complete]).toEqual([200, PIPELINE, true])
    expect(body.jobs.ended).toBe(jobsOf(PIPELINE).length)
  })

  test('and about no other; and a fork not at all', async () => {
    expect((await ask(served, of(OTHER), tokenOf())).status).toBe(403)
    const fork = {
      project_id: '900',
      project_path: 'stranger/fork',
      job_project_id: String(PROJECT),
      job_project_path: 'example/backoffice',
    }
    const { status, body } = await ask(served, {}, tokenOf(fork))
    expect([status, body.error]).toEqual([403, expect.stringContaining('stranger/fork')])
  })

  test('nobody without a token, and nobody where none is set', async () => {
    expect((await ask(served, of(PIPELINE), 'wrong')).status).toBe(401)
    const closed = await serve({}, { RUNNER_BANDIT_API_TOKEN: undefined })
    expect((await ask(closed, of(PIPELINE))).status).toBe(403)
  })

  test('with the token of the API a pipeline has to be named', async () => {
    const wrong = [{}, { project_id: '101' }, { project_id: '1e3', pipeline_id: '7' }, { project_id: 'a/b' }]
    for (const form of wrong)
      await expect(ask(served, form as Record<string, string>)).rejects.toThrow(InvalidInputError)
  })

  test('it is asked by a POST of a form to /report', async () => {
    const statusOf = async (token: string, form?: Record<string, string>) => {
      const body = form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }
      return (await fetch(`${served.url}/report`, { headers: { authorization: `Bearer ${token}` }, ...body }))
        .status
    }
    expect(await statusOf(CI_TOKEN, of(PIPELINE))).toBe(200)
    expect(await statusOf(CI_TOKEN, {})).toBe(400)
    expect(await statusOf('wrong', of(PIPELINE))).toBe(401)
    expect(await statusOf(CI_TOKEN)).toBe(405)
  })
})
