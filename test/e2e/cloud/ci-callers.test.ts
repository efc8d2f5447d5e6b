/** CI jobs that ask the deployed `recommend` with the id token of their GitLab, and those who only look like one. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningFunction, startFunction } from '../../support/cloud/function.ts'
import { pushClaims } from '../../support/cloud/index.ts'
import { BUCKET, startFakeStorage } from '../../support/fake-storage/index.ts'
import {
  AUDIENCE,
  type Claims,
  jobClaims,
  type PlayedIssuer,
  signedWithSecret,
  signingKey,
  startPlayedIssuer,
  unsigned,
} from '../../support/played-issuer.ts'

const cleanups: (() => unknown)[] = []
const whenDone = (cleanUp: () => unknown) => cleanups.push(cleanUp)
afterAll(async () => {
  for (const cleanUp of cleanups.reverse()) await cleanUp()
})

describe('the deployed recommend', () => {
  let recommend: RunningFunction
  let gitlab: PlayedIssuer
  let stranger: PlayedIssuer

  beforeAll(async () => {
    gitlab = await startPlayedIssuer(whenDone)
    stranger = await startPlayedIssuer(whenDone, signingKey('stranger'))
    const storage = await startFakeStorage()
    whenDone(() => storage.close())
    recommend = await startFunction('recommend', {
      GOOGLE_CLOUD_PROJECT: 'played-project',
      BANDIT_GCS_BUCKET: BUCKET,
      STORAGE_EMULATOR_HOST: storage.url,
      METADATA_SERVER_DETECTION: 'none',
      GITLAB_URL: gitlab.url,
      RUNNER_BANDIT_ID_TOKEN_AUDIENCE: AUDIENCE,
      RUNNER_BANDIT_MODE: 'autonomous',
      RUNNER_BANDIT_ID_TOKEN_PROJECTS: '101',
    })
    whenDone(recommend.stop)
  })

  const ask = (token?: string, query = '') =>
    fetch(`${recommend.url}/recommend?job=rspec&tags=docker-any${query}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })
  const claims = (overrides: Claims = {}) => jobClaims(gitlab, Date.now(), overrides)
  const seconds = () => Math.floor(Date.now() / 1000)

  test('puts everybody off while the keys cannot be had', async () => {
    gitlab.fault = 'hang'
    expect((await ask(gitlab.token(claims()))).status).toBe(503)
    gitlab.fault = undefined
    await expect
      .poll(async () => (await ask(gitlab.token(claims()))).status, { interval: 500, timeout: 10_000 })
      .toBe(200)
  })

  test.each<[string, () => string | undefined, number]>([
    ['no token', () => undefined, 401],
    ['an unsigned one', () => unsigned(claims(), 'first'), 401],
    [
      'one signed by the public key',
      () => {
        const pem = gitlab.key.publicKey.export({ type: 'spki', format: 'pem' })
        return signedWithSecret(claims(), 'first', pem)
      },
      401,
    ],
    ['one of another GitLab', () => stranger.token(claims()), 401],
    ['one that names another GitLab', () => gitlab.token(claims({ iss: stranger.url })), 401],
    ['one for another audience', () => gitlab.token(claims({ aud: 'https://other.example' })), 401],
    ['an expired one', () => gitlab.token(claims({ exp: seconds() - 120 })), 401],
    [
      'one with keys of its own',
      () => stranger.token(claims(), { kid: 'first', jku: stranger.jwksUrl }),
      401,
    ],
    ["Google's, as pushes have it", () => gitlab.token(pushClaims()), 401],
    ['one of another project', () => gitlab.token(claims({ project_id: '1010' })), 403],
  ])('refuses %s', async (_name, tokenOf, status) => {
    const answer = await ask(tokenOf(), '&project=101')
    expect(answer.status).toBe(status)
    expect(await answer.text()).not.toContain('eyJ')
    expect(stranger.requests).toEqual([])
  })

  test('answers no question about another project than the one of the token', async () => {
    expect((await ask(gitlab.token(claims()), '&project=102')).status).toBe(403)
    expect((await ask(gitlab.token(claims()), '&project=101')).status).toBe(200)
  })
})
