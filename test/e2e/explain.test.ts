/** /explain over HTTP, and the operation behind `runner-bandit explain`, on jobs that were played. */
import { beforeAll, describe, expect, test } from 'vitest'
import { explained } from '../../functions/local/say-explain.ts'
import { runOperation } from '../../functions/operations.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import type { Explanation } from '../../shared/schema/explanation-answer.ts'
import type { RecommendAnswer } from '../../shared/schema/recommend.ts'
import { dataFolder, playDockerRunners, postWebhook, runCommand, startServer } from '../support/server.ts'
import { gitlabTime, jobWebhook, running } from '../support/webhook.ts'

const API_TOKEN = 'an-api-token-for-tests'
const MAC2 = { id: 51, description: 'Mac2 Docker Runner', tags: ['docker-any', 'mac2-docker'] }
const JOB = 2001
/** The pipeline that asked, as the webhook of a job in the child pipeline that it started names it. */
const ASKED_BY_77 = {
  source_pipeline: { project: { id: 101 }, pipeline_id: 77, job_id: 1999 },
}
let url: string
let deps: LocalDeps
let routed: RecommendAnswer
let shadowId: string

async function get<T>(path: string): Promise<{ status: number; body: T }> {
  const headers = { authorization: `Bearer ${API_TOKEN}` }
  const response = await fetch(url + path, { headers })
  return { status: response.status, body: (await response.json()) as T }
}

async function recommend(parameters: Record<string, string>): Promise<RecommendAnswer> {
  const query = new URLSearchParams({ project: '101', job: 'build', tags: 'docker-any', ...parameters })
  const { body } = await get<RecommendAnswer>(`/recommend?${query}`)
  await deps.deliveries.drained()
  return body
}

const explain = async (parameters: Record<string, string>) =>
  (await get<Explanation>(`/explain?${new URLSearchParams(parameters)}`)).body
const explainNothing = async (parameters: Record<string, string>) =>
  get<{ error: string }>(`/explain?${new URLSearchParams(parameters)}`)

/** The job as it starts and ends on Mac2. */
async function play(overrides: Record<string, unknown>): Promise<void> {
  const job = { runner: MAC2, build_started_at: gitlabTime(Date.now() - 20_000), ...overrides }
  await postWebhook(url, running(job))
  await deps.deliveries.drained()
  await postWebhook(url, jobWebhook({ build_duration: 93, ...job }))
  await deps.deliveries.drained()
}

beforeAll(async () => {
  const server = await startServer({
    RUNNER_BANDIT_MODE: 'autonomous',
    RUNNER_BANDIT_API_TOKEN: API_TOKEN,
  })
  url = server.url
  deps = server.deps
  await playDockerRunners(url)
  await deps.deliveries.drained()
  routed = await recommend({ pipeline_id: '77' })
  const job = { build_id: JOB, build_name: 'build', pipeline_id: 79, ...ASKED_BY_77 }
  await play(job)
  const elsewhere = { ...job, project_id: 102, project: { id: 102, path_with_namespace: 'example/crm' } }
  await play(elsewhere)
  shadowId = `${deps.settings.instance}/101/${JOB}/job.started`
})

test('a recommendation is explained by what was recorded of it, and by what became of its job', async () => {
  const { text, decision, symbolic, statistical, outcome } = await explain({
    decision_id: routed.decision_id,
  })
  expect(decision).toMatchObject({
    decision_id: routed.decision_id,
    kind: 'recommendation',
    policy: 'ucb1',
    arm: 'Mac2 Docker Runner',
    tag: 'mac2-docker',
    mode: 'autonomous',
    routed: true,
    job_id: JOB,
    job_tags: ['docker-any'],
    state: { generation: routed.state?.generation, observations: 4 },
  })
  expect(symbolic.known_count).toBe(11)
  expect(symbolic.feasible).toHaveLength(4)
  expect(symbolic.refused[0]).toMatchObject({
    rule: 'tags_missing',
    sentence: '7 lack the tag "docker-any".',
  })
  // One job of 6 s, of four in all: 1 / (0.1 + 0.02 · 6 / 3600 + 0.1), and 2 · sqrt(ln 4 / 1).
  const [best] = statistical.arms
  expect(best).toMatchObject({ arm: 'Mac2 Docker Runner', observations: 1, probability: 1 })
  expect(best?.mean_reward).toBeCloseTo(4.999167, 5)
  expect(best?.bonus).toBeCloseTo(2.35482, 5)
  expect(best?.probability_of_best).toBe(routed.confidence)
  expect(outcome).toMatchObject({
    job_id: JOB,
    runner: 'Mac2 Docker Runner',
    was_pick: true,
    was_routed: true,
    status: 'success',
    duration_seconds: 93,
  })
  // 1 / (93 / 60 + 0.02 · 93 / 3600 + 0.1)
  expect(outcome?.reward).toBeCloseTo(0.605871, 5)
  expect(text).toContain(
    'UCB1 (the best mean reward, with a bonus for runners that are little known) picked Mac2',
  )
  expect(text).toContain(
    'It ran on Mac2 Docker Runner, the pick, and succeeded in 1:33, which is a reward of 0.61.',
  )
})

test('a job that was sent somewhere is explained by the recommendation that sent it', async () => {
  const own = await explain({ decision_id: routed.decision_id })
  for (const project of ['101', 'example/backoffice'])
    expect(await explain({ job_id: String(JOB), project })).toEqual(own)
})

test('a job that nothing sent, and the id of a decision in the shadow, are explained by that decision', async () => {
  const other = await explain({ job_id: String(JOB), project: '102' })
  expect(other.decision).toMatchObject({ kind: 'shadow', job_id: JOB, project: 'example/crm' })
  expect(other.outcome).toMatchObject({ was_routed: false, status: 'success' })

  const { text, decision, symbolic, outcome } = await explain({ decision_id: shadowId })
  expect(decision).toMatchObject({ decision_id: shadowId, kind: 'shadow', decided_late: false, mode: null })
  const [row] = await deps.warehouse.query(
    'SELECT * FROM ci_metrics.runner_decisions WHERE decision_id = @id',
    { id: shadowId },
  )
  expect([decision.arm, symbolic.feasible.length, symbolic.known_count]).toEqual([
    row?.nsai_runner,
    row?.nsai_feasible_count,
    row?.known_count,
  ])
  expect(outcome?.picks).toEqual(JSON.parse(row?.choices as string))
  expect(text).toContain('Other ways to choose would have picked: ')
})

test.each(['ucb1', 'ucb1-tuned', 'thompson', 'greedy', 'uniform'])(
  '%s: all figures are those recorded',
  async (policy) => {
    const answer = await recommend({ policy })
    const { text, statistical, outcome } = await explain({ decision_id: answer.decision_id })
    expect(text).toContain(` picked ${answer.runner} for 101/build on `)
    const figures = statistical.arms.map(({ arm, score, probability, observations, mean_reward }) => ({
      arm,
      score,
      probability,
      observations,
      mean_reward,
    }))
    const byName = (a: { arm: string }, b: { arm: string }) => (a.arm < b.arm ? -1 : 1)
    expect(figures.sort(byName)).toEqual(answer.feasible.sort(byName))
    expect(outcome).toBeNull()
    expect(text).toContain('What became of the job is not known, or not yet.')
  },
)

test('advice that the job did not follow is explained with what became of the job', async () => {
  const server = await startServer({ RUNNER_BANDIT_MODE: 'advisory' })
  const asked = `${server.url}/recommend?project=101&job=build&tags=docker-any&pipeline_id=78`
  const answer = (await (await fetch(asked)).json()) as RecommendAnswer
  const nordic = { id: 9, description: 'gitlab-runner-nordic', tags: ['docker-any'] }
  const job = { build_name: 'build', runner: nordic }
  await postWebhook(server.url, jobWebhook({ ...job, build_id: 1, pipeline_id: 77 }))
  await postWebhook(server.url, jobWebhook({ ...job, build_id: 2, pipeline_id: 78 }))
  await server.deps.deliveries.drained()
  const response = await fetch(`${server.url}/explain?decision_id=${answer.decision_id}`)
  const { decision, outcome, text } = (await response.json()) as Explanation
  expect(decision).toMatchObject({ mode: 'advisory', routed: false, result: 'arm' })
  expect(outcome).toMatchObject({ job_id: 2, runner: nordic.description, was_pick: false, was_routed: false })
  expect(text).toContain(
    'advisory: the job was to keep its own tag. It ran on gitlab-runner-nordic, which was not',
  )
})

test('a job that nobody can take, and one of which nothing is known, are explained, too', async () => {
  const none = await recommend({ tags: 'gpu' })
  const { text, symbolic } = await explain({ decision_id: none.decision_id })
  expect(text).toContain('All 11 runners were refused (11 lack the tag "gpu").')
  expect(symbolic.relaxations[0]).toMatchObject({ lifted: ['tags_missing'] })
  const { body } = await get<RecommendAnswer>('/recommend?project=101&job=never%20seen')
  await deps.deliveries.drained()
  const fallback = await explain({ decision_id: body.decision_id })
  expect(fallback.decision).toMatchObject({ result: 'fallback', arm: null, tag: 'any-runner' })
  expect(fallback.text).toContain(
    'so it was given the fallback tag any-runner. It is not known what this job needs',
  )
})

describe('there is no explanation', () => {
  const before = expect.stringMatching(/^Such a decision is not written yet, or unknown, or older than /)

  test.each<[string, Record<string, string>]>([
    ['an unknown decision', { decision_id: '00000000-0000-4000-8000-000000000000' }],
    ['an unknown job', { job_id: '1', project: '999' }],
    ['an unknown project', { job_id: String(JOB), project: 'nobody/nothing' }],
    ['SQL in an id', { decision_id: "' OR '1'='1" }],
    ['SQL in the id of a shadow decision', { decision_id: "' OR 1=1 --/101/2001/job.started" }],
    ['SQL in a project', { job_id: String(JOB), project: "' OR 1=1 --" }],
    ['a pattern', { decision_id: '%' }],
    ['numbers beyond all counting', { decision_id: 'x/9999999999999999/9999999999999999/job.started' }],
  ])('of %s, by a 404', async (_what, parameters) => {
    expect(await explainNothing(parameters)).toEqual({ status: 404, body: { error: before } })
  })

  test.each<[string, Record<string, string>, string]>([
    ['of nothing', {}, 'decision_id='],
    ['of two things', { decision_id: 'a', job_id: '1' }, 'decision_id='],
    ['of an empty id', { decision_id: '' }, 'decision_id'],
    ['of a job that is no number', { job_id: '1 OR 1=1' }, 'the number that GitLab gave'],
    ['of a job beyond all counting', { job_id: '9999999999999999' }, 'no number of a job'],
    ['of a job that several projects have', { job_id: String(JOB) }, '101, 102'],
  ])('%s, by a 400 that says why', async (_what, parameters, words) => {
    const { status, body } = await explainNothing(parameters)
    expect([status, body.error]).toEqual([400, expect.stringContaining(words)])
  })
})

describe('the command', () => {
  const silent = () => {}

  test('waits for what is on its way, and prints the paragraph and a table', async () => {
    const query = new URLSearchParams({ project: '101', job: 'build', tags: 'docker-any' })
    const { body } = await get<RecommendAnswer>(`/recommend?${query}`)
    const input = { decision_id: body.decision_id }
    const explanation = (await runOperation('explain', input, deps, silent)) as Explanation
    expect(explanation).toEqual(await explain(input))
    const lines = explained(explanation).split('\n')
    expect(lines.slice(0, lines.indexOf('')).join(' ')).toBe(explanation.text)
    expect(Math.max(...lines.slice(0, lines.indexOf('')).map((line) => line.length))).toBeLessThanOrEqual(100)
    expect(lines).toContainEqual(expect.stringMatching(/^Mac2 Docker Runner \(pick\) +\d+ +\d\.\d{4} /))
    expect(lines).toContain('  offline: Nordic K8s Runner')
  })

  test('ends with 1 and a sentence when there is nothing to explain', async () => {
    const env = { RUNNER_BANDIT_DATA: dataFolder() }
    const { code, stdout, stderr } = await runCommand(['explain', '4711', '--project', 'crm'], env)
    expect([code, stdout, stderr]).toEqual([
      1,
      '',
      expect.stringMatching(/^runner-bandit: Such a decision is not written yet, or unknown, .*\.\n$/),
    ])
  })
})
