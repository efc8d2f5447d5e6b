/** /recommend over HTTP. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import type { RecommendAnswer } from '../../shared/schema/recommend.ts'
import { dataFolder, playDockerRunners, postWebhook, startServer } from '../support/server.ts'
import { jobWebhook } from '../support/webhook.ts'

const DOCKER_ARMS = [
  'Linux Yoga Docker Runner',
  'Mac Docker Runner',
  'Mac2 Docker Runner',
  'gitlab-runner-nordic',
]

let url: string
let deps: LocalDeps

async function recommend(parameters: Record<string, string>, init?: RequestInit): Promise<RecommendAnswer> {
  const response = await fetch(`${url}/recommend?${new URLSearchParams(parameters)}`, init)
  expect(response.status).toBe(200)
  return (await response.json()) as RecommendAnswer
}

beforeAll(async () => {
  const server = await startServer()
  url = server.url
  deps = server.deps
  await playDockerRunners(url)
  await deps.deliveries.drained()
})

describe('recommend', () => {
  test('gives the best arm of the feasible set, its own tag and the exact propensity', async () => {
    const answer = await recommend({ project: 'backoffice', job: 'rspec', tags: 'docker-any' })
    expect(answer).toMatchObject({
      kind: 'arm',
      runner: 'Mac2 Docker Runner',
      tag: 'mac2-docker',
      policy: 'ucb1',
      propensity: 1,
    })
    expect(answer.confidence).toBeGreaterThan(0.25)
    expect(answer.state).toMatchObject({
      observations: 4,
      generation: expect.stringMatching(/^[0-9a-f]{16}$/),
    })
    // UCB1 with t = 4, n = 1: 1 / (0.1 + penalty + 0.1) + 2 sqrt(ln 4); Mac2 costs 0.02 EUR an hour.
    const score = 1 / (0.1 + (0.02 * 6) / 3600 + 0.1) + 2 * Math.sqrt(Math.log(4))
    expect(answer.feasible[0]?.score).toBeCloseTo(score, 5)
    expect(answer.feasible.map(({ arm }) => arm).sort()).toEqual(DOCKER_ARMS)
  })

  test('says of every other arm why not', async () => {
    const { refused } = await recommend({ project: 'backoffice', job: 'rspec', tags: 'docker-any' })
    expect(refused).toHaveLength(7)
    expect(refused[0]).toEqual({
      arm: 'Linux Yoga K8s Runner',
      code: 'tags_missing',
      reason: 'Linux Yoga K8s Runner does not carry the tag "docker-any".',
    })
  })

  test('refuses the offline runner by name', async () => {
    const answer = await recommend({ project: 'crm', job: 'deploy', tags: 'nordic-k8s' })
    expect(answer).toMatchObject({ kind: 'none', runner: null, tag: null, propensity: null })
    expect(answer.relaxations).toContainEqual({ lifted: ['offline'], arms: ['Nordic K8s Runner'] })
    expect(answer.relaxations).toContainEqual({ lifted: ['tags_missing'], arms: expect.any(Array) })
    const whole = await recommend({ project: 'crm', job: 'deploy', tags: 'gpu', all: '1' })
    expect(whole.refused.find(({ arm }) => arm === 'Nordic K8s Runner')?.rules).toEqual([
      { runner: 'Nordic K8s Runner', code: 'tags_missing', reason: expect.stringContaining('"gpu"') },
      { runner: 'Nordic K8s Runner', code: 'offline', reason: expect.any(String) },
    ])
    expect(answer.refused).toContainEqual({
      arm: 'Nordic K8s Runner',
      code: 'offline',
      reason: 'Nordic K8s Runner is described as offline.',
    })
  })

  test('without tags falls back on the arms that served the job before', async () => {
    const answer = await recommend({ project: '101', job: 'rspec 3/4' })
    expect(answer.feasible.map(({ arm }) => arm).sort()).toEqual(DOCKER_ARMS)
    const unknown = await recommend({ project: '101', job: 'never seen' })
    expect(unknown).toMatchObject({
      kind: 'fallback',
      tag: 'any-runner',
      reason: expect.stringContaining('not known'),
    })
  })

  test.each([
    ['a form', 'application/x-www-form-urlencoded', 'project=101&job=rspec&tags=k8s-any%2Cmac-any'],
    ['JSON', 'application/json', '{"project":101,"job":"rspec","tags":["k8s-any","mac-any"]}'],
  ])('takes its parameters from the body of a POST, as %s', async (_name, type, body) => {
    const response = await fetch(`${url}/recommend`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    })
    expect(await response.json()).toMatchObject({ kind: 'arm', runner: 'Mac K8s Runner' })
  })

  test('answers 400 for a body that is no JSON object', async () => {
    for (const body of ['[1]', '{', 'null']) {
      const headers = { 'content-type': 'application/json' }
      expect((await fetch(`${url}/recommend`, { method: 'POST', headers, body })).status).toBe(400)
    }
  })

  test('says that a tag is dead', async () => {
    const { kind, reason } = await recommend({ project: '101', job: 'rspec', tags: 'gcp-docker' })
    expect([kind, reason]).toEqual(['none', expect.stringContaining('"gcp-docker" is a dead tag.')])
  })

  test('knows a project by the path that fleet.yaml gives its id', async () => {
    const fleet = join(dataFolder(), 'fleet.yaml')
    writeFileSync(
      fleet,
      `
machines: { m: {} }
executors: [docker]
projects: [{ name: api, id: 101, path: acme/api }]
runners: [{ name: Mac Docker Runner, machine: m, executor: docker, tags: [x] }]
`,
    )
    const described = await startServer({ RUNNER_BANDIT_FLEET: fleet })
    await postWebhook(described.url, jobWebhook())
    await described.deps.deliveries.drained()
    for (const project of ['101', 'api', 'acme/api']) {
      const response = await fetch(
        `${described.url}/recommend?${new URLSearchParams({ project, job: 'rspec' })}`,
      )
      expect(await response.json()).toMatchObject({ kind: 'arm', runner: 'Mac Docker Runner' })
    }
  })

  test('draws from the probabilities it gives when the policy is uniform', async () => {
    const drawn = new Set<string | null>()
    for (let draw = 0; draw < 60; draw += 1) {
      const answer = await recommend({ project: 'crm', job: 'x', tags: 'docker-any', policy: 'uniform' })
      expect(answer.propensity).toBe(0.25)
      drawn.add(answer.runner)
    }
    // The chance that 60 draws miss one of four arms is below 4 · 0.75^60 = 1.3e-7.
    expect([...drawn].sort()).toEqual(DOCKER_ARMS)
  })

  test("speaks dotenv by GitLab's rules", async () => {
    const response = await fetch(`${url}/recommend?project=42&job=x&tags=docker-any&format=dotenv`)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
    const lines = (await response.text()).split('\n')
    expect(lines.slice(0, 2)).toEqual(['MAB_RUNNER_TAG=mac2-docker', 'MAB_RUNNER=Mac2-Docker-Runner'])
    expect(lines[2]).toMatch(/^MAB_DECISION_ID=[0-9a-f-]{36}$/)
    expect(lines.slice(3)).toEqual(['MAB_POLICY=ucb1', 'MAB_MODE=autonomous', 'MAB_ROUTED=true', ''])
  })

  test('records every answer as it was given', async () => {
    const answer = await recommend({ project: 'portal', job: 'audit', tags: 'k8s-any' }, { method: 'POST' })
    await deps.deliveries.drained()
    const rows = await deps.warehouse.query(
      'SELECT * FROM ci_metrics.recommendations WHERE decision_id = @id',
      { id: answer.decision_id },
    )
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      kind: 'arm',
      project: 'portal',
      job_name: 'audit',
      job_tags: 'k8s-any',
      arm: answer.runner,
      tag: answer.tag,
      propensity: 1,
      policy: 'ucb1',
      state_generation: answer.state?.generation,
      instance: 'gitlab.com',
    })
  })

  test('records what an older version handed over without the instance', async () => {
    await recommend({ project: 'portal', job: 'older', tags: 'k8s-any' })
    await deps.deliveries.drained()
    const sql = "SELECT * FROM ci_metrics.recommendations WHERE job_name = 'older' ORDER BY decision_id"
    const [{ instance: _, ...older } = {}] = await deps.warehouse.query(sql)
    await deps.bus.publish({ topic: 'recommendations', body: { ...older, decision_id: '~older' } })
    await deps.deliveries.drained()
    const rows = await deps.warehouse.query(sql)
    expect(rows.map(({ instance }) => instance)).toEqual(['gitlab.com', null])
  })

  test('records what answers were drawn from once, and names it in each of them', async () => {
    const question = { project: 'portal', job: 'audit 2', tags: 'docker-any', policy: 'thompson' }
    const answers = [
      await recommend(question),
      await recommend(question),
      await recommend({ ...question, all: '1' }),
    ]
    await deps.deliveries.drained()
    const rows = await deps.warehouse.query(
      `SELECT s.* FROM ci_metrics.recommendations AS r JOIN ci_metrics.choice_sets AS s USING (choice_set_id)
        WHERE r.job_name = @job`,
      { job: 'audit 2' },
    )
    expect(rows).toHaveLength(3)
    expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBe(1)
    const [answer] = answers
    expect(rows[0]).toMatchObject({
      choice_set_id: answer?.choice_set_id,
      policy: 'thompson',
      policy_version: '2',
      state_generation: answer?.state?.generation,
    })
    expect(JSON.parse(rows[0]?.feasible as string)).toEqual(answer?.feasible)
    expect(JSON.parse(rows[0]?.refused as string).tags_missing).toHaveLength(7)
    expect(JSON.parse(rows[0]?.parameters as string)).toMatchObject({ prior_scale: 0.3, uniform_share: 0.01 })
    for (const { runner, propensity, feasible } of answers) {
      expect(propensity).toBe(feasible.find(({ arm }) => arm === runner)?.probability)
    }
  })

  test.each([
    ['no project', '/recommend?job=x', 'project'],
    [
      'an unknown policy',
      '/recommend?project=a&job=b&policy=best',
      'ucb1, ucb1-tuned, thompson, greedy, uniform',
    ],
    ['an unknown format', '/recommend?project=a&job=b&format=xml', 'json or dotenv'],
  ])('answers 400 for %s, saying what is wrong', async (_name, path, word) => {
    const response = await fetch(url + path)
    expect(response.status).toBe(400)
    expect(((await response.json()) as { error: string }).error).toContain(word)
  })

  test('gives the fallback tag when no decision can be made, and never an error', async () => {
    const broken = await startServer()
    broken.deps.state = { ...broken.deps.state, latest: () => undefined }
    const response = await fetch(`${broken.url}/recommend?project=a&job=b&tags=docker-any`)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      kind: 'fallback',
      tag: 'any-runner',
      runner: null,
      propensity: null,
    })
  })
})
