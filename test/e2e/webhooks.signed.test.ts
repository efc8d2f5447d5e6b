/** Webhooks with GitLab's signature, made here from its description with node:crypto alone. */
import { createHmac } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import { type FixedClock, fixedClock } from '../support/fixed-clock.ts'
import { startServer, WEBHOOK_TOKEN } from '../support/server.ts'
import { jobWebhook } from '../support/webhook.ts'

const NOW = Date.parse('2026-11-21T08:00:00Z')
const key = (letter: string) => Buffer.alloc(32, letter)
const token = (letter: string) => `whsec_${key(letter).toString('base64')}`
const SECONDS = NOW / 1000

type Signing = { id?: string; seconds?: number | string; letters?: string; signed?: string }

/** `v1,` and the HMAC-SHA256 of "id.seconds.body", for each letter that names a key. */
function signatureOf(body: string, { id = 'msg_1', seconds = SECONDS, letters = 'a' }: Signing): string {
  return [...letters]
    .map((letter) => createHmac('sha256', key(letter)).update(`${id}.${seconds}.${body}`).digest('base64'))
    .map((hmac) => `v1,${hmac}`)
    .join(' ')
}

function post(url: string, body: string, headers: Record<string, string>) {
  return fetch(`${url}/webhooks/gitlab`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
}

/** @param signing.signed the text that is signed, when it is not the body. */
function postSigned(url: string, body: string, signing: Signing = {}, headers: Record<string, string> = {}) {
  const { id = 'msg_1', seconds = SECONDS } = signing
  return post(url, body, {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signatureOf(signing.signed ?? body, signing),
    ...headers,
  })
}

let url: string
let deps: LocalDeps
let clock: FixedClock

const statuses = async (responses: Promise<Response>[]) =>
  (await Promise.all(responses)).map(({ status }) => status)
const rows = async () => {
  await deps.deliveries.drained()
  return deps.warehouse.query('SELECT job_id FROM ci_metrics.job_events ORDER BY job_id')
}
const job = (id: number) => JSON.stringify(jobWebhook({ build_id: id }, NOW))

describe('where only signatures are accepted', () => {
  beforeAll(async () => {
    const server = await startServer({
      GITLAB_WEBHOOK_TOKEN: undefined,
      GITLAB_WEBHOOK_SIGNING_TOKEN: `${token('a')},${token('b')}`,
    })
    url = server.url
    deps = server.deps
  })
  beforeEach(() => {
    clock = fixedClock(NOW)
    deps.clock = clock
  })

  test('a signed webhook is taken, under either key while one is being changed', async () => {
    expect(await statuses([postSigned(url, job(1)), postSigned(url, job(2), { letters: 'b' })])).toEqual([
      202, 202,
    ])
    expect(await rows()).toEqual([{ job_id: 1 }, { job_id: 2 }])
  })

  test('one good signature among several is enough', async () => {
    expect(await statuses([postSigned(url, job(1), { letters: 'xya' })])).toEqual([202])
    const others = `v1,short v2,${'x'.repeat(44)} ${signatureOf(job(1), {})}`
    expect(await statuses([postSigned(url, job(1), {}, { 'webhook-signature': others })])).toEqual([202])
  })

  test('the same delivery again is harmless: its event is a duplicate', async () => {
    const again = await postSigned(url, job(1))
    expect(await again.json()).toMatchObject({ status: 'duplicate', conflicting: false })
    expect(await rows()).toHaveLength(2)
  })

  test.each<[string, Signing]>([
    ['of another key', { letters: 'c' }],
    ['of another body', { signed: job(4) }],
    ['of the body written anew', { signed: JSON.stringify(JSON.parse(job(3)), null, 1) }],
    ['301 s old', { seconds: SECONDS - 301 }],
    ['301 s ahead', { seconds: SECONDS + 301 }],
    ['without a time', { seconds: '' }],
    ['of a time that is none', { seconds: 'now' }],
    ['of a time written otherwise', { seconds: `0${SECONDS}` }],
    ['of a time in milliseconds', { seconds: NOW }],
  ])('a signature %s is refused, and nothing is kept', async (_name, signing) => {
    const before = await rows()
    const response = await postSigned(url, job(3), signing)
    expect(response.status).toBe(401)
    expect(await response.text()).not.toContain('v1,')
    expect(await rows()).toEqual(before)
  })

  test('300 s either way are borne', async () => {
    const within = [-300, 300].map((off) => postSigned(url, job(1), { seconds: SECONDS + off }))
    expect(await statuses(within)).toEqual([202, 202])
    clock.advance(1000)
    expect(await statuses([postSigned(url, job(1), { seconds: SECONDS - 300 })])).toEqual([401])
  })

  test.each<[string, Record<string, string>]>([
    ['an empty one', { 'webhook-signature': '' }],
    ['one without its version', { 'webhook-signature': signatureOf(job(3), {}).slice(3) }],
    ['one of another version', { 'webhook-signature': signatureOf(job(3), {}).replace('v1', 'v2') }],
    ['one with its end cut off', { 'webhook-signature': signatureOf(job(3), {}).slice(0, -1) }],
    ['one of another id', { 'webhook-id': 'msg_2' }],
    ['one whose time is written otherwise than it was signed', { 'webhook-timestamp': `0${SECONDS}` }],
    ['one of another time', { 'webhook-timestamp': String(SECONDS + 1) }],
  ])('%s is refused', async (_name, headers) => {
    expect(await statuses([postSigned(url, job(3), {}, headers)])).toEqual([401])
  })

  test('nothing else opens it: no signature, a secret token, a token made up by the server', async () => {
    expect(existsSync(join(deps.settings.dataFolder, 'webhook-token'))).toBe(false)
    expect(deps.ownToken).toBe(false)
    const unsigned = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(SECONDS) }
    expect(
      await statuses([
        post(url, job(3), unsigned),
        post(url, job(3), { ...unsigned, 'x-gitlab-token': WEBHOOK_TOKEN }),
        post(url, job(3), { ...unsigned, 'x-gitlab-token': '' }),
        post(url, job(3), { ...unsigned, 'x-gitlab-token': token('a') }),
      ]),
    ).toEqual([401, 401, 401, 401])
  })

  test('a body over the limit is answered 202 and leaves nothing, since nobody checked whose it is', async () => {
    const long = JSON.stringify({ object_kind: 'build', padding: 'x'.repeat(1024 * 1024) })
    const response = await postSigned(url, long, { letters: 'x' }, { 'x-gitlab-event': 'Job Hook' })
    expect([response.status, await response.json()]).toMatchObject([202, { status: 'ignored' }])
    await deps.deliveries.drained()
    expect(await deps.warehouse.query('SELECT code FROM ci_metrics.quarantine')).toEqual([])
  })
})

describe('where both kinds of token are set', () => {
  beforeAll(async () => {
    const server = await startServer({ GITLAB_WEBHOOK_SIGNING_TOKEN: token('a') })
    url = server.url
    deps = server.deps
    deps.clock = fixedClock(NOW)
  })

  test('a signature decides alone: a good secret token does not make good for a bad one', async () => {
    const secret = { 'x-gitlab-token': WEBHOOK_TOKEN }
    expect(
      await statuses([
        postSigned(url, job(1)),
        postSigned(url, job(1), {}, { 'x-gitlab-token': 'wrong' }),
        postSigned(url, job(1), { letters: 'b' }, secret),
      ]),
    ).toEqual([202, 202, 401])
  })

  test('without a signature the secret token decides, also when the delivery has an id', async () => {
    const headers = { 'x-gitlab-token': WEBHOOK_TOKEN, 'webhook-id': 'msg_1', 'webhook-timestamp': '1' }
    expect(await statuses([post(url, job(1), headers)])).toEqual([202])
    expect(await statuses([post(url, job(1), { ...headers, 'x-gitlab-token': 'wrong' })])).toEqual([401])
  })
})

test('where no signing token is set, the secret token decides over a signed webhook', async () => {
  const server = await startServer()
  const secret = { 'x-gitlab-token': WEBHOOK_TOKEN }
  expect(
    await statuses([
      postSigned(server.url, job(1), { seconds: 1 }, secret),
      postSigned(server.url, job(1), {}, { 'x-gitlab-token': 'wrong' }),
      postSigned(server.url, job(1)),
    ]),
  ).toEqual([202, 401, 401])
})
