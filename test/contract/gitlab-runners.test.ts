/** Runners as GitLab's API tells of them, against a played one. */
import { expect, test } from 'vitest'
import { openGitlab } from '../../shared/adapters/gitlab.ts'
import { InvalidInputError, TransientError } from '../../shared/errors.ts'
import { playDay, playedRunners } from '../../shared/played-gitlab/index.ts'
import type { Log } from '../../shared/ports.ts'
import {
  API_TOKEN,
  MAINTAINER_TOKEN,
  type PlayedApiOptions,
  READ_TOKEN,
  startPlayedApi,
} from '../support/played-api/index.ts'
import { firstFleet } from '../support/played-api/runners.ts'

const day = playDay({ seed: 3, jobs: 10, startAt: Date.UTC(2026, 9, 1) })

const silent: Log = { debug() {}, info() {}, warning() {}, error() {} }

async function setUp({ token = API_TOKEN, ...options }: Partial<PlayedApiOptions> & { token?: string } = {}) {
  const api = await startPlayedApi({ day, ...options })
  const { signal } = new AbortController()
  const gitlab = openGitlab({ baseUrl: api.url, token, log: silent, signal, wait: async () => {} })
  return { api, gitlab }
}

/** Project runners beyond a page of a hundred. */
const many = () =>
  Array.from({ length: 105 }, (_, index) => ({
    ...(firstFleet()[0] as ReturnType<typeof firstFleet>[number]),
    id: 1000 + index,
    description: `runner ${index}`,
    type: 'project_type' as const,
    projectIds: [101, 103],
  }))

test.each([
  [{ project: '101' }],
  [{ project: 'example/crm' }],
  [{ group: '9' }],
  [{ group: 'example' }],
  ['instance' as const],
])('tells of %j what the owner described, with machines', async (of) => {
  const { gitlab } = await setUp()
  const runners = await gitlab.runners(of)
  expect(
    runners.map(({ id, description, tags, paused, runUntagged, refProtected, online }) => ({
      id,
      description,
      tags,
      paused,
      runUntagged,
      refProtected,
      online,
    })),
  ).toEqual(
    playedRunners.map((one) => ({
      id: one.id,
      description: one.description,
      tags: one.tags,
      paused: false,
      runUntagged: false,
      refProtected: false,
      online: one.online,
    })),
  )
  expect(runners.map(({ managers }) => managers[0]?.executor)).toEqual(
    playedRunners.map(({ executor }) => executor),
  )
  expect(runners[1]).toMatchObject({
    kind: 'group',
    projects: null,
    contactedAt: Date.parse('2026-11-20T09:58:31Z'),
    managers: [{ systemId: 's_91b0mac1', platform: 'darwin', architecture: 'amd64', version: '18.5.0' }],
    untold: [],
  })
})

test('lists a hundred a page, each runner once, and tells of the projects of a project runner', async () => {
  const { api, gitlab } = await setUp({ runners: many() })
  const runners = await gitlab.runners({ project: '103' })
  expect(runners.map(({ id }) => id)).toEqual(many().map(({ id }) => id))
  expect(runners[104]).toMatchObject({
    kind: 'project',
    projects: [
      { id: 101, path: 'example/backoffice' },
      { id: 103, path: 'example/crm' },
    ],
    managers: [{ executor: 'docker' }],
  })
  const asked = (start: string) => api.requests.filter((request) => request.startsWith(start)).length
  expect(asked('GET /api/v4/projects/103/runners')).toBe(2)
  expect(asked('GET /api/v4/runners/')).toBe(105)
})

test('asks no other host than its own, and follows no redirect', async () => {
  const stranger = await startPlayedApi({ day })
  const { gitlab } = await setUp({ runners: many(), linkOrigin: stranger.url })
  expect(await gitlab.runners({ project: '101' })).toHaveLength(105)
  const moved = { status: 302, headers: { location: `${stranger.url}/api/graphql` } }
  const { gitlab: other } = await setUp({
    fault: (_, { pathname }) => (pathname === '/api/graphql' ? moved : undefined),
  })
  const [first] = await other.runners({ project: '101' })
  expect(first?.untold).toEqual([expect.stringContaining('by GraphQL (302)')])
  expect(stranger.requests).toEqual([])
})

test('a token that may only read is told the tags by GraphQL, and asks for details in vain but once', async () => {
  const { api, gitlab } = await setUp({ token: READ_TOKEN })
  const runners = await gitlab.runners({ group: 'example' })
  expect(runners.map(({ tags }) => tags)).toEqual(playedRunners.map(({ tags }) => tags))
  expect(runners.map(({ refProtected }) => refProtected)).toEqual(playedRunners.map(() => false))
  for (const { untold } of runners)
    expect(untold).toEqual([expect.stringContaining('lacks the scope manage_runner')])
  const refused = api.requests.filter((request) => request.startsWith('GET /api/v4/runners/'))
  expect(refused.length).toBeLessThanOrEqual(4)
})

test.each([
  ['it is refused', { status: 200, body: { errors: [{ message: 'Field is gone' }] } }, 'Field is gone'],
  ['it is not there', { status: 404, body: { error: '404 Not Found' } }, '404 Not Found'],
  ['a proxy answers', { status: 200, body: '<html>Sign in' }, 'no JSON'],
])('goes on without GraphQL where %s, and says so', async (_, answer, said) => {
  const { api, gitlab } = await setUp({
    fault: (_nth, { pathname }) => (pathname === '/api/graphql' ? answer : undefined),
  })
  const runners = await gitlab.runners({ group: '9' })
  expect(runners.map(({ tags }) => tags)).toEqual(playedRunners.map(({ tags }) => tags))
  for (const { untold, managers } of runners) {
    expect(managers).toEqual([])
    expect(untold).toEqual([expect.stringContaining(said)])
  }
  expect(api.requests.filter((request) => request.includes('graphql'))).toHaveLength(1)
})

test('repeats a GraphQL query that was not answered: it changes nothing', async () => {
  let failures = 2
  const { gitlab } = await setUp({
    fault: (_, { pathname }) => (pathname === '/api/graphql' && failures-- > 0 ? { status: 502 } : undefined),
  })
  for (const { untold } of await gitlab.runners({ group: '9' })) expect(untold).toEqual([])
})

test('of runners that this token may not look into nothing is made up', async () => {
  const { gitlab } = await setUp({ token: MAINTAINER_TOKEN })
  const runners = await gitlab.runners({ project: '101' })
  expect(runners).toHaveLength(11)
  expect(runners[0]).toMatchObject({
    description: 'gitlab-runner-nordic',
    paused: false,
    tags: null,
    runUntagged: null,
    refProtected: null,
    managers: [],
    untold: [
      expect.stringMatching(/403 Forbidden.*Owner in their group/),
      expect.stringContaining('managers'),
    ],
  })
})

test.each([
  [{ group: 'example' }, MAINTAINER_TOKEN, /runners of the group "example" \(403.*role Owner in the group/],
  ['instance' as const, MAINTAINER_TOKEN, /role administrator or auditor in the instance/],
  [
    { group: 'nowhere' },
    API_TOKEN,
    /nothing of the runners of the group "nowhere" \(404\).*the group's page/,
  ],
  [{ project: 'group/nowhere' }, API_TOKEN, /nothing of the runners of the project.*role Maintainer/],
  [{ project: '101' }, 'token-unknown-to-gitlab', /does not accept GITLAB_API_TOKEN/],
])('says what to do when %j is refused to %s', async (of, token, sentence) => {
  const { gitlab } = await setUp({ token })
  const error = await gitlab.runners(of).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(InvalidInputError)
  expect(String(error)).toMatch(sentence)
})

test('a GitLab that does not answer is no fleet without runners', async () => {
  const { gitlab } = await setUp({
    fault: (_, { pathname }) => (pathname.startsWith('/api/v4/runners/') ? { status: 503 } : undefined),
  })
  await expect(gitlab.runners({ group: '9' })).rejects.toThrow(TransientError)
})
