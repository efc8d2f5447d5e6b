/** Jobs that wait, from a played GitLab's API. */
import { expect, test } from 'vitest'
import { openGitlab } from '../../shared/adapters/gitlab.ts'
import { InvalidInputError, TransientError } from '../../shared/errors.ts'
import { playDay } from '../../shared/played-gitlab/index.ts'
import { silentLog as log } from '../support/gcs.ts'
import { type PlayedApiOptions, READ_TOKEN, startPlayedApi } from '../support/played-api/index.ts'

const day = playDay({ seed: 3, jobs: 20, startAt: Date.UTC(2026, 9, 1) })
const PROJECT = day.projects[0]?.id ?? 0

async function setUp(options: Partial<PlayedApiOptions>) {
  const api = await startPlayedApi({ day, ...options })
  const signal = new AbortController().signal
  const wait = async () => {}
  return { api, gitlab: openGitlab({ baseUrl: api.url, token: READ_TOKEN, log, signal, wait }) }
}

const job = (id: number, more: object = {}) => ({
  id,
  name: `test ${id}`,
  tags: ['docker-any'],
  createdAt: '2026-11-21T10:00:00.000Z',
  ...more,
})

test('none wait', async () => {
  const { gitlab } = await setUp({ pending: {} })
  expect(await gitlab.pendingJobs(PROJECT)).toEqual([])
})

test('all pages of those that wait, each once, the oldest first', async () => {
  const jobs = [
    job(5, { createdAt: '2026-11-21T10:05:00.000Z', queuedSeconds: 12.5 }),
    job(6, { createdAt: '2026-11-21T10:01:00.000+01:00', tags: [] }),
    job(7, { createdAt: '2026-11-21T10:07:00.000Z', tags: undefined }),
  ]
  const { api, gitlab } = await setUp({ pending: { [PROJECT]: jobs } })
  expect(await gitlab.pendingJobs(PROJECT)).toEqual([
    {
      ...{ id: 6, name: 'test 6', tags: [], refProtected: null },
      ...{ createdAt: Date.parse('2026-11-21T09:01:00Z'), queuedSeconds: null },
    },
    {
      ...{ id: 5, name: 'test 5', tags: ['docker-any'], refProtected: null },
      ...{ createdAt: Date.parse('2026-11-21T10:05:00Z'), queuedSeconds: 12.5 },
    },
    {
      ...{ id: 7, name: 'test 7', tags: null, refProtected: null },
      ...{ createdAt: Date.parse('2026-11-21T10:07:00Z'), queuedSeconds: null },
    },
  ])
  expect(api.requests).toHaveLength(2)
})

test('one that was taken meanwhile does not wait', async () => {
  const { gitlab } = await setUp({ pending: { [PROJECT]: [job(5, { status: 'running' }), job(6)] } })
  expect((await gitlab.pendingJobs(PROJECT)).map(({ id }) => id)).toEqual([6])
})

test('an answer of which half is missing is none', async () => {
  const jobs = [job(1), job(2), job(3)]
  const fault = (nth: number) => (nth >= 2 ? { status: 502 } : undefined)
  const { gitlab } = await setUp({ pending: { [PROJECT]: jobs }, fault })
  await expect(gitlab.pendingJobs(PROJECT)).rejects.toThrow(TransientError)
})

test.each([
  ['a job without a time', job(1, { createdAt: 'yesterday' })],
  ['a job that waits for less than nothing', job(1, { queuedSeconds: -1 })],
  ['a job without an id', job(1.5)],
])('%s is not understood', async (_what, wrong) => {
  const { gitlab } = await setUp({ pending: { [PROJECT]: [wrong] } })
  await expect(gitlab.pendingJobs(PROJECT)).rejects.toThrow(/is not understood/)
})

test('a project that is not there is refused, and says so', async () => {
  const { gitlab } = await setUp({})
  await expect(gitlab.pendingJobs(999_999)).rejects.toThrow(InvalidInputError)
})
