/** Who may not: no token, half a token, a token in the wrong place. Nothing of it is kept or logged. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ConfigError } from '../../../shared/errors.ts'
import { loadConfig } from '../../../shared/runtime/config.ts'
import { postWebhook, WEBHOOK_TOKEN } from '../../support/server.ts'
import { jobWebhook } from '../../support/webhook.ts'
import { onEachTarget } from './each-target.ts'
import { converse, rawPost, statusOf } from './sockets.ts'
import { ADMIN_TOKEN, API_TOKEN, type Kept, type Target } from './target.ts'

const body = JSON.stringify(jobWebhook())

onEachTarget((targets) => {
  let target: Target
  let before: Kept

  beforeAll(async () => {
    target = await targets.start()
    await postWebhook(target.url, jobWebhook({ build_id: 1 }))
    before = await target.kept()
    expect(before.job_event_log).toBe(1)
  })

  beforeEach(() => {
    target.newlyLogged()
  })

  const untouched = async () => {
    expect(await target.kept()).toEqual(before)
    expect(target.newlyLogged()).toEqual([])
  }

  describe('a webhook is refused, and leaves no trace,', () => {
    test.each<[string, string | undefined]>([
      ['without a token', undefined],
      ['with an empty one', ''],
      ['with a wrong one of the same length', 'x'.repeat(WEBHOOK_TOKEN.length)],
      ['with the beginning of one', WEBHOOK_TOKEN.slice(0, -1)],
      ['with one and more', `${WEBHOOK_TOKEN}x`],
      ['with one in other letters', WEBHOOK_TOKEN.toUpperCase()],
      ['with a list that has one', `x,${WEBHOOK_TOKEN}`],
      ['with the token of the API', API_TOKEN],
    ])('%s', async (_name, token) => {
      const answer = await converse(target.port, rawPost(body, { token }))
      expect(statusOf(answer)).toBe(401)
      expect(answer).not.toContain(WEBHOOK_TOKEN)
      await untouched()
    })

    test.each([
      ['with two token headers', { headers: [`X-Gitlab-Token: ${WEBHOOK_TOKEN}`] }],
      ['with the token in the query', { token: undefined, path: `/webhooks/gitlab?token=${WEBHOOK_TOKEN}` }],
      [
        'with it in the query under the name of the header',
        { token: undefined, path: `/webhooks/gitlab?X-Gitlab-Token=${WEBHOOK_TOKEN}` },
      ],
      ['with it as a bearer', { token: undefined, headers: [`Authorization: Bearer ${WEBHOOK_TOKEN}`] }],
      ['with it as a cookie', { token: undefined, headers: [`Cookie: x-gitlab-token=${WEBHOOK_TOKEN}`] }],
      ['as if it came from this machine', { token: undefined, headers: ['X-Forwarded-For: 127.0.0.1'] }],
      ['with a signature that nobody can check', { token: undefined, headers: ['webhook-signature: v1,x'] }],
    ])('%s', async (_name, parts) => {
      expect(statusOf(await converse(target.port, rawPost(body, parts)))).toBe(401)
      await untouched()
    })

    test('a thousand times, and still nothing is kept or logged', async () => {
      for (let round = 0; round < 10; round += 1) {
        const answers = await Promise.all(
          Array.from({ length: 100 }, () =>
            postWebhook(target.url, jobWebhook(), { 'x-gitlab-token': 'wrong' }),
          ),
        )
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]))
        await Promise.all(answers.map((answer) => answer.text()))
      }
      await untouched()
    })
  })

  test('a reset is not for the token of the API', async () => {
    expect((await target.ask('/reset', { method: 'POST', body: '{}' })).status).toBe(401)
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
    expect((await target.ask(`/reset?token=${ADMIN_TOKEN}`, { method: 'POST', headers: {} })).status).toBe(
      401,
    )
    expect((await target.ask('/reset', { headers })).status).toBe(405)
    await untouched()
  })

  describe('the API is closed', () => {
    test.each([
      ['to nobody in particular', undefined],
      ['to the token of the webhook', `Bearer ${WEBHOOK_TOKEN}`],
      ['to another scheme', `Basic ${API_TOKEN}`],
      ['to the bare token', API_TOKEN],
      ['to two tokens', `Bearer ${API_TOKEN}, Bearer ${API_TOKEN}`],
    ])('%s', async (_name, authorization) => {
      const headers = authorization === undefined ? {} : { authorization }
      const asked = [
        target.ask(`/stats?token=${API_TOKEN}`, { headers }),
        target.ask('/recommend?project=1&job=x', { headers }),
        target.ask('/explain?job_id=1&project=101', { headers }),
        target.ask('/update', { method: 'POST', headers, body: 'project_id=1' }),
        target.ask('/reset', { method: 'POST', headers, body: '{}' }),
      ]
      for (const response of await Promise.all(asked)) {
        expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
      }
      await untouched()
    })
  })
})

test('a token that is set and empty keeps the server from starting', () => {
  for (const value of ['', ' ', ',', 'one,']) {
    expect(() => loadConfig({ GITLAB_WEBHOOK_TOKEN: value })).toThrow(ConfigError)
    expect(() => loadConfig({ GITLAB_WEBHOOK_SIGNING_TOKEN: value })).toThrow(ConfigError)
  }
})
