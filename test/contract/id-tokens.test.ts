/** Identity tokens against a played issuer: who is believed, and who is not. */
import { beforeEach, describe, expect, test } from 'vitest'
import { openIdTokens } from '../../shared/adapters/id-tokens.ts'
import type { IdTokens } from '../../shared/ports.ts'
import { type FixedClock, fixedClock } from '../support/fixed-clock.ts'
import {
  AUDIENCE,
  type Claims,
  jobClaims,
  type PlayedIssuer,
  signed,
  signedWithSecret,
  signingKey,
  startPlayedIssuer,
  unsigned,
} from '../support/played-issuer.ts'
import { silent } from '../support/server.ts'

const NOW = Date.parse('2026-11-21T08:00:00Z')
const SECOND = 1000
const FIRST = signingKey('first')

let issuer: PlayedIssuer
let clock: FixedClock
let tokens: IdTokens

const claims = (overrides: Claims = {}) => jobClaims(issuer, clock.now(), overrides)
const seconds = (offset: number) => clock.now() / SECOND + offset

beforeEach(async () => {
  issuer = await startPlayedIssuer(undefined, FIRST)
  clock = fixedClock(NOW)
  tokens = openIdTokens({ issuer: issuer.url, audience: AUDIENCE, clock, log: silent })
})

test("a token of the issuer's is believed, and its claims are told", async () => {
  expect(await tokens.verify(issuer.token(claims()))).toEqual(claims())
})

test('an audience in a list of one is that audience', async () => {
  expect(await tokens.verify(issuer.token(claims({ aud: [AUDIENCE] })))).toMatchObject({ job_id: '7001' })
})

describe('believed is, with clocks a minute apart,', () => {
  test.each<[string, () => Claims]>([
    ['what expired 59 seconds ago', () => ({ exp: seconds(-59) })],
    ['what begins in a minute', () => ({ nbf: seconds(60) })],
    ['what is issued in a minute', () => ({ iat: seconds(60) })],
  ])('%s', async (_name, change) => {
    expect(await tokens.verify(issuer.token(claims(change())))).toBeDefined()
  })
})

describe('not believed is, although the issuer signed it,', () => {
  test.each<[string, () => Claims]>([
    ['what is of another issuer', () => ({ iss: 'https://gitlab.example.net' })],
    ['what is of an issuer with an ending slash', () => ({ iss: `${issuer.url}/` })],
    ['what is of no issuer', () => ({ iss: undefined })],
    ['what is for another audience', () => ({ aud: 'https://bandit.example.net' })],
    ['what is for an audience that begins like ours', () => ({ aud: `${AUDIENCE}.example.net` })],
    ['what is for others, too', () => ({ aud: [AUDIENCE, 'https://other.example.net'] })],
    ['what is for nobody', () => ({ aud: undefined })],
    ['what is for an empty list', () => ({ aud: [] })],
    ['what expired a minute ago', () => ({ exp: seconds(-60) })],
    ['what never expires', () => ({ exp: undefined })],
    ['what expires at a text', () => ({ exp: String(seconds(300)) })],
    ['what begins later', () => ({ nbf: seconds(61) })],
    ['what is issued later', () => ({ iat: seconds(61) })],
    ['what does not say when it was issued', () => ({ iat: undefined })],
  ])('%s', async (_name, change) => {
    expect(await tokens.verify(issuer.token(claims(change())))).toBeUndefined()
  })

  test('what says two audiences of which the last is another: the last of two is what counts', async () => {
    const text = JSON.stringify(claims())
    const twice = `${text.slice(0, -1)},"aud":"https://bandit.example.net"}`
    expect(await tokens.verify(signed(twice, issuer.key))).toBeUndefined()
  })
})

describe('not believed is, since the issuer did not sign it,', () => {
  const attacks: [string, () => string][] = [
    ['an unsigned token', () => unsigned(claims(), 'first')],
    [
      'an unsigned token with the signature of another',
      () => unsigned(claims(), 'first') + issuer.token(claims()).split('.')[2],
    ],
    ['alg none in other letters', () => signed(claims(), issuer.key, { alg: 'nOnE' })],
    ['one signed with the public key as a secret', () => signedWithSecret(claims(), 'first', pemOf())],
    ['one signed with the modulus as a secret', () => signedWithSecret(claims(), 'first', modulusOf())],
    ['one signed with an empty secret', () => signedWithSecret(claims(), 'first', '')],
    ['one of another key of the same name', () => signed(claims(), signingKey('first'))],
    ['one of a key in its header', () => ownKeyInHeader()],
    ['one that says PS256', () => signed(claims(), issuer.key, { alg: 'PS256' })],
    ['one that says RS512', () => signed(claims(), issuer.key, { alg: 'RS512' })],
    [
      'one whose header says two algorithms',
      () => signed(claims(), signingKey('first'), `{"alg":"none","alg":"RS256","kid":"first"}`),
    ],
    ['one that names no key', () => signed(claims(), issuer.key, { kid: undefined })],
    ['one whose key is a list', () => signed(claims(), issuer.key, { kid: ['first'] })],
    [
      'one that demands what is not understood',
      () => signed(claims(), issuer.key, { crit: ['exp2'], exp2: 1 }),
    ],
    ['one whose claims were exchanged', () => exchanged({ job_id: '7002' })],
    ['one without its signature', () => `${issuer.token(claims()).split('.').slice(0, 2).join('.')}.`],
    ['one with half its signature', () => issuer.token(claims()).slice(0, -170)],
    ['one with a byte more', () => `${issuer.token(claims())}A`],
    ['one of two parts', () => issuer.token(claims()).split('.').slice(0, 2).join('.')],
    ['one of five parts, as encrypted ones have', () => `${issuer.token(claims())}.x.y`],
    ['claims that are a list', () => signed('[]', issuer.key)],
    ['claims that are no JSON', () => signed('{', issuer.key)],
    ['nothing', () => ''],
    ['dots', () => '..'],
    ['what is no base64', () => '§.§.§'],
    ['a megabyte', () => `${'a'.repeat(1_000_000)}.b.c`],
    ['an authentic one of more than 16 KiB', () => issuer.token(claims({ padding: 'x'.repeat(16_384) }))],
  ]
  test.each(attacks)('%s', async (_name, token) => {
    expect(await tokens.verify(token())).toBeUndefined()
  })

  const pemOf = () => issuer.key.publicKey.export({ format: 'pem', type: 'spki' })
  const modulusOf = () => Buffer.from(issuer.key.publicKey.export({ format: 'jwk' }).n as string, 'base64url')
  const ownKeyInHeader = () => {
    const own = signingKey('first')
    return signed(claims(), own, { jwk: own.publicKey.export({ format: 'jwk' }) })
  }
  const exchanged = (change: Claims) => {
    const [header, , signature] = issuer.token(claims()).split('.')
    const payload = Buffer.from(JSON.stringify(claims(change))).toString('base64url')
    return `${header}.${payload}.${signature}`
  }
})

test('a signature of another kind is not believed, although it is right and the key is for any kind', async () => {
  issuer.published = [{ ...issuer.key, alg: null }]
  expect(await tokens.verify(issuer.token(claims()))).toBeDefined()
  expect(await tokens.verify(signed(claims(), issuer.key, { alg: 'RS512' }, 'sha512'))).toBeUndefined()
})

describe('an address in a token is never asked:', () => {
  test.each(['jku', 'x5u', 'iss', 'kid'])('%s', async (name) => {
    const attacker = await startPlayedIssuer()
    attacker.key.kid = name === 'kid' ? attacker.jwksUrl : 'first'
    const header = name === 'iss' ? {} : { [name]: attacker.jwksUrl }
    const of = name === 'iss' ? { iss: attacker.url } : {}
    expect(await tokens.verify(signed(claims(of), attacker.key, header))).toBeUndefined()
    expect(attacker.requests).toEqual([])
  })

  test.each(['../../../etc/passwd', 'file:///dev/null', "' OR 1=1 --", '__proto__', 'x'.repeat(8000)])(
    'a key of the name %s is just unknown',
    async (kid) => {
      expect(await tokens.verify(signed(claims(), issuer.key, { kid }))).toBeUndefined()
      expect(new Set(issuer.requests)).toEqual(
        new Set(['/.well-known/openid-configuration', '/oauth/discovery/keys']),
      )
    },
  )
})

test('why a signed token is refused is logged, and nothing of it; of others anybody could make, nothing', async () => {
  const lines: unknown[] = []
  const log = { ...silent, info: (message: string, fields?: object) => lines.push({ message, ...fields }) }
  const logging = openIdTokens({ issuer: issuer.url, audience: AUDIENCE, clock, log })
  await logging.verify(issuer.token(claims({ aud: 'https://bandit.example.net' })))
  await logging.verify(unsigned(claims(), 'first'))
  expect(lines).toEqual([
    { message: 'token.refused', issuer: issuer.url, reason: 'unexpected "aud" claim value' },
  ])
})
