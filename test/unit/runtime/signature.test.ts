/** The signature by three hands: the product's, node:crypto's, and the example of standardwebhooks.com. */
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isAccepted } from '../../../shared/runtime/credentials.ts'
import { isSignedBy } from '../../../shared/runtime/signature.ts'

const signed = (key: Buffer, id: string, seconds: number, body: Uint8Array) => ({
  'webhook-id': id,
  'webhook-timestamp': String(seconds),
  'webhook-signature': `v1,${createHmac('sha256', key).update(`${id}.${seconds}.`).update(body).digest('base64')}`,
})
const tokenOf = (key: Buffer) => `whsec_${key.toString('base64')}`
const utf8 = (text: string) => new TextEncoder().encode(text)

test('the example of the specification is accepted', () => {
  const headers = {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  }
  const token = ['whsec', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'].join('_')
  expect(isSignedBy([token], headers, utf8('{"test": 2432232314}'))).toBe(true)
  expect(isSignedBy([token], headers, utf8('{"test":2432232314}'))).toBe(false)
})

const keyArb = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes))
const textArb = fc.string({ unit: 'binary' }).map((text) => text.toWellFormed())

describe('for any key, id, time and text', () => {
  test('what node:crypto signed is accepted, under any of the tokens', () => {
    fc.assert(
      fc.property(
        keyArb,
        keyArb,
        fc.uuid(),
        fc.integer({ min: 1, max: 4e9 }),
        textArb,
        (key, other, id, seconds, text) => {
          const headers = signed(key, id, seconds, utf8(text))
          expect(isSignedBy([tokenOf(other), tokenOf(key)], headers, utf8(text))).toBe(true)
        },
      ),
    )
  })

  test('a change of one byte of the body is refused', () => {
    fc.assert(
      fc.property(keyArb, textArb, fc.nat(), fc.integer({ min: 1, max: 127 }), (key, text, at, change) => {
        const bytes = utf8(`{${text}}`)
        const headers = signed(key, 'msg', 1_700_000_000, bytes)
        const changed = Uint8Array.from(bytes)
        changed[0] = '['.charCodeAt(0)
        if ((bytes[at % bytes.length] as number) < 128)
          changed[at % bytes.length] = (bytes[at % bytes.length] as number) ^ change
        expect(isSignedBy([tokenOf(key)], headers, changed)).toBe(Buffer.compare(changed, bytes) === 0)
      }),
    )
  })
})

test('nothing presented, or nothing accepted, is a no', () => {
  const key = Buffer.alloc(32, 'k')
  const headers = signed(key, 'msg', 1_700_000_000, utf8('{}'))
  expect(isSignedBy([], headers, utf8('{}'))).toBe(false)
  expect(isSignedBy([tokenOf(key)], {}, utf8('{}'))).toBe(false)
  expect(isAccepted(undefined, ['x'])).toBe(false)
  expect(isAccepted('', [])).toBe(false)
  expect(isAccepted(['x'], ['x'])).toBe(false)
  expect(isAccepted('x', ['y', 'x'])).toBe(true)
})
