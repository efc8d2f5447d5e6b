/** How far back /explain looks: an id does not tell its day, and BigQuery is paid by the days that are read. */
import { beforeAll, expect, test } from 'vitest'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import type { Explanation } from '../../shared/schema/explanation-answer.ts'
import type { RecommendAnswer } from '../../shared/schema/recommend.ts'
import { dataFolder, postWebhook, runCommand, startServer } from '../support/server.ts'
import { jobWebhook, running } from '../support/webhook.ts'

const DAY_MS = 86_400_000
const JOB = 3001
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString()

let url: string
let deps: LocalDeps

async function explain(query: Record<string, string>) {
  const response = await fetch(`${url}/explain?${new URLSearchParams(query)}`)
  return { status: response.status, body: (await response.json()) as Explanation & { error: string } }
}

/** Copies of the rows of one decision and one job, made so many days ago. */
async function grow(days: number): Promise<{ decision: string; shadow: string; job: string }> {
  const id = `decided-${days}-days-ago`
  const job = JOB + days
  const [recommended] = await deps.warehouse.query('SELECT * FROM ci_metrics.recommendations LIMIT 1')
  const [decided] = await deps.warehouse.query('SELECT * FROM ci_metrics.runner_decisions LIMIT 1')
  const shadow = `${deps.settings.instance}/101/${job}/job.started`
  await deps.warehouse.insert('recommendations', [
    { ...recommended, decision_id: id, decided_at: daysAgo(days) },
  ])
  await deps.warehouse.insert('runner_decisions', [
    { ...decided, decision_id: shadow, job_id: job, decided_at: daysAgo(days) },
  ])
  return { decision: id, shadow, job: String(job) }
}

beforeAll(async () => {
  const server = await startServer({ RUNNER_BANDIT_MODE: 'advisory' })
  url = server.url
  deps = server.deps
  const answer = (await (
    await fetch(`${url}/recommend?project=101&job=build&tags=docker-any`)
  ).json()) as RecommendAnswer
  expect(answer.kind).toBe('arm')
  await postWebhook(url, running({ build_id: JOB }))
  await postWebhook(url, jobWebhook({ build_id: JOB }))
  await deps.deliveries.drained()
})

test('it looks 90 days back, or since when it is told', async () => {
  for (const [days, since, status] of [
    [89, undefined, 200],
    [91, undefined, 404],
    [92, '100d', 200],
    [93, daysAgo(94), 200],
    [80, '79d', 404],
  ] as const) {
    const { decision, shadow, job } = await grow(days)
    for (const query of [{ decision_id: decision }, { decision_id: shadow }, { job_id: job }]) {
      const found = await explain({ ...query, ...(since === undefined ? {} : { since }) })
      expect([days, since, query, found.status]).toEqual([days, since, query, status])
    }
  }
})

test('a 404 says since when it looked', async () => {
  const { body } = await explain({ decision_id: 'nobody' })
  expect(body.error).toBe(
    `Such a decision is not written yet, or unknown, or older than ${daysAgo(90).slice(0, 10)} (since= looks further back): ask again in a moment.`,
  )
})

test.each(['tomorrow', '-1d', '2999-01-01', '1e9d'])('since=%s is a 400', async (since) => {
  const { status, body } = await explain({ decision_id: 'x', since })
  expect([status, body.error]).toEqual([400, expect.stringContaining('since')])
})

test('the command has it as --since', async () => {
  const env = { RUNNER_BANDIT_DATA: dataFolder() }
  const { code, stderr } = await runCommand(['explain', 'x', '--since', '100d'], env)
  expect([code, stderr]).toEqual([1, expect.stringContaining(`older than ${daysAgo(100).slice(0, 10)} `)])
})
