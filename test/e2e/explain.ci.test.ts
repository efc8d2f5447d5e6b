/** /explain asked by a CI job with its id token: told of its own project alone, and not what mode shadow does not tell. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import type { Explanation } from '../../shared/schema/explanation-answer.ts'
import type { RecommendAnswer } from '../../shared/schema/recommend.ts'
import {
  AUDIENCE,
  type Claims,
  jobClaims,
  type PlayedIssuer,
  startPlayedIssuer,
} from '../support/played-issuer.ts'
import { playDockerRunners, postWebhook, startServer } from '../support/server.ts'
import { jobWebhook, running } from '../support/webhook.ts'

const API_TOKEN = 'an-api-token-for-tests'
const MAC2 = { id: 51, description: 'Mac2 Docker Runner', tags: ['docker-any', 'mac2-docker'] }
const JOB = 2001
const PIPELINE = 77
const CRM = { project_id: '102', project_path: 'example/crm' }

const cleanups: (() => void)[] = []
afterAll(() => {
  for (const cleanUp of cleanups) cleanUp()
})

let issuer: PlayedIssuer
const tokenOf = (claims: Claims = {}) => issuer.token(jobClaims(issuer, Date.now(), claims))

type Played = {
  url: string
  deps: LocalDeps
  answer: RecommendAnswer
  shadowId: string
  get<T>(path: string, token?: string): Promise<{ status: number; body: T }>
}

/** A server of a mode, that was asked for the job `build` of a pipeline, which then ran on Mac2. */
async function played(mode: string): Promise<Played> {
  const { url, deps } = await startServer({
    RUNNER_BANDIT_MODE: mode,
    RUNNER_BANDIT_API_TOKEN: API_TOKEN,
    GITLAB_URL: issuer.url,
    RUNNER_BANDIT_ID_TOKEN_AUDIENCE: AUDIENCE,
    RUNNER_BANDIT_ID_TOKEN_PROJECTS: 'example/*',
  })
  await playDockerRunners(url)
  await deps.deliveries.drained()
  async function get<T>(path: string, token = API_TOKEN) {
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })
    return { status: response.status, body: (await response.json()) as T }
  }
  const question = `project=101&job=build&tags=docker-any&pipeline_id=${PIPELINE}`
  const { body: answer } = await get<RecommendAnswer>(`/recommend?${question}`)
  await deps.deliveries.drained()
  const job = { runner: MAC2, build_id: JOB, build_name: 'build', pipeline_id: PIPELINE }
  const elsewhere = { ...job, project_id: 102, project: { id: 102, path_with_namespace: 'example/crm' } }
  for (const its of [job, elsewhere]) {
    await postWebhook(url, running(its))
    await deps.deliveries.drained()
    await postWebhook(url, jobWebhook({ ...its, build_duration: 93 }))
    await deps.deliveries.drained()
  }
  return { url, deps, answer, shadowId: `${deps.settings.instance}/101/${JOB}/job.started`, get }
}

let routed: Played
let quiet: Played
beforeAll(async () => {
  issuer = await startPlayedIssuer((cleanUp) => cleanups.push(cleanUp))
  routed = await played('autonomous')
  quiet = await played('shadow')
})

describe('a CI job with its id token', () => {
  test('is told of its own project, which its token names', async () => {
    const { answer, shadowId, get } = routed
    for (const query of [`decision_id=${answer.decision_id}`, `decision_id=${shadowId}`, `job_id=${JOB}`]) {
      const { status, body } = await get<Explanation>(`/explain?${query}`, tokenOf())
      expect([status, body.decision.arm]).toEqual([200, expect.any(String)])
    }
  })

  test('is told of another project what it would be told of nothing', async () => {
    const { answer, shadowId, get } = routed
    for (const [query, claims] of [
      [{ decision_id: answer.decision_id }, CRM],
      [{ decision_id: shadowId }, CRM],
      [{ job_id: String(JOB), project: '101' }, CRM],
      [{ job_id: String(JOB), project: '102' }, {}],
    ] as const) {
      const asked = `/explain?${new URLSearchParams(query)}`
      const { status, body } = await get<{ error: string }>(asked, tokenOf(claims))
      expect([status, body.error]).toEqual([404, expect.stringContaining('unknown')])
    }
    // Its own job of the same number.
    const { body } = await get<Explanation>(`/explain?job_id=${JOB}`, tokenOf(CRM))
    expect(body.decision).toMatchObject({ kind: 'shadow', project: 'example/crm' })
  })

  test('and nobody without a token, or with one of a project that is not listed', async () => {
    const { answer, url, get } = routed
    const path = `/explain?decision_id=${answer.decision_id}`
    expect((await fetch(url + path)).status).toBe(401)
    expect((await get(path, 'wrong')).status).toBe(401)
    expect((await get(path, tokenOf({ aud: 'https://elsewhere.example.net' }))).status).toBe(401)
    expect((await get(path, tokenOf({ project_id: '5', project_path: 'others/app' }))).status).toBe(403)
  })
})

describe('of a recommendation in mode shadow', () => {
  const explainOf = ({ get, answer }: Played, token?: string) =>
    get<Explanation>(`/explain?decision_id=${answer.decision_id}`, token)

  test('a CI job is told no more than /recommend told it', async () => {
    const { answer } = quiet
    expect(answer).toMatchObject({ mode: 'shadow', runner: null, feasible: [], propensity: null })
    const { status, body } = await explainOf(quiet, tokenOf())
    expect(status).toBe(200)
    const { decision, symbolic, statistical, outcome, text } = body
    expect(decision).toMatchObject({
      decision_id: answer.decision_id,
      kind: 'recommendation',
      mode: 'shadow',
      result: 'untold',
      routed: false,
      arm: null,
      tag: null,
      propensity: null,
      reason: 'not told: the project is in mode shadow',
    })
    expect(symbolic).toEqual({ known_count: 0, feasible: [], refused: [], relaxations: [] })
    expect(statistical).toEqual({ arms: [], change: null })
    expect(outcome).toMatchObject({
      job_id: JOB,
      runner: MAC2.description,
      was_pick: null,
      was_routed: false,
    })
    expect(text).toMatch(
      /^What was recommended for 101\/build on [^.]+ is not told: the project is in mode shadow\. It ran on Mac2 Docker Runner, and succeeded/,
    )
  })

  test('what was decided in the shadow of its job is told, as the pipeline report tells it', async () => {
    const { get, shadowId } = quiet
    for (const query of [`decision_id=${shadowId}`, `job_id=${JOB}`]) {
      const { body } = await get<Explanation>(`/explain?${query}`, tokenOf())
      expect(body.decision).toMatchObject({ kind: 'shadow', arm: expect.any(String) })
    }
  })

  test('who has the token of the API is told all of it', async () => {
    const { decision, statistical, outcome } = (await explainOf(quiet)).body
    expect(decision).toMatchObject({
      result: 'arm',
      arm: MAC2.description,
      tag: 'mac2-docker',
      propensity: 1,
    })
    expect(statistical.arms).toHaveLength(4)
    expect(outcome).toMatchObject({ was_pick: true })
  })
})
