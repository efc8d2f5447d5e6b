/** Who may ask for a pipeline report, and what a CI job is told in it. */
import { beforeAll, describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../shared/errors.ts'
import { whenFileDone } from '../support/file-done.ts'
import {
  ask,
  CI_TOKEN,
  jobsOf,
  OTHER,
  of,
  PATIENT,
  PIPELINE,
  PROJECT,
  type Served,
  serve,
} from '../support/pipeline-report.ts'
import {
  AUDIENCE,
  type Claims,
  jobClaims,
  type PlayedIssuer,
  startPlayedIssuer,
} from '../support/played-issuer.ts'

let issuer: PlayedIssuer
let served: Served
const tokenOf = (claims: Claims = {}) =>
  issuer.token(jobClaims(issuer, Date.now(), { pipeline_id: String(PIPELINE), ...claims }))

async function serveBelieving(env: Record<string, string> = {}): Promise<Served> {
  const idTokens = {
    RUNNER_BANDIT_ID_TOKEN_AUDIENCE: AUDIENCE,
    RUNNER_BANDIT_ID_TOKEN_PROJECTS: String(PROJECT),
  }
  const its = await serve({}, { ...idTokens, GITLAB_URL: issuer.url, ...env })
  // Keys and jobs come from one GitLab; here two play it.
  its.deps.gitlab = (await serve({}, { GITLAB_URL: its.api.url })).deps.gitlab
  return its
}

beforeAll(async () => {
  issuer = await startPlayedIssuer(whenFileDone)
  served = await serveBelieving()
})

describe('who may ask', () => {
  test('a job with an id token asks about its own pipeline without saying which', async () => {
    const { status, body } = await ask(served, {}, tokenOf())
    expect([status, body.pipeline_id, body.complete]).toEqual([200, PIPELINE, true])
    expect(body.jobs.ended).toBe(jobsOf(PIPELINE).length)
  })

  test('and about no other; and a fork not at all', async () => {
    expect((await ask(served, of(OTHER), tokenOf())).status).toBe(403)
    const fork = {
      project_id: '900',
      project_path: 'stranger/fork',
      job_project_id: String(PROJECT),
      job_project_path: 'example/backoffice',
    }
    const { status, body } = await ask(served, {}, tokenOf(fork))
    expect([status, body.error]).toEqual([403, expect.stringContaining('stranger/fork')])
  })

  test('nobody without a token, and nobody where none is set', async () => {
    expect((await ask(served, of(PIPELINE), 'wrong')).status).toBe(401)
    const closed = await serve({}, { RUNNER_BANDIT_API_TOKEN: undefined })
    expect((await ask(closed, of(PIPELINE))).status).toBe(403)
  })

  test('with the token of the API a pipeline has to be named', async () => {
    const wrong = [{}, { project_id: '101' }, { project_id: '1e3', pipeline_id: '7' }, { project_id: 'a/b' }]
    for (const form of wrong)
      await expect(ask(served, form as Record<string, string>)).rejects.toThrow(InvalidInputError)
  })

  test('it is asked by a POST of a form to /report', async () => {
    const statusOf = async (token: string, form?: Record<string, string>) => {
      const body = form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }
      return (await fetch(`${served.url}/report`, { headers: { authorization: `Bearer ${token}` }, ...body }))
        .status
    }
    expect(await statusOf(CI_TOKEN, of(PIPELINE))).toBe(200)
    expect(await statusOf(CI_TOKEN, {})).toBe(400)
    expect(await statusOf('wrong', of(PIPELINE))).toBe(401)
    expect(await statusOf(CI_TOKEN)).toBe(405)
  })
})

describe('what was recommended in mode shadow', () => {
  const recommended = async (mode: string) => {
    const its = await serveBelieving({ RUNNER_BANDIT_MODE: mode })
    const question = `project=${PROJECT}&job=build&tags=docker-any&pipeline_id=${PIPELINE}`
    const headers = { authorization: `Bearer ${CI_TOKEN}` }
    await fetch(`${its.url}/recommend?${question}`, { headers })
    await its.deps.deliveries.drained()
    // Whoever asks first: the answer is kept, and told to each as far as it may know.
    const full = await ask(its, of(PIPELINE), CI_TOKEN, { ...PATIENT, keptMs: 60_000 })
    const toJob = await ask(its, {}, tokenOf(), { ...PATIENT, keptMs: 60_000 })
    expect(toJob.body.as_of).toBe(full.body.as_of)
    return { full: full.body, toJob: toJob.body }
  }

  test('is not told to a CI job; what was decided in the shadow of its jobs is', async () => {
    const { full, toJob } = await recommended('shadow')
    const picked = { mode: 'shadow', kind: 'arm', arm: expect.any(String), tag: expect.any(String) }
    expect(full.recommendations).toMatchObject([{ ...picked, propensity: 1 }])
    const { decision_id: id, decided_at: at } = full.recommendations[0] ?? {}
    expect(toJob.recommendations).toEqual([
      {
        decision_id: id,
        decided_at: at,
        pipeline_id: PIPELINE,
        kind: 'untold',
        job_name: 'build',
        job_tags: 'docker-any',
        mode: 'shadow',
        routed: false,
        canary_group: null,
        policy: 'ucb1',
        policy_version: null,
        arm: null,
        tag: null,
        propensity: null,
        confidence: null,
        feasible_count: null,
        reason: 'not told: the project is in mode shadow',
      },
    ])
    expect(toJob.decisions).toEqual(full.decisions)
    expect(toJob.decisions.length).toBeGreaterThan(0)
  })

  test('in mode advisory is told', async () => {
    const { full, toJob } = await recommended('advisory')
    expect(toJob).toEqual(full)
    expect(toJob.recommendations).toMatchObject([{ kind: 'arm', arm: expect.any(String) }])
  })
})
