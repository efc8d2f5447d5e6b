/**
 * A played issuer of identity tokens on node:http: a discovery document, keys that can be exchanged, faults on demand.
 * Keys are made at run time, and tokens signed with node:crypto, so that nothing is shared with who verifies them.
 */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { WhenDone } from './temporary-folder.ts'

export type SigningKey = {
  kid: string
  privateKey: KeyObject
  publicKey: KeyObject
  /** What its issuer says that it is for; RS256 when left out. */
  alg?: string | null
}
export type Claims = Record<string, unknown>

const DISCOVERY = '/.well-known/openid-configuration'
const KEYS = '/oauth/discovery/keys'

export function signingKey(kid: string): SigningKey {
  return { kid, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) }
}

const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A token as its issuer makes it, or with another header; texts are taken as they are. */
export function signed(
  claims: Claims | string,
  key: SigningKey,
  header: Claims | string = {},
  hash = 'sha256',
): string {
  const whole = typeof header === 'string' ? header : { alg: 'RS256', typ: 'JWT', kid: key.kid, ...header }
  const input = `${part(whole)}.${part(claims)}`
  return `${input}.${sign(hash, Buffer.from(input), key.privateKey).toString('base64url')}`
}

/** Signed with a secret, as HS256 has it. */
export function signedWithSecret(claims: Claims, kid: string, secret: string | Buffer): string {
  const input = `${part({ alg: 'HS256', typ: 'JWT', kid })}.${part(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** Not signed at all. */
export const unsigned = (claims: Claims, kid: string) =>
  `${part({ alg: 'none', typ: 'JWT', kid })}.${part(claims)}.`

export type PlayedIssuer = {
  url: string
  /** Of its keys. */
  jwksUrl: string
  /** What it signs with now; set another to exchange its key. */
  key: SigningKey
  /** The keys that it publishes; those of its own key alone at first. */
  published: SigningKey[]
  /** What its discovery document says instead. */
  discovery: Claims
  /** How it fails: with this status, or by never answering. */
  fault: number | 'hang' | undefined
  /** Where it sends to with a status of 3xx. */
  location: string
  /** The paths that were asked for. */
  requests: string[]
  token(claims: Claims, header?: Claims): string
}

export async function startPlayedIssuer(
  whenDone: WhenDone = onTestFinished,
  key = signingKey('first'),
): Promise<PlayedIssuer> {
  const server = createServer((request, response) => {
    issuer.requests.push(request.url ?? '')
    if (issuer.fault === 'hang') return
    const bodies: Record<string, object> = {
      [DISCOVERY]: { issuer: issuer.url, jwks_uri: issuer.jwksUrl, ...issuer.discovery },
      [KEYS]: { keys: issuer.published.map(jwkOf) },
    }
    const body = bodies[request.url ?? '']
    const status = issuer.fault ?? (body === undefined ? 404 : 200)
    const location = status >= 300 && status < 400 ? { location: issuer.location } : {}
    response.writeHead(status, { 'content-type': 'application/json', ...location })
    response.end(JSON.stringify(body ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  whenDone(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const issuer: PlayedIssuer = {
    url,
    jwksUrl: `${url}${KEYS}`,
    key,
    published: [key],
    discovery: {},
    fault: undefined,
    location: '/elsewhere',
    requests: [],
    token: (claims, header = {}) => signed(claims, issuer.key, header),
  }
  return issuer
}

function jwkOf({ kid, publicKey, alg = 'RS256' }: SigningKey): object {
  return { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', ...(alg === null ? {} : { alg }) }
}

export const AUDIENCE = 'https://bandit.example.com'

/** What GitLab 18 says of job 7001 of the project example/backoffice, in a token of five minutes. */
export function jobClaims(issuer: { url: string }, now: number, overrides: Claims = {}): Claims {
  const seconds = Math.floor(now / 1000)
  return {
    iss: issuer.url,
    aud: AUDIENCE,
    sub: 'project_path:example/backoffice:ref_type:branch:ref:main',
    iat: seconds,
    nbf: seconds - 5,
    exp: seconds + 300,
    jti: '3f2a1c1e-0000-4000-8000-000000000001',
    namespace_id: '9',
    namespace_path: 'example',
    project_id: '101',
    project_path: 'example/backoffice',
    user_login: 'someone',
    user_email: 'someone@example.com',
    pipeline_id: '501',
    job_id: '7001',
    ref: 'main',
    ref_type: 'branch',
    ref_protected: 'true',
    runner_id: 2,
    runner_environment: 'self-hosted',
    sha: '0123456789012345678901234567890123456789',
    ...overrides,
  }
}
