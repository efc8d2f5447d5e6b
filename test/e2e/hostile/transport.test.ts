/** HTTP as nobody should speak it. What holds: an answer or a closed connection, nothing kept, and the next is served. */
import type { Socket } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { postWebhook, WEBHOOK_TOKEN } from '../../support/server.ts'
import { jobWebhook } from '../../support/webhook.ts'
import { onEachTarget } from './each-target.ts'
import { converse, rawPost, rawRequest, statusOf } from './sockets.ts'
import type { Kept, Target } from './target.ts'

const MEBIBYTE = 1024 * 1024
const body = JSON.stringify(jobWebhook())
const chunked = 'Transfer-Encoding: chunked'

/** Writes until nobody listens any more. */
function endless(socket: Socket, piece: Buffer): void {
  const write = () => {
    while (!socket.destroyed && socket.writable) if (!socket.write(piece)) break
  }
  socket.on('drain', write)
  write()
}

const piece = Buffer.from(`10000\r\n${'x'.repeat(0x10000)}\r\n`)

onEachTarget((targets) => {
  let target: Target
  let before: Kept

  beforeAll(async () => {
    target = await targets.start()
    await postWebhook(target.url, jobWebhook({ build_id: 1 }))
    before = await target.kept()
  })

  afterEach(async () => {
    expect(await target.kept()).toEqual(before)
    const next = await fetch(`${target.url}/webhooks/gitlab`)
    expect(next.status).toBe(405)
    await next.text()
  })

  describe('lengths', () => {
    // Who goes on writing after it was cut off may lose the answer to the reset of the connection.
    test.each<[string, string | undefined, number]>([
      ['is read up to what GitLab sends at most, then cut off', WEBHOOK_TOKEN, 413],
      ['is cut off at once without a token', undefined, 401],
    ])('a body without end %s', async (_name, token, status) => {
      const answer = await converse(target.port, (socket) => {
        socket.write(rawRequest({ token, headers: [chunked, 'X-Gitlab-Event: Job Hook'] }))
        endless(socket, piece)
      })
      expect([status, undefined]).toContain(statusOf(answer))
    })

    test('a long body that is not awaited is not read: the answer to its headers closes the connection', async () => {
      const headers = ['Content-Length: 100000', 'Connection: keep-alive']
      const answer = await converse(target.port, rawRequest({ token: undefined, headers }))
      expect(statusOf(answer)).toBe(401)
      expect(answer).toMatch(/^connection: close/im)
    })

    test('a length beyond what GitLab sends is refused before a byte of it', async () => {
      const answer = await converse(
        target.port,
        rawRequest({ headers: [`Content-Length: ${26 * MEBIBYTE}`] }),
      )
      expect(statusOf(answer)).toBe(413)
      expect(answer).toMatch(/^connection: close/im)
    })

    test('a length that is longer than the body leaves nothing when the sender goes', async () => {
      const answer = await converse(target.port, (socket) => {
        socket.end(rawRequest({ headers: ['Content-Length: 5000'], body }))
      })
      expect(answer).not.toContain('accepted')
    })

    test('a length that is shorter than the body takes the rest for no second webhook', async () => {
      const known = JSON.stringify(jobWebhook({ build_id: 1 }))
      const headers = [`Content-Length: ${known.length}`]
      const answer = await converse(target.port, rawRequest({ headers, body: known + body }))
      expect(answer).not.toContain('accepted')
    })

    test.each([
      ['two ways to say it', [`Content-Length: ${body.length}`, chunked]],
      ['two ways in the other order', [chunked, `Content-Length: ${body.length}`]],
      ['two lengths', [`Content-Length: ${body.length}`, 'Content-Length: 5']],
      ['a negative one', ['Content-Length: -1']],
      ['one that is no number', ['Content-Length: 1e3']],
      ['an encoding that is not known', ['Transfer-Encoding: gzip, chunked', 'Content-Length: 5']],
      ['a hidden encoding', ['Transfer-Encoding : chunked']],
    ])('%s is a bad request', async (_name, headers) => {
      expect(statusOf(await converse(target.port, rawRequest({ headers, body })))).toBe(400)
    })

    test('a chunk of no size is a bad request', async () => {
      const answer = await converse(
        target.port,
        rawRequest({ headers: [chunked], body: 'zz\r\n{}\r\n0\r\n\r\n' }),
      )
      expect(answer).not.toContain('accepted')
    })
  })

  describe('compressed bodies', () => {
    const bomb = Buffer.alloc(50 * MEBIBYTE)
    test.each([
      ['gzip', gzipSync(bomb)],
      ['br', brotliCompressSync(bomb)],
      ['deflate, gzip', gzipSync(body)],
      ['identity, gzip', gzipSync(body)],
    ])('%s is refused as it is', async (encoding, bytes) => {
      const answer = await converse(
        target.port,
        rawPost(bytes, { headers: [`Content-Encoding: ${encoding}`] }),
      )
      expect(statusOf(answer)).toBe(415)
    })
  })

  describe('headers', () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `a${index}: 1`)

    test('2,001 of them are too many, and 200 are not', async () => {
      const tiny = Array.from({ length: 2001 }, () => 'a:')
      expect(statusOf(await converse(target.port, rawPost('', { headers: tiny })))).toBe(431)
      const known = (count: number) =>
        rawPost(JSON.stringify(jobWebhook({ build_id: 1 })), { headers: many(count) })
      // Beside Host, Connection, Content-Type, Content-Length and the token.
      expect(statusOf(await converse(target.port, known(195)))).toBe(202)
      expect(statusOf(await converse(target.port, known(196)))).toBe(431)
    })

    test('one that would hide behind many others is judged', async () => {
      const hidden = [...many(300), 'Content-Encoding: gzip']
      expect(statusOf(await converse(target.port, rawPost(body, { headers: hidden })))).toBe(431)
    })

    test('a very long one is too large', async () => {
      const headers = [`X-Long: ${'x'.repeat(20_000)}`]
      expect(statusOf(await converse(target.port, rawPost(body, { headers })))).toBe(431)
    })

    test('a line feed in one is a bad request', async () => {
      const headers = ['X-Split: a\nX-Gitlab-Token: b']
      expect(statusOf(await converse(target.port, rawPost(body, { headers })))).not.toBe(202)
    })
  })

  describe('methods', () => {
    test.each(['TRACE', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'GET', 'HEAD'])(
      '%s is not taken',
      async (method) => {
        const answer = await converse(target.port, rawRequest({ method }))
        expect([statusOf(answer), /^allow: (.*)\r$/im.exec(answer)?.[1]]).toEqual([405, 'POST'])
        expect(answer).not.toContain(WEBHOOK_TOKEN)
      },
    )

    test.each(['CONNECT', 'LEVITATE'])('%s gets no service', async (method) => {
      const answer = await converse(target.port, rawRequest({ method, path: 'evil.example:443' }))
      expect([400, undefined]).toContain(statusOf(answer))
    })

    test('an upgrade is not made', async () => {
      const headers = ['Upgrade: websocket', 'Connection: Upgrade, close']
      const answer = await converse(target.port, rawRequest({ method: 'GET', path: '/health', headers }))
      expect(answer).not.toMatch(/^HTTP\/1\.1 101/)
    })
  })

  describe('connections', () => {
    test.each([
      ['a short one, after which the connection goes on', 0, 2],
      ['a long one, which closes it', 100_000, 1],
    ])(
      'after a refusal without reading the body, the body is not taken for a request: %s',
      async (_, more, answers) => {
        const second = rawPost(JSON.stringify(jobWebhook({ build_id: 99 })))
        const headers = [`Content-Length: ${second.length + more}`, 'Connection: keep-alive']
        const first = rawRequest({ token: undefined, headers, body: `${second}${' '.repeat(more)}` })
        const last = rawRequest({ token: undefined, headers: ['Content-Length: 0', 'Connection: close'] })
        const answer = await converse(target.port, Buffer.concat([first, last]))
        expect(statusOf(answer)).toBe(401)
        expect(answer).not.toContain('accepted')
        expect(answer.match(/HTTP\/1\.1 401/g)).toHaveLength(answers)
        expect(answer).toMatch(/^connection: close/im)
      },
    )

    test('that are half closed before they speak are closed', async () => {
      expect(await converse(target.port, (socket) => socket.end())).toBe('')
    })

    test('that are half closed within the headers are closed', async () => {
      const answer = await converse(target.port, (socket) =>
        socket.end('POST /webhooks/gitlab HTTP/1.1\r\nHost'),
      )
      expect(answer).not.toContain('202')
    })

    test('that send what is no HTTP are closed', async () => {
      const answer = await converse(target.port, Buffer.from('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'))
      expect([400, undefined]).toContain(statusOf(answer))
    })
  })
})
