/** What the played Cloud Storage is strict about, asked without Google's client. */
import { expect, test } from 'vitest'
import { crc32c } from '../support/fake-storage/crc32c.ts'
import { startPlaces } from '../support/gcs.ts'

const { storage, place } = await startPlaces({ seed: 'strict' })
const limited = await startPlaces({ writeIntervalMs: 1000, seed: 'limited' })

type Place = ReturnType<typeof place>
const upload = (url: string, { bucket }: Place, query = '', body = 'a') =>
  fetch(`${url}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=x${query}`, { method: 'POST', body })
const object = ({ bucket }: Place, query = '', init: RequestInit = {}) =>
  fetch(`${storage.url}/storage/v1/b/${bucket}/o/x?${query}`, init)
type Resource = {
  generation: string
  metageneration: string
  crc32c: string
  md5Hash: string
  metadata?: object
}
const resource = async (response: Response) => (await response.json()) as Resource

test('sums bytes as RFC 3720 does', () => {
  expect(crc32c(Buffer.alloc(32))).toBe(Buffer.from('8a9136aa', 'hex').toString('base64'))
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(Buffer.from('62a8ab43', 'hex').toString('base64'))
})

test('holds every condition, on writes, reads and deletions', async () => {
  const where = place()
  expect((await upload(storage.url, where, '&ifGenerationMatch=5')).status).toBe(412)
  const first = await resource(await upload(storage.url, where, '&ifGenerationMatch=0'))
  expect((await upload(storage.url, where, '&ifGenerationMatch=0')).status).toBe(412)
  expect((await upload(storage.url, where, '&ifGenerationMatch=x')).status).toBe(400)
  expect((await object(where, `ifGenerationNotMatch=${first.generation}`)).status).toBe(304)
  expect((await object(where, 'ifGenerationMatch=5')).status).toBe(412)
  expect((await object(where, 'ifGenerationMatch=5', { method: 'DELETE' })).status).toBe(412)
  const second = await resource(
    await upload(storage.url, where, `&ifGenerationMatch=${first.generation}`, 'b'),
  )
  expect(second.generation).not.toBe(first.generation)
  expect(await (await object(where, `alt=media&generation=${first.generation}`)).text()).toBe('a')
  expect(await (await object(where, 'alt=media')).text()).toBe('b')
})

test('a patch changes the metageneration and leaves the generation', async () => {
  const where = place()
  const { generation } = await resource(await upload(storage.url, where))
  const patch = (metadata: object) =>
    object(where, '', { method: 'PATCH', body: JSON.stringify({ metadata }) })
  const marked = await resource(await patch({ a: '1', b: '2' }))
  expect(marked).toMatchObject({ generation, metageneration: '2', metadata: { a: '1', b: '2' } })
  expect((await resource(await patch({ a: null }))).metadata).toEqual({ b: '2' })
  expect((await patch({ a: 1 })).status).toBe(400)
})

test('changes of one object within a second are refused, those of others are not', async () => {
  const where = limited.place()
  expect((await upload(limited.storage.url, where)).status).toBe(200)
  expect((await upload(limited.storage.url, where)).status).toBe(429)
  expect((await upload(limited.storage.url, limited.place())).status).toBe(200)
})

test('refuses bytes that are not what their sum says, what it does not know, and buckets that are not there', async () => {
  const where = place()
  const send = (sum: string) => {
    const parts = [`{"name":"x","crc32c":"${sum}"}`, 'abc'].map(
      (part) => `--B\r\ncontent-type: text/plain\r\n\r\n${part}\r\n`,
    )
    return fetch(`${storage.url}/upload/storage/v1/b/${where.bucket}/o?uploadType=multipart`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/related; boundary=B' },
      body: `${parts.join('')}--B--`,
    })
  }
  expect((await send('AAAAAA==')).status).toBe(400)
  expect(where.object('x')).toBeUndefined()
  expect((await send(crc32c(Buffer.from('abc')))).status).toBe(200)
  expect((await object(where, 'ifGenerationMatches=1')).status).toBe(400)
  expect((await fetch(`${storage.url}/storage/v1/b/nowhere`)).status).toBe(404)
  expect((await fetch(`${storage.url}/storage/v1/b/${where.bucket}/acl`)).status).toBe(501)
})

test('an answer can be lost with the effect, and a request without', async () => {
  const where = place()
  storage.fail('put', 'lost-request')
  await expect(upload(storage.url, where)).rejects.toThrow()
  expect(where.object('x')).toBeUndefined()
  storage.fail('put', 'lost-response')
  await expect(upload(storage.url, where)).rejects.toThrow()
  expect(where.object('x')?.bytes.toString()).toBe('a')
})
