/** What stands before functions-framework in the deployed process: none of its own ways is ever reached. */
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningFunction, startFunction } from '../../support/cloud/function.ts'
import { postWebhook, WEBHOOK_TOKEN } from '../../support/server.ts'
import { converse, rawPost, rawRequest, statusOf } from '../hostile/sockets.ts'

const API_TOKEN = 'token-of-ci'
/** Nobody listens there: what is refused asks nobody. */
const ENV = {
  GOOGLE_CLOUD_PROJECT: 'played-project',
  BANDIT_GCS_BUCKET: 'bandit',
  GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN,
  RUNNER_BANDIT_API_TOKEN: API_TOKEN,
  RUNNER_BANDIT_MODE: 'autonomous',
  PUBSUB_EMULATOR_HOST: '127.0.0.1:1',
  STORAGE_EMULATOR_HOST: 'http://127.0.0.1:1',
  BIGQUERY_ENDPOINT: 'http://127.0.0.1:1',
  METADATA_SERVER_DETECTION: 'none',
}

const cleanups: (() => unknown)[] = []
afterAll(async () => {
  for (const cleanUp of cleanups.reverse()) await cleanUp()
})

async function start(env: Record<string, string> = {}): Promise<RunningFunction> {
  const running = await startFunction('ingest', { ...ENV, ...env })
  cleanups.push(running.stop)
  return running
}

/** Undefined where the system does not tell. */
function rssBytes(pid: number): number | undefined {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
  } catch {
    return undefined
  }
}

describe('the deployed process', () => {
  let ingest: RunningFunction
  let port: number
  let slow: Promise<(number | undefined)[]>

  beforeAll(async () => {
    ingest = await start()
    port = Number(new URL(ingest.url).port)
    // They are waited for at the end: a deployed function is patient for some seconds.
    const half = 'POST /webhooks/gitlab HTTP/1.1\r\nHost: bandit\r\nX-Slow: '
    const senders = [
      ...Array.from({ length: 100 }, () => converse(port, () => {})),
      ...Array.from({ length: 20 }, () => converse(port, Buffer.from(half))),
    ]
    slow = Promise.all(senders).then((answers) => answers.map(statusOf))
  })

  test('does not inflate what has no token: a hundred gzip bombs of 64 MB leave it as it was', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
    const headers = ['Content-Encoding: gzip']
    const attack = () => converse(port, rawPost(bomb, { token: undefined, headers }))
    await Promise.all(Array.from({ length: 10 }, attack))
    const before = rssBytes(ingest.pid())
    const answers = await Promise.all(Array.from({ length: 100 }, attack))
    expect(new Set(answers.map(statusOf))).toEqual(new Set([401]))
    expect((rssBytes(ingest.pid()) ?? 0) - (before ?? 0)).toBeLessThan(48_000_000)
  })

  test.each([
    ['gzip', { headers: ['Content-Encoding: gzip'] }, 415],
    ['br', { headers: ['Content-Encoding: br'] }, 415],
    ['a form, which the framework would parse', { headers: ['content-type: text/plain'] }, 415],
  ])('refuses %s also of who has the token', async (_name, { headers }, status) => {
    const raw = rawPost('a[b][c]=1', { headers }).toString()
    const only = headers.some((line) => line.startsWith('content-type'))
      ? raw.replace('Content-Type: application/json\r\n', '')
      : raw
    expect(statusOf(await converse(port, Buffer.from(only)))).toBe(status)
  })

  test('does not answer TRACE, and no method that a header names', async () => {
    const traced = await converse(port, rawRequest({ method: 'TRACE' }))
    expect(statusOf(traced)).toBe(405)
    expect(traced).not.toContain(WEBHOOK_TOKEN)
    const headers = ['X-HTTP-Method-Override: POST', 'X-HTTP-Method: POST']
    expect(statusOf(await converse(port, rawRequest({ method: 'GET', headers })))).toBe(405)
  })

  test('believes no header that a proxy would set', async () => {
    const headers = ['X-Forwarded-For: 127.0.0.1', 'X-Forwarded-Host: 127.0.0.1', 'Forwarded: for=127.0.0.1']
    const answer = await converse(port, rawPost('{}', { token: undefined, headers }))
    expect(statusOf(answer)).toBe(401)
  })

  test.each([
    '/favicon.ico',
    '/robots.txt',
    '/',
    '/_ah/health',
    '/%2e%2e/webhooks/gitlab',
    '//webhooks/gitlab',
    '*',
  ])('has nothing at %s, and says so itself', async (path) => {
    const answer = await converse(port, rawRequest({ method: 'GET', path }))
    expect([statusOf(answer), answer]).toEqual([404, expect.stringContaining('There is nothing at')])
  })

  test.each([
    ['application/json', '{"a":'],
    ['application/json', '"\ud800'],
    ['application/cloudevents+json', '{'],
    ['application/x-www-form-urlencoded', 'a[b][c]=1&a[__proto__]=2'],
    ['text/plain', 'x'],
  ])('answers %s that is wrong without a stack', async (type, body) => {
    const answer = await fetch(`${ingest.url}/update`, {
      method: 'POST',
      headers: { 'content-type': type, authorization: `Bearer ${API_TOKEN}`, 'ce-id': '1', 'ce-type': 'x' },
      body,
    })
    const text = await answer.text()
    expect([answer.status, text]).toEqual([400, expect.not.stringMatching(/\bat .*\.[jt]s\b|node_modules/)])
    expect(Object.keys(JSON.parse(text))).toEqual(['error'])
    expect(answer.headers.get('x-powered-by')).toBeNull()
  })

  test('says 503 while Pub/Sub is away, not 2xx', async () => {
    const answer = await postWebhook(ingest.url, { object_kind: 'build' })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
  })

  test('cuts off who says nothing, or does not end its headers, and is there for others', async () => {
    expect(new Set(await slow)).toEqual(new Set([408]))
    expect((await fetch(ingest.url)).status).toBe(404)
    expect(ingest.stderr()).not.toMatch(/Uncaught|Unhandled/)
  })
})

test('without the guard no function answers, and the log says why', async () => {
  const loader =
    "import h from 'node:http'; const c = h.createServer; Object.defineProperty(h, 'createServer', { get: () => c, set() {} })"
  const bare = await start({ NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(loader)}` })
  const answer = await postWebhook(bare.url, {})
  expect([answer.status, await answer.json()]).toEqual([
    500,
    { error: 'The admission guard is not in place.' },
  ])
  await expect.poll(bare.stderr).toContain('"message":"guard.missing"')
})
