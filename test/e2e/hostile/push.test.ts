/**
 * What only Google's Pub/Sub and Cloud Scheduler may do: /push/* and /ticks/* of the deployed functions. Whoever it is
 * gets an answer, and nothing changes, or what can never be handled becomes a dead letter with the reason.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN_TOKEN, API_TOKEN, pushClaims } from '../../support/cloud/index.ts'
import {
  type Claims,
  jobClaims,
  type PlayedIssuer,
  signed,
  signedWithSecret,
  signingKey,
  startPlayedIssuer,
  unsigned,
} from '../../support/played-issuer.ts'
import { startPubsubEmulator } from '../../support/pubsub-emulator.ts'
import { WEBHOOK_TOKEN } from '../../support/server.ts'
import { finished, type PushTarget, startPushTarget, wrapped } from './push-target.ts'
import { converse, rawRequest, statusOf } from './sockets.ts'

const started = await startPubsubEmulator()
const cleanups: (() => unknown)[] = []
const whenDone = (cleanUp: () => unknown) => cleanups.push(cleanUp)
afterAll(async () => {
  for (const cleanUp of cleanups.reverse()) await cleanUp()
})

const PATHS = ['/push/learn', '/push/record-quarantine', '/ticks/retain', '/ticks/learn-batch'] as const

describe.skipIf('missing' in started)(
  `pushes and ticks${'missing' in started ? ` (${started.missing})` : ''}`,
  () => {
    let target: PushTarget
    let issuer: PlayedIssuer
    let stranger: PlayedIssuer
    let before: object

    beforeAll(async () => {
      if ('missing' in started) return
      target = await startPushTarget(started.emulator, whenDone, ['learn', 'record', 'ticks'])
      issuer = target.issuer
      stranger = await startPlayedIssuer(whenDone, signingKey('stranger'))
      before = await target.kept()
    }, 120_000)

    afterEach(async () => {
      expect(await target.kept()).toEqual(before)
      expect(target.restarts()).toBe(0)
    })

    test('while the keys of Google cannot be had, all is put off and nothing handled', async () => {
      issuer.fault = 503
      for (const path of PATHS) {
        const answer = await target.send(path, { body: wrapped(finished(1)) })
        expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
      }
      issuer.fault = undefined
      // They are asked for again when some seconds have passed.
      const token = issuer.token(pushClaims({ aud: 'another' }))
      for (const path of PATHS) {
        const status = async () => (await target.send(path, { token })).status
        await expect.poll(status, { interval: 500, timeout: 10_000 }).toBe(401)
      }
    })

    describe('a caller that is not Google on behalf of our account is refused', () => {
      const publicPem = () => issuer.key.publicKey.export({ type: 'spki', format: 'pem' }) as string
      const with_ = (overrides: Claims, header: Claims = {}) => issuer.token(pushClaims(overrides), header)
      const now = Math.floor(Date.now() / 1000)

      test.each<[string, () => string | undefined, number]>([
        ['with no token', () => undefined, 401],
        ['with an empty one', () => '', 401],
        ['with one that nobody signed', () => unsigned(pushClaims(), 'first'), 401],
        [
          'with one signed by the public key',
          () => signedWithSecret(pushClaims(), 'first', publicPem()),
          401,
        ],
        ['with one for another audience', () => with_({ aud: 'https://other.example' }), 401],
        ['with one for two', () => with_({ aud: [String(pushClaims().aud), 'https://other.example'] }), 401],
        ['with one for the name of another function', () => with_({ aud: `${pushClaims().aud}/` }), 401],
        ['of another issuer', () => with_({ iss: 'https://accounts.google.com.example' }), 401],
        ['of another account', () => with_({ email: 'other@played-project.iam.gserviceaccount.com' }), 403],
        ['of no account', () => with_({ email: undefined }), 403],
        ['of an account that is not verified', () => with_({ email_verified: false }), 403],
        ['that was', () => with_({ iat: now - 7200, exp: now - 3600 }), 401],
        ['that will be', () => with_({ iat: now + 3600, exp: now + 7200 }), 401],
        ['without an end', () => with_({ exp: undefined }), 401],
        ['with a key that is a path', () => with_({}, { kid: '../../../dev/null' }), 401],
        ['with a key that is SQL', () => with_({}, { kid: "' OR '1'='1" }), 401],
        [
          'with a key that is an address',
          () => with_({}, { kid: stranger.jwksUrl, jku: stranger.jwksUrl }),
          401,
        ],
        ['with a key in the token', () => signed(pushClaims(), stranger.key, { jku: stranger.jwksUrl }), 401],
        [
          "with another's key of the same name",
          () => signed(pushClaims(), { ...stranger.key, kid: 'first' }),
          401,
        ],
        ['who is a CI job of GitLab', () => stranger.token(jobClaims(stranger, Date.now())), 401],
        ['with the token of the webhook', () => WEBHOOK_TOKEN, 401],
        ['with the token of the API', () => API_TOKEN, 401],
        ['with the token of the admin', () => ADMIN_TOKEN, 401],
      ])('%s', async (_name, tokenOf, status) => {
        const token = tokenOf()
        for (const path of PATHS) {
          const answer = await target.send(path, { token, body: wrapped(finished(1)) })
          expect([path, answer.status]).toEqual([path, status])
          expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null)
          if (token) expect(await answer.text()).not.toContain(token)
        }
      })

      test('with the token in the query, or as a cookie', async () => {
        const token = target.token()
        for (const path of PATHS) {
          const query = `${path}?access_token=${token}`
          const headers = { cookie: `token=${token}` }
          const answer = await target.send(query, { token: undefined, headers, body: wrapped(finished(1)) })
          expect(answer.status).toBe(401)
        }
      })

      test('and what a token names is never fetched', () => {
        expect(stranger.requests).toEqual([])
        expect(issuer.requests.every((path) => path === new URL(issuer.jwksUrl).pathname)).toBe(true)
      })
    })

    test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is not taken', async (method) => {
      for (const path of PATHS) {
        const answer = await target.send(path, { method })
        expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
      }
    })

    test('what is no route is nowhere, whoever asks', async () => {
      const inLearn = ['nope', 'shadow', 'learn/', 'Learn', 'learn-0', '__proto__', 'constructor', '']
      const paths = [
        ...inLearn.map((name) => `/push/${name}`),
        '/push',
        '/ticks/learn-batch/99',
        '/ticks/learn-batch/-1',
        '/ticks/learn-batch/00',
        '/ticks/learn-batch/1e0',
        '/ticks/nope',
        '/webhooks/gitlab',
        '/reset',
      ]
      for (const path of paths) {
        const answer = await target.send(path, { at: 'learn', body: wrapped(finished(1)) })
        expect([path, answer.status]).toEqual([path, 404])
      }
    })

    const LONG = 20_000_000
    test.each<[string, string[], Buffer]>([
      ['that says how long it is', [`Content-Length: ${LONG}`], Buffer.alloc(0)],
      ['that says so, and sends it', [`Content-Length: ${LONG}`], Buffer.alloc(LONG, ' ')],
    ])('a push of 20 MB %s is refused', async (_name, headers, body) => {
      const token = `Authorization: Bearer ${target.token()}`
      const raw = rawRequest({ path: '/push/learn', token: undefined, headers: [token, ...headers], body })
      const answer = await converse(target.port('learn'), raw)
      // Who goes on writing after it was cut off may lose the answer to the reset of the connection.
      expect([400, undefined]).toContain(statusOf(answer))
    })

    test('a thousand of them leave the process as it was', async () => {
      const body = wrapped(`"${'x'.repeat(200_000)}"`)
      const attack = async (rounds: number) => {
        for (let round = 0; round < rounds; round += 1)
          await Promise.all(
            Array.from({ length: 50 }, async (_, index) => {
              const token = index % 2 === 0 ? undefined : unsigned(pushClaims(), 'first')
              await (await target.send('/push/learn', { token, body })).text()
            }),
          )
      }
      // What is compiled and collected settles first; a leak of bodies would be 200 MB.
      await attack(20)
      const rss = target.rssBytes('learn')
      await attack(20)
      expect((target.rssBytes('learn') ?? 0) - (rss ?? 0)).toBeLessThan(48_000_000)
    })
  },
)
