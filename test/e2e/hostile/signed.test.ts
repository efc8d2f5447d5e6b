/** Forged, stale and repeated signatures, where only signed webhooks are taken; while the key is being changed. */
import { createHmac } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { jobWebhook } from '../../support/webhook.ts'
import { onEachTarget } from './each-target.ts'
import type { Kept, Target } from './target.ts'

const keyOf = (letter: string) => Buffer.alloc(32, letter)
const tokenOf = (letter: string) => `whsec_${keyOf(letter).toString('base64')}`
const nowSeconds = () => Math.floor(Date.now() / 1000)

type Signing = { letter?: string; id?: string; seconds?: number | string; signed?: string }

/** GitLab's: HMAC-SHA256 of "id.seconds.body". */
function postSigned({ url }: Target, body: string, signing: Signing, headers: Record<string, string> = {}) {
  const { letter = 'a', id = 'msg_1', seconds = nowSeconds(), signed = body } = signing
  const hmac = createHmac('sha256', keyOf(letter)).update(`${id}.${seconds}.${signed}`).digest('base64')
  return fetch(`${url}/webhooks/gitlab`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': `v1,${hmac}`,
      ...headers,
    },
    body,
  })
}

const body = JSON.stringify(jobWebhook({ build_id: 1 }))
const other = JSON.stringify(jobWebhook({ build_id: 2 }))

onEachTarget((targets) => {
  let target: Target
  let before: Kept

  beforeAll(async () => {
    target = await targets.start({ GITLAB_WEBHOOK_SIGNING_TOKEN: `${tokenOf('a')},${tokenOf('b')}` })
    for (const letter of ['a', 'b']) expect((await postSigned(target, body, { letter })).status).toBe(202)
    before = await target.kept()
    expect(before.job_event_log).toBe(1)
  })

  test.each<[string, Signing, Record<string, string>]>([
    ['of a key that is none of ours', { letter: 'c' }, {}],
    ['of another body', { signed: body }, {}],
    ['of the body written anew', { signed: JSON.stringify(JSON.parse(other), null, 1) }, {}],
    ['of another delivery', {}, { 'webhook-id': 'msg_2' }],
    ['of another time', {}, { 'webhook-timestamp': String(nowSeconds() - 100) }],
    ['six minutes old', { seconds: nowSeconds() - 360 }, {}],
    ['six minutes ahead', { seconds: nowSeconds() + 360 }, {}],
    ['of no time', { seconds: '' }, {}],
    ['of a time that is none', { seconds: '__proto__' }, {}],
    ['that is empty', {}, { 'webhook-signature': '' }],
    ['that is long', {}, { 'webhook-signature': 'v1,'.repeat(3000) }],
    ['that is wrong beside the right token', { letter: 'c' }, { 'x-gitlab-token': 'a-token-for-tests' }],
  ])('a signature %s is refused, and nothing is kept', async (_name, signing, headers) => {
    const answer = await postSigned(target, other, signing, headers)
    expect(answer.status).toBe(401)
    expect(await answer.text()).not.toContain('v1,')
    expect(await target.kept()).toEqual(before)
  })

  test('a delivery that comes again counts once', async () => {
    for (let times = 0; times < 3; times += 1) expect((await postSigned(target, body, {})).status).toBe(202)
    expect(await target.kept()).toEqual(before)
  })
})
