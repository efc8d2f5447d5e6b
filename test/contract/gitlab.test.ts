/** The adapter of GitLab's REST API, against a played one. */
import { expect, test } from 'vitest'
import { openGitlab } from '../../shared/adapters/gitlab.ts'
import { InvalidInputError, TransientError } from '../../shared/errors.ts'
import { playDay } from '../../shared/played-gitlab/index.ts'
import type { Gitlab, Log } from '../../shared/ports.ts'
import { API_TOKEN, type PlayedApiOptions, READ_TOKEN, startPlayedApi } from '../support/played-api/index.ts'
import { PERSONAL } from '../support/played-api/jobs.ts'

const day = playDay({ seed: 3, jobs: 900, startAt: Date.UTC(2026, 9, 1) })
const PROJECT = 101
const ofProject = day.jobs.filter((job) => job.project.id === PROJECT)
const fallingIds = ofProject.map(({ id }) => id).sort((a, b) => b - a)

type Setup = Partial<PlayedApiOptions> & { token?: string; signal?: AbortSignal }

/** The adapter, and everything it waited for or logged instead of sleeping. */
async function setUp({ token = API_TOKEN, signal = new AbortController().signal, ...options }: Setup = {}) {
  const api = await startPlayedApi({ day, ...options })
  const waits: number[] = []
  const logged: string[] = []
  const note = (message: string, fields?: object) => void logged.push(JSON.stringify([message, fields]))
  const log: Log = { debug: note, info: note, warning: note, error: note }
  const wait = async (ms: number) => void waits.push(ms)
  return { api, waits, logged, gitlab: openGitlab({ baseUrl: api.url, token, log, signal, wait }) }
}

async function idsOf(gitlab: Gitlab, from?: string): Promise<unknown[]> {
  const ids: unknown[] = []
  for await (const { jobs } of gitlab.finishedJobs(PROJECT, from)) ids.push(...jobs.map(({ id }) => id))
  return ids
}

/** Everything that an error says, to whoever prints it. */
const saidBy = (error: unknown): string =>
  error instanceof Error ? [error.message, error.stack, saidBy(error.cause)].join('\n') : String(error)

test('finds a project by its id and by its full path', async () => {
  const { gitlab } = await setUp()
  const project = { id: 101, path: 'example/backoffice' }
  expect(await gitlab.project('101')).toEqual(project)
  expect(await gitlab.project('example/backoffice')).toEqual(project)
})

test('lists every finished job once, the newest first, a hundred a page, retried ones too', async () => {
  const { gitlab, api } = await setUp()
  expect(await idsOf(gitlab)).toEqual(fallingIds)
  expect(api.requests).toHaveLength(Math.ceil(fallingIds.length / 100))
  expect(ofProject.some(({ attempt }) => attempt === 1)).toBe(true)
})

test('goes on from where a page says, without asking for those before', async () => {
  const { gitlab, api } = await setUp()
  let next: string | null = null
  for await (const page of gitlab.finishedJobs(PROJECT)) {
    next = page.next
    break
  }
  const asked = api.requests.length
  expect(await idsOf(gitlab, next ?? '')).toEqual(fallingIds.slice(100))
  expect(api.requests.length - asked).toBe(Math.ceil(fallingIds.length / 100) - 1)
  expect(new Set(api.requests).size).toBe(api.requests.length)
})

test('hands on nothing of people and their commits', async () => {
  const { gitlab } = await setUp()
  for await (const { jobs } of gitlab.finishedJobs(PROJECT)) {
    for (const personal of [...PERSONAL, 'ada', 'web_url'])
      expect(JSON.stringify(jobs)).not.toContain(personal)
  }
})

test('asks no other host than its own, whatever a Link header says', async () => {
  const stranger = await startPlayedApi({ day })
  const { gitlab, api } = await setUp({ linkOrigin: stranger.url })
  expect(await idsOf(gitlab)).toEqual(fallingIds)
  expect(stranger.requests).toEqual([])
  expect(api.requests.length).toBeGreaterThan(1)
})

test('follows no redirect', async () => {
  const stranger = await startPlayedApi({ day })
  const fault = () => ({ status: 302, headers: { location: `${stranger.url}/api/v4/projects/101` } })
  const { gitlab } = await setUp({ fault })
  await expect(gitlab.project('101')).rejects.toThrow(/has moved \(302\)/)
  expect(stranger.requests).toEqual([])
})

test('waits as long as a limited rate says, and gets everything', async () => {
  const { gitlab, waits } = await setUp({ limitEvery: 2 })
  expect(await idsOf(gitlab)).toEqual(fallingIds)
  expect(new Set(waits)).toEqual(new Set([1000]))
})

test('waits until RateLimit-Reset when there is no Retry-After, and a minute when there is neither', async () => {
  const resetAt = Math.ceil(Date.now() / 1000) + 40
  const headers = [{ 'ratelimit-reset': String(resetAt) }, {}]
  const { gitlab, waits } = await setUp({
    fault: (nth) => (nth <= 2 ? { status: 429, headers: headers[nth - 1] ?? {} } : undefined),
  })
  await gitlab.project('101')
  expect(waits[0]).toBeGreaterThan(30_000)
  expect(waits[0]).toBeLessThanOrEqual(41_000)
  expect(waits[1]).toBe(60_000)
})

test('tries again after 5xx and broken connections, each time later', async () => {
  const { gitlab, waits } = await setUp({
    fault: (nth) => (nth === 1 || nth === 2 ? { status: 503 } : nth === 3 ? 'reset' : undefined),
  })
  expect(await gitlab.project('101')).toMatchObject({ id: 101 })
  expect(waits).toEqual([500, 1000, 2000])
})

test('gives up after six failures in a row, as something that may work later', async () => {
  const { gitlab, api, waits } = await setUp({ fault: () => ({ status: 502, body: '<html>Bad Gateway' }) })
  const error = await gitlab.project('101').catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(TransientError)
  expect(String(error)).toContain('it answered 502')
  expect(api.requests).toHaveLength(6)
  expect(waits).toHaveLength(5)
})

test('asks once only for what is made: GitLab may have made it and not said so', async () => {
  const { gitlab, api } = await setUp({ fault: (nth) => (nth === 1 ? { status: 502 } : undefined) })
  const wish = { url: 'https://bandit.example.com', jobEvents: true, pipelineEvents: true, pushEvents: false }
  const making = gitlab.createHook(PROJECT, {
    ...wish,
    sslVerification: true,
    token: 't',
    signingToken: undefined,
  })
  await expect(making).rejects.toThrow(TransientError)
  expect(api.requests).toHaveLength(1)
})

test('ends at once when it is told to, in the middle of an answer or of a wait', async () => {
  const ending = new AbortController()
  const { gitlab } = await setUp({ fault: () => 'hang', signal: ending.signal })
  const asked = gitlab.project('101')
  ending.abort()
  await expect(asked).rejects.toThrow(TransientError)
  await expect(gitlab.project('101')).rejects.toThrow('ended before GitLab had answered')
})

test.each([
  [
    'a token that GitLab does not know',
    { token: 'token-unknown-to-gitlab' },
    '101',
    /does not accept GITLAB_API_TOKEN \(401\)/,
  ],
  [
    'a project that is not there',
    {},
    'group/nowhere',
    /nothing of the project "group\/nowhere" \(404\): give the id.*may not see it\.$/,
  ],
  [
    'a role that is too low',
    { fault: () => ({ status: 403, body: { message: '403 Forbidden' } }) },
    '101',
    /403 Forbidden.*needs a role in the project/,
  ],
  [
    'an address that is not GitLab',
    { fault: () => ({ status: 200, body: '<html>Sign in' }) },
    '101',
    /is not GitLab's API: check GITLAB_URL/,
  ],
  [
    'a version without the pagination',
    { fault: () => ({ status: 405, body: { error: 'not yet available' } }) },
    '101',
    /GitLab 16.0/,
  ],
])('says what to do about %s', async (_, options: Setup, project, sentence) => {
  const { gitlab } = await setUp(options)
  const error = await gitlab.project(project).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(InvalidInputError)
  expect(String(error)).toMatch(sentence)
})

test('says which scope is missing', async () => {
  const { gitlab } = await setUp({ token: READ_TOKEN })
  await expect(gitlab.hooks(PROJECT)).rejects.toThrow(/lacks the scope api/)
})

test('the token stands in no error and no log line', async () => {
  const echo = (token: string) => ({ status: 400, body: { message: `what is ${token}?` } })
  const faults = [
    echo(API_TOKEN),
    { status: 401 },
    { status: 403 },
    { status: 429 },
    { status: 500 },
    'reset',
  ] as const
  for (const fault of faults) {
    const { gitlab, logged } = await setUp({ fault: () => fault })
    const error = await gitlab.project('101').catch((thrown: unknown) => thrown)
    expect(saidBy(error)).not.toContain(API_TOKEN)
    expect(logged.join('\n')).not.toContain(API_TOKEN)
  }
  // No header can carry it, and fetch quotes it.
  const unfit = 'token-\u0000-unfit'
  const { gitlab, logged } = await setUp({ token: unfit })
  expect(saidBy(await gitlab.project('101').catch((thrown: unknown) => thrown))).not.toContain('unfit')
  expect(logged.join('\n')).not.toContain('unfit')
})

test('makes, changes, lists and tests a webhook', async () => {
  const { gitlab, api } = await setUp()
  const wish = {
    url: 'https://bandit.example.com/webhooks/gitlab',
    jobEvents: true,
    pipelineEvents: true,
    pushEvents: false,
    sslVerification: true,
    token: 'secret',
    signingToken: undefined,
  }
  const made = await gitlab.createHook(PROJECT, wish)
  expect(made).toMatchObject({
    id: 1,
    url: wish.url,
    pushEvents: false,
    tokenPresent: true,
    signingTokenPresent: false,
  })
  const changed = await gitlab.updateHook(PROJECT, made.id, {
    ...wish,
    signingToken: 'whsec_x',
    pipelineEvents: false,
  })
  expect(changed).toMatchObject({
    pipelineEvents: false,
    signingTokenPresent: true,
    alertStatus: 'executable',
  })
  expect(await gitlab.hooks(PROJECT)).toEqual([changed])
  expect(api.hooks.all).toMatchObject([{ token: 'secret', signingToken: 'whsec_x' }])
  expect(await gitlab.testHook(PROJECT, made.id, 'job_events')).toMatchObject({ ok: true })
  const refused = gitlab.createHook(PROJECT, { ...wish, url: 'http://192.168.0.7/webhooks/gitlab' })
  await expect(refused).rejects.toThrow(/422, "Invalid url given"/)
})
