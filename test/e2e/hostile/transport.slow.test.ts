/**
 * Senders who take their time, and those who take too much room, against a server of little patience: the bounds of a
 * deployed function are no settings, and guard.test.ts waits for them.
 */
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { postWebhook } from '../../support/server.ts'
import { jobWebhook } from '../../support/webhook.ts'
import { converse, rawPost, rawRequest, statusOf } from './sockets.ts'
import { startLocal } from './target.local.ts'
import type { Kept, Target } from './target.ts'

const MEBIBYTE = 1024 * 1024

let impatient: Target
let before: Kept

beforeAll(async () => {
  impatient = await startLocal(
    {},
    { headersTimeoutMs: 500, requestTimeoutMs: 1500, checkEveryMs: 50, maxBodyBytes: 2 * MEBIBYTE },
  )
  await postWebhook(impatient.url, jobWebhook({ build_id: 1 }))
  before = await impatient.kept()
})

afterEach(async () => {
  expect(await impatient.kept()).toEqual(before)
  expect((await impatient.ask('/health')).status).toBe(200)
})

test('more bodies at once than the bound are put off, and the bound is free again after', async () => {
  const half = Buffer.alloc(MEBIBYTE * 0.75, 'x')
  const answers = await Promise.all(
    [1, 2, 3, 4].map(() =>
      converse(impatient.port, (socket) => {
        socket.write(rawRequest({ headers: [`Content-Length: ${MEBIBYTE}`], body: half }))
      }),
    ),
  )
  // Two fit; of the others each is told to come again, and the two run out of time.
  expect(answers.map(statusOf).sort()).toEqual([408, 408, 503, 503])
  const long = JSON.stringify({ object_kind: 'push', padding: 'x'.repeat(MEBIBYTE - 100) })
  expect(statusOf(await converse(impatient.port, rawPost(long)))).toBe(202)
})

describe('slow senders', () => {
  test('of headers are cut off', async () => {
    const answer = await converse(impatient.port, (socket) => {
      socket.write('POST /webhooks/gitlab HTTP/1.1\r\nHost: bandit\r\n')
      const timer = setInterval(() => socket.write('X-Slow: 1\r\n'), 50)
      socket.once('end', () => clearInterval(timer))
    })
    expect(statusOf(answer)).toBe(408)
  })

  test('of headers are cut off, where a whole request may take longer, too', async () => {
    const patient = await startLocal(
      {},
      { headersTimeoutMs: 200, requestTimeoutMs: 600_000, checkEveryMs: 50 },
    )
    const answer = await converse(patient.port, (socket) => socket.write('GET /health HTTP/1.1\r\nHost'))
    expect(statusOf(answer)).toBe(408)
  })

  test('of a body are cut off, also when they have the token', async () => {
    const answer = await converse(impatient.port, (socket) => {
      socket.write(rawRequest({ headers: ['Content-Length: 1000'], body: '{' }))
      const timer = setInterval(() => socket.write(' '), 50)
      socket.once('end', () => clearInterval(timer))
    })
    expect(statusOf(answer)).toBe(408)
  })

  test('that say nothing are cut off, a hundred at once, and others are served meanwhile', async () => {
    const silent = Array.from({ length: 100 }, () => converse(impatient.port, () => {}))
    expect((await postWebhook(impatient.url, jobWebhook({ build_id: 1 }))).status).toBe(202)
    expect(new Set((await Promise.all(silent)).map(statusOf))).toEqual(new Set([408]))
  })
})
