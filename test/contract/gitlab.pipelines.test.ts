/** The adapter of GitLab's REST API on one pipeline, against a played one. */
import { expect, test } from 'vitest'
import { openGitlab } from '../../shared/adapters/gitlab.ts'
import { InvalidInputError, TransientError } from '../../shared/errors.ts'
import { type PlayedDay, playDay } from '../../shared/played-gitlab/index.ts'
import { API_TOKEN, type PlayedApiOptions, startPlayedApi } from '../support/played-api/index.ts'
import { PERSONAL } from '../support/played-api/jobs.ts'
import { silent } from '../support/server.ts'

const day = playDay({ seed: 3, jobs: 600, startAt: Date.UTC(2026, 9, 1) })
const PROJECT = 101

async function setUp(options: Partial<PlayedApiOptions> = {}) {
  const api = await startPlayedApi({ day, ...options })
  const { signal } = new AbortController()
  const wait = async () => {}
  return { api, gitlab: openGitlab({ baseUrl: api.url, token: API_TOKEN, log: silent, signal, wait }) }
}

/** A pipeline of the project in which a job was tried again. */
function pipelineWithRetry({ jobs }: PlayedDay): number {
  const retry = jobs.find(({ project, attempt }) => project.id === PROJECT && attempt === 1)
  if (retry === undefined) throw new Error('the played day has no retry')
  return retry.pipelineId
}
const PIPELINE = pipelineWithRetry(day)
const ofPipeline = day.jobs.filter(({ pipelineId }) => pipelineId === PIPELINE)

test('lists every job of a pipeline, retried ones and those that have not ended too', async () => {
  const running = { id: 999_999, name: 'deploy', status: 'running', tag_list: ['nordic'], started_at: null }
  const { gitlab } = await setUp({ pipelines: { unfinished: { [PIPELINE]: [running] } } })
  const jobs = await gitlab.pipelineJobs(PROJECT, PIPELINE)
  const ids = ofPipeline.map(({ id }) => id)
  expect(jobs.map(({ id }) => id).sort()).toEqual([...ids, 999_999].sort())
  expect(new Set(ofPipeline.map(({ name }) => name)).size).toBeLessThan(ids.length)
  expect(jobs.find(({ id }) => id === 999_999)).toMatchObject({ status: 'running', tag_list: ['nordic'] })
})

test('reads all pages of a large pipeline, and keeps nothing of persons', async () => {
  const many: PlayedDay = { ...day, jobs: day.jobs.map((job) => ({ ...job, pipelineId: PIPELINE })) }
  const { gitlab, api } = await setUp({ day: many })
  const own = day.jobs.filter(({ project }) => project.id === PROJECT)
  const jobs = await gitlab.pipelineJobs(PROJECT, PIPELINE)
  expect(jobs).toHaveLength(own.length)
  expect(api.requests).toHaveLength(Math.ceil(own.length / 100))
  expect(own.length).toBeGreaterThan(100)
  for (const word of PERSONAL) expect(JSON.stringify(jobs)).not.toContain(word)
})

test('reads no further page of a pipeline once there are as many jobs as are wanted', async () => {
  const many: PlayedDay = { ...day, jobs: day.jobs.map((job) => ({ ...job, pipelineId: PIPELINE })) }
  const own = day.jobs.filter(({ project }) => project.id === PROJECT).length
  for (const [wanted, pages] of [
    [1, 1],
    [100, 1],
    [101, 2],
    [1_000_000, Math.ceil(own / 100)],
  ] as const) {
    const { gitlab, api } = await setUp({ day: many })
    expect(await gitlab.pipelineJobs(PROJECT, PIPELINE, wanted)).toHaveLength(Math.min(100 * pages, own))
    expect(api.requests).toHaveLength(pages)
  }
})

test('names the child pipelines of the same project, each once, and none that others were asked for', async () => {
  const started = [
    { id: 71, project_id: PROJECT },
    null,
    { id: 72, project_id: 102 },
    { id: 71, project_id: PROJECT },
  ]
  const { gitlab } = await setUp({ pipelines: { started: { [PIPELINE]: started } } })
  expect(await gitlab.childPipelines(PROJECT, PIPELINE)).toEqual([71])
})

test('of a pipeline that is not there GitLab knows nothing, and a broken page may work later', async () => {
  const { gitlab } = await setUp()
  await expect(gitlab.pipelineJobs(PROJECT, 1)).rejects.toThrow(InvalidInputError)
  await expect(gitlab.childPipelines(PROJECT, 1)).rejects.toThrow(/pipeline 1 of project 101/)
  await expect(gitlab.pipelineJobs(PROJECT, 1)).rejects.toThrow(
    /\(404\): give the pipeline's id.*role Reporter/,
  )
  const broken = await setUp({ fault: () => ({ status: 200, body: { message: 'soon' } }) })
  await expect(broken.gitlab.pipelineJobs(PROJECT, PIPELINE)).rejects.toThrow(TransientError)
})
