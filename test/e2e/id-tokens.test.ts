/** CI jobs that ask /recommend and /stats and report to /update with the id token that GitLab gave to them. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import {
  AUDIENCE,
  type Claims,
  jobClaims,
  type PlayedIssuer,
  signingKey,
  startPlayedIssuer,
  unsigned,
} from '../support/played-issuer.ts'
import { playDockerRunners, startServer } from '../support/server.ts'

const API_TOKEN = 'an-api-token-for-tests'
const ID_TOKENS = {
  RUNNER_BANDIT_ID_TOKEN_AUDIENCE: AUDIENCE,
  RUNNER_BANDIT_ID_TOKEN_PROJECTS: '101, partners/*',
}

const cleanups: (() => unknown)[] = []
afterAll(() => {
  for (const cleanUp of cleanups) cleanUp()
})

let issuer: PlayedIssuer
let url: string
let deps: LocalDeps
let lastJobId = 7000

beforeAll(async () => {
  issuer = await startPlayedIssuer((cleanUp) => cleanups.push(cleanUp))
  const server = await startServer({ GITLAB_URL: issuer.url, ...ID_TOKENS })
  url = server.url
  deps = server.deps
  await playDockerRunners(url)
  await deps.deliveries.drained()
})
beforeEach(() => {
  lastJobId += 1
})

const tokenOf = (overrides: Claims = {}) =>
  issuer.token(jobClaims(issuer, Date.now(), { job_id: String(lastJobId), ...overrides }))

async function ask(path: string, token?: string, form?: Record<string, string> | string, at = url) {
  const response = await fetch(`${at}${path}`, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith('{') ? JSON.parse(text) : text,
  }
}

const RECOMMEND = '/recommend?job=rspec&tags=docker-any'
/** What an after_script says; who the job is, says its token. */
const report = {
  job_name: 'rspec',
  status: 'success',
  duration_seconds: '61',
  runner_description: 'Mac Docker Runner',
}
const reported = (jobId = lastJobId) =>
  deps.warehouse.query(
    'SELECT project_id, project_path, job_id, pipeline_id, runner_id, source FROM ci_metrics.job_events WHERE job_id = @id',
    { id: jobId },
  )

describe('a job with an id token', () => {
  test('asks for a runner, with its project known from the token, and reports its end, with its ids', async () => {
    const answer = await ask(RECOMMEND, tokenOf())
    expect(answer).toMatchObject({ status: 200, body: { kind: 'arm', runner: 'Mac2 Docker Runner' } })
    const decided = await deps.warehouse.query('SELECT project, job_key FROM ci_metrics.recommendations')
    await deps.deliveries.drained()
    expect(
      await deps.warehouse.query('SELECT project, job_key FROM ci_metrics.recommendations'),
    ).toContainEqual({
      project: '101',
      job_key: '101/rspec',
    })
    expect(decided.length).toBeLessThanOrEqual(1)

    expect(await ask('/update', tokenOf(), report)).toMatchObject({
      status: 202,
      body: { status: 'accepted' },
    })
    await deps.deliveries.drained()
    expect(await reported()).toEqual([
      {
        project_id: 101,
        project_path: 'example/backoffice',
        job_id: lastJobId,
        pipeline_id: 501,
        runner_id: 2,
        source: 'update',
      },
    ])
  })

  test('may say what its token says, too', async () => {
    const said = {
      project_id: '101',
      project_path: 'example/backoffice',
      job_id: String(lastJobId),
      pipeline_id: '501',
      runner_id: '2',
    }
    expect(await ask('/update', tokenOf(), { ...report, ...said })).toMatchObject({ status: 202 })
    for (const project of ['101', 'example%2Fbackoffice', ''])
      expect(await ask(`${RECOMMEND}&project=${project}`, tokenOf())).toMatchObject({ status: 200 })
    expect(await ask('/recommend', tokenOf(), { project: '101', job: 'rspec', tags: '' })).toMatchObject({
      status: 200,
    })
  })

  test('of a project in a group that is listed asks', async () => {
    const partner = { project_id: '900', project_path: 'partners/sub/app' }
    expect(await ask(RECOMMEND, tokenOf(partner))).toMatchObject({ status: 200 })
  })

  test('asks the issuer for its keys once, and is answered while it is away', async () => {
    const before = issuer.requests.length
    issuer.fault = 'hang'
    expect(await ask(RECOMMEND, tokenOf())).toMatchObject({ status: 200 })
    issuer.fault = undefined
    expect([before, issuer.requests.length]).toEqual([2, 2])
  })
})

describe('refused is', () => {
  test.each<[string, () => string | undefined]>([
    ['no token', () => undefined],
    ['a token of the API where none is set', () => API_TOKEN],
    ['a token for another audience', () => tokenOf({ aud: 'https://bandit.example.net' })],
    ['an expired one', () => tokenOf({ exp: Date.now() / 1000 - 61 })],
    ['an unsigned one', () => unsigned(jobClaims(issuer, Date.now()), 'first')],
    ['one of a person', () => tokenOf({ job_id: undefined, project_id: undefined })],
    ['two dots', () => '..'],
  ])('%s, by a 401', async (_name, token) => {
    await deps.deliveries.drained()
    const logged = await deps.warehouse.query('SELECT COUNT(*) AS n FROM ci_metrics.job_events')
    for (const answer of [
      await ask(`${RECOMMEND}&project=101`, token()),
      await ask('/update', token(), { ...report, project_id: '101', job_id: '1' }),
    ]) {
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      expect(JSON.stringify(answer.body)).not.toContain('ey')
    }
    await deps.deliveries.drained()
    expect(await deps.warehouse.query('SELECT COUNT(*) AS n FROM ci_metrics.job_events')).toEqual(logged)
  })

  test('who shows nothing, with a hint at what is set: id tokens alone, or a token of the API', async () => {
    const only = [
      await ask(`${RECOMMEND}&project=101`, undefined),
      await ask('/update', undefined, { ...report, project_id: '101', job_id: '1' }),
      await ask('/stats', undefined),
    ]
    for (const { body } of only)
      expect(body).toEqual({ error: expect.stringMatching(/Bearer <id token of a CI job>.*is not set/) })
    const both = await startServer({
      GITLAB_URL: issuer.url,
      ...ID_TOKENS,
      RUNNER_BANDIT_API_TOKEN: API_TOKEN,
    })
    expect((await ask('/stats', undefined, undefined, both.url)).body).toEqual({
      error: 'The header "Authorization: Bearer <RUNNER_BANDIT_API_TOKEN>" is missing or wrong.',
    })
  })

  test('a job of another project, by a 403 that names it', async () => {
    const other = { project_id: '1010', project_path: 'partners-of-others/app' }
    for (const answer of [await ask(RECOMMEND, tokenOf(other)), await ask('/update', tokenOf(other), report)])
      expect(answer).toMatchObject({
        status: 403,
        body: { error: expect.stringContaining('partners-of-others/app') },
      })
    expect(await reported()).toEqual([])
  })

  test.each<[string, Record<string, string>]>([
    ['project_id', { project_id: '102' }],
    ['project_path', { project_path: 'example/crm' }],
    ['job_id', { job_id: '1' }],
    ['pipeline_id', { pipeline_id: '502' }],
    ['runner_id', { runner_id: '3' }],
    ['project_id, job_id', { project_id: '0101', job_id: '1e3' }],
  ])('a report of another %s, by a 403 that names it', async (names, change) => {
    const answer = await ask('/update', tokenOf(), { ...report, ...change })
    expect([answer.status, answer.body.error]).toEqual([
      403,
      expect.stringContaining(`otherwise than: ${names}.`),
    ])
    expect([
      ...(await reported()),
      ...(await reported(1)).filter(({ source }) => source === 'update'),
    ]).toEqual([])
  })

  test('a question about another project, also behind one about its own', async () => {
    for (const query of [
      'project=102',
      'project=101&project=102',
      'project=102&project=101',
      'project=102&project=',
    ])
      expect(await ask(`${RECOMMEND}&${query}`, tokenOf())).toMatchObject({ status: 403 })
    expect(await ask('/recommend?project=101', tokenOf(), { project: '102', job: 'rspec' })).toMatchObject({
      status: 403,
    })
    expect(
      await ask('/update', tokenOf(), `job_id=${lastJobId}&job_id=1&job_name=rspec&status=failed`),
    ).toMatchObject({ status: 403 })
  })
})

test('what is learned is told to a job that is believed, and to nobody else', async () => {
  expect(await ask('/stats', tokenOf())).toMatchObject({ status: 200, body: { arms: expect.any(Array) } })
  const refused = [
    undefined,
    tokenOf({ aud: 'https://bandit.example.net' }),
    unsigned(jobClaims(issuer, Date.now()), 'first'),
  ]
  for (const token of refused) expect(await ask('/stats', token)).toMatchObject({ status: 401 })
  const other = { project_id: '1010', project_path: 'partners-of-others/app' }
  expect(await ask('/stats', tokenOf(other))).toMatchObject({ status: 403 })
})

test('the token of the API does as before where it is set, and sees every project', async () => {
  const both = await startServer({ GITLAB_URL: issuer.url, ...ID_TOKENS, RUNNER_BANDIT_API_TOKEN: API_TOKEN })
  const asked = async (token?: string, query = '') =>
    (await ask(`${RECOMMEND}${query}`, token, undefined, both.url)).status
  expect(await asked(API_TOKEN, '&project=102')).toBe(200)
  expect(await asked(API_TOKEN)).toBe(400)
  expect(await asked(tokenOf())).toBe(200)
  expect(await asked(undefined, '&project=101')).toBe(401)
  expect(
    (await ask('/update', API_TOKEN, { ...report, project_id: '102', job_id: '5' }, both.url)).status,
  ).toBe(202)
})

test('while the keys cannot be had nobody is believed, and nobody refused for good', async () => {
  const away = await startPlayedIssuer()
  away.fault = 503
  const server = await startServer({ GITLAB_URL: away.url, ...ID_TOKENS })
  const token = away.token(jobClaims(away, Date.now()))
  const answer = await ask(RECOMMEND, token, undefined, server.url)
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
  expect(await ask('/update', token, report, server.url)).toMatchObject({ status: 503 })
})

test('a key of another issuer opens nothing', async () => {
  const other = await startPlayedIssuer()
  other.key = signingKey('first')
  expect(await ask(RECOMMEND, other.token(jobClaims(issuer, Date.now())))).toMatchObject({ status: 401 })
})
