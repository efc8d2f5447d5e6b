/** The keys of an issuer of identity tokens: how often it is asked for them, how long they are believed, and from where. */
import { generateKeyPairSync } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { openIdTokens } from '../../shared/adapters/id-tokens.ts'
import { ConfigError, TransientError } from '../../shared/errors.ts'
import type { IdTokens } from '../../shared/ports.ts'
import { type FixedClock, fixedClock } from '../support/fixed-clock.ts'
import {
  AUDIENCE,
  type Claims,
  jobClaims,
  type PlayedIssuer,
  signed,
  signingKey,
  startPlayedIssuer,
} from '../support/played-issuer.ts'
import { silent } from '../support/server.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const FIRST = signingKey('first')

let issuer: PlayedIssuer
let clock: FixedClock
let tokens: IdTokens

const open = (options: { jwksUrl?: string } = {}) =>
  openIdTokens({ issuer: issuer.url, audience: AUDIENCE, clock, log: silent, ...options })
const claims = (overrides: Claims = {}) => jobClaims(issuer, clock.now(), overrides)
const seconds = (offset: number) => clock.now() / SECOND + offset

beforeEach(async () => {
  issuer = await startPlayedIssuer(undefined, FIRST)
  clock = fixedClock(Date.parse('2026-11-21T08:00:00Z'))
  tokens = open()
})

describe('the keys', () => {
  const fetched = () => issuer.requests.filter((path) => path === '/oauth/discovery/keys').length

  test('are fetched with the first token and not before, and once for a hundred at a time', async () => {
    expect(fetched()).toBe(0)
    const token = issuer.token(claims())
    const all = await Promise.all(Array.from({ length: 100 }, () => tokens.verify(token)))
    expect(all.every((one) => one !== undefined)).toBe(true)
    expect(fetched()).toBe(1)
  })

  test('are fetched from the address that the settings know, without a discovery', async () => {
    const known = open({ jwksUrl: issuer.jwksUrl })
    expect(await known.verify(issuer.token(claims()))).toBeDefined()
    expect(issuer.requests).toEqual(['/oauth/discovery/keys'])
  })

  test('are not fetched for each of a flood of unknown names', async () => {
    await tokens.verify(issuer.token(claims()))
    clock.advance(MINUTE)
    for (let n = 0; n < 200; n += 1)
      await tokens.verify(signed(claims(), issuer.key, { kid: `unknown-${n}` }))
    expect(fetched()).toBe(2)
    expect(await tokens.verify(issuer.token(claims()))).toBeDefined()
  })

  test('are fetched anew for a name that is new, once the last fetch is half a minute ago', async () => {
    await tokens.verify(issuer.token(claims()))
    issuer.key = signingKey('second')
    issuer.published.push(issuer.key)
    expect(await tokens.verify(issuer.token(claims()))).toBeUndefined()
    clock.advance(30 * SECOND)
    expect(await tokens.verify(issuer.token(claims()))).toBeDefined()
  })

  test('go on being believed for an hour while the issuer does not answer, and no longer', async () => {
    await tokens.verify(issuer.token(claims()))
    issuer.fault = 503
    clock.advance(60 * MINUTE)
    expect(await tokens.verify(issuer.token(claims()))).toBeDefined()
    clock.advance(MINUTE)
    await expect(tokens.verify(issuer.token(claims()))).rejects.toThrow(TransientError)
  })

  test('of which one was withdrawn are forgotten, at the latest after the second token of ten minutes', async () => {
    const old = issuer.token(claims({ exp: seconds(3600) }))
    await tokens.verify(old)
    issuer.published = [signingKey('second')]
    clock.advance(11 * MINUTE)
    expect(await tokens.verify(old)).toBeDefined()
    await expect.poll(fetched).toBe(2)
    await expect.poll(() => tokens.verify(old)).toBeUndefined()
  })

  test('are waited for by nobody who has the ones of ten minutes ago', async () => {
    await tokens.verify(issuer.token(claims()))
    issuer.fault = 'hang'
    clock.advance(11 * MINUTE)
    expect(await tokens.verify(issuer.token(claims()))).toBeDefined()
  })

  test('that cannot be had leave it open whether the token is to be believed, and are not asked for at once again', async () => {
    issuer.fault = 500
    for (let n = 0; n < 50; n += 1)
      await expect(tokens.verify(issuer.token(claims()))).rejects.toThrow(TransientError)
    expect(issuer.requests).toHaveLength(1)
    issuer.fault = undefined
    clock.advance(3 * SECOND)
    expect(await tokens.verify(issuer.token(claims()))).toBeDefined()
  })

  test('are waited for two seconds', async () => {
    issuer.fault = 'hang'
    await expect(tokens.verify(issuer.token(claims()))).rejects.toThrow(/no answer within 2 seconds/)
  })

  test.each<[string, () => void]>([
    ['a redirect', () => (issuer.fault = 302)],
    ['a discovery of another issuer', () => (issuer.discovery = { issuer: 'https://gitlab.example.net' })],
    ['keys on another host', () => (issuer.discovery = { jwks_uri: 'https://keys.example.net/jwks' })],
    [
      'keys on another port',
      () => (issuer.discovery = { jwks_uri: 'http://127.0.0.1:9/oauth/discovery/keys' }),
    ],
    ['keys at no address', () => (issuer.discovery = { jwks_uri: 'keys' })],
    ['keys in a file', () => (issuer.discovery = { jwks_uri: 'file:///etc/passwd' })],
    ['an endless discovery', () => (issuer.discovery = { padding: 'x'.repeat(300_000) })],
  ])('are not taken by way of %s', async (_name, spoil) => {
    spoil()
    await expect(tokens.verify(issuer.token(claims()))).rejects.toThrow(TransientError)
  })

  test('of who has taken over an address are not taken, neither by a redirect nor by the discovery', async () => {
    const attacker = await startPlayedIssuer()
    const forged = attacker.token(claims())
    issuer.discovery = { jwks_uri: attacker.jwksUrl }
    await expect(tokens.verify(forged)).rejects.toThrow(TransientError)
    issuer.fault = 302
    issuer.location = attacker.jwksUrl
    await expect(open({ jwksUrl: issuer.jwksUrl }).verify(forged)).rejects.toThrow(TransientError)
    expect(attacker.requests).toEqual([])
  })

  test('of 1,024 bits are not believed', async () => {
    issuer.key = { kid: 'short', ...generateKeyPairSync('rsa', { modulusLength: 1024 }) }
    issuer.published = [issuer.key]
    expect(await tokens.verify(issuer.token(claims()))).toBeUndefined()
  })

  test('come by https, or from this machine', () => {
    for (const url of ['http://gitlab.example.com', 'http://127.0.0.1.example.com', 'ftp://127.0.0.1'])
      expect(() => openIdTokens({ issuer: url, audience: AUDIENCE, clock, log: silent })).toThrow(ConfigError)
  })
})
