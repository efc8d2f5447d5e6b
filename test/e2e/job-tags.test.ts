/** Shadow decisions by the tags that jobs ask for: webhooks do not carry them, a played GitLab's API does. */
import { expect, test } from 'vitest'
import { type PlayedDay, playDay, sendWebhooks, webhooksOf } from '../../shared/played-gitlab/index.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import { API_TOKEN, type PlayedApiOptions, startPlayedApi } from '../support/played-api/index.ts'
import { startServer, WEBHOOK_TOKEN } from '../support/server.ts'

/** Questions that may be under way at a time. */
const AT_ONCE = 4

const yesterday = (jobs: number) => playDay({ seed: 5, jobs, startAt: Date.now() - 25 * 3_600_000 })

async function served(options: PlayedApiOptions, env: Record<string, string | undefined> = {}) {
  const { day } = options
  const api = await startPlayedApi(options)
  const { url, deps } = await startServer({ GITLAB_URL: api.url, GITLAB_API_TOKEN: API_TOKEN, ...env })
  const webhooks = webhooksOf(day, { seed: 5, instanceUrl: 'https://gitlab.example.com', reorderShare: 0 })
  const target = { url: `${url}/webhooks/gitlab`, token: WEBHOOK_TOKEN, concurrency: 16 }
  expect(Object.keys((await sendWebhooks(webhooks, target)).byStatus)).toEqual(['202'])
  await deps.deliveries.drained()
  return { api, deps }
}

const decisionsIn = ({ warehouse }: LocalDeps) =>
  warehouse.query(
    `SELECT job_id, tags_source, job_tags, actual_runner, nsai_feasible_count FROM ci_metrics.runner_decisions
     ORDER BY job_id, decided_late`,
  )

/** What each job of the day asks for. */
const tagsOfJobs = ({ jobs }: PlayedDay) =>
  new Map(jobs.map(({ id, tags }) => [id, [...tags].sort().join(',')]))

test('with a token, decisions are made by the tags of the jobs, each pipeline asked about once', async () => {
  const day = yesterday(60)
  const { api, deps } = await served({ day })
  const decisions = await decisionsIn(deps)
  const wanted = tagsOfJobs(day)
  expect(decisions.length).toBeGreaterThanOrEqual(day.jobs.length)
  for (const { job_id: id, tags_source: source, job_tags: tags } of decisions)
    expect({ id, source, tags }).toEqual({ id, source: 'jobs_api', tags: wanted.get(Number(id)) })
  const asked = api.requests.filter((request) => request.includes('/pipelines/'))
  expect(new Set(asked).size).toBe(asked.length)
  // What the log holds is what the webhooks said.
  const [logged] = await deps.warehouse.query(
    'SELECT COUNT(*) AS events, COUNT(job_tags) AS tagged FROM ci_metrics.job_events',
  )
  expect(logged).toMatchObject({ tagged: 0 })
})

test('when GitLab refuses, every job is decided on by unknown tags, and nothing is redelivered', async () => {
  const day = yesterday(200)
  const refused = await served({ day, fault: () => ({ status: 403, body: { message: '403 Forbidden' } }) })
  const decisions = await decisionsIn(refused.deps)
  expect(new Set(decisions.map(({ job_id: id }) => id))).toEqual(new Set(tagsOfJobs(day).keys()))
  expect(new Set(decisions.map((row) => `${row.tags_source} ${row.job_tags}`))).toEqual(
    new Set(['unknown null']),
  )
  expect(await refused.deps.bus.deadLetterCount()).toBe(0)
  // A no is about one project: what was asked with the first question of it, and then none.
  const mostAsked = AT_ONCE * day.projects.length
  expect(new Set(day.jobs.map(({ pipelineId }) => pipelineId)).size).toBeGreaterThan(mostAsked)
  expect(refused.api.requests.length).toBeLessThanOrEqual(mostAsked)
})
