import { expect, test } from 'vitest'
import { TransientError } from '../../../shared/errors.ts'
import { refusePush } from '../../../shared/runtime/push-credentials.ts'

const PUSHER = 'push@project-1.iam.gserviceaccount.com'
const SCHEDULER = 'scheduler@project-1.iam.gserviceaccount.com'
const settings = { pushAccounts: [PUSHER, SCHEDULER] }
const headers = { authorization: 'Bearer a.b.c' }

/** Believes one token, whose claims are these. */
const believing = (claims: Record<string, unknown>) => ({
  settings,
  idTokens: { google: { verify: async (token: string) => (token === 'a.b.c' ? claims : undefined) } },
})
const statusOf = async (...asked: Parameters<typeof refusePush>) => (await refusePush(...asked))?.status

test('a push of one of the accounts passes', async () => {
  expect(await refusePush(headers, believing({ email: PUSHER, email_verified: true }))).toBeUndefined()
  expect(await refusePush(headers, believing({ email: SCHEDULER, email_verified: true }))).toBeUndefined()
})

test.each([
  ['another account', { email: 'push@project-2.iam.gserviceaccount.com', email_verified: true }],
  ['an account that only ends alike', { email: `x${PUSHER}`, email_verified: true }],
  ['both accounts in one', { email: `${PUSHER},${SCHEDULER}`, email_verified: true }],
  ['accounts in a list', { email: [PUSHER], email_verified: true }],
  ['an address that Google has not verified', { email: PUSHER, email_verified: false }],
  ['an address verified by a word', { email: PUSHER, email_verified: 'true' }],
  ['an address of which nothing is said', { email: PUSHER }],
  ['a subject without an address', { sub: PUSHER, email_verified: true }],
])('a token of %s is a 403', async (_name, claims) => {
  expect(await statusOf(headers, believing(claims))).toBe(403)
})

test.each([
  ['no header', {}],
  ['no token', { authorization: 'Bearer ' }],
  ['a token that is not believed', { authorization: 'Bearer a.b.d' }],
  ['two tokens', { authorization: 'Bearer a.b.c a.b.c' }],
  ['another scheme', { authorization: 'Basic a.b.c' }],
])('%s is a 401', async (_name, sent) => {
  expect(await statusOf(sent, believing({ email: PUSHER, email_verified: true }))).toBe(401)
})

test('it is closed while nobody said whom to believe', async () => {
  const { idTokens } = believing({ email: PUSHER, email_verified: true })
  expect(await statusOf(headers, { idTokens: { google: undefined }, settings })).toBe(403)
  expect(await statusOf(headers, { idTokens, settings: { pushAccounts: undefined } })).toBe(403)
  expect(await statusOf(headers, { idTokens, settings: { pushAccounts: [] } })).toBe(403)
})

test('keys that cannot be had are no refusal for good', async () => {
  const away = {
    settings,
    idTokens: {
      google: {
        verify: async () => {
          throw new TransientError('no keys')
        },
      },
    },
  }
  await expect(refusePush(headers, away)).rejects.toThrow(TransientError)
})
