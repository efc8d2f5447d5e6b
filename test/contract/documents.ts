/** The suite that every adapter of documents passes: small values, changed by compare-and-set only. */
import { describe, expect, test } from 'vitest'
import { ConfigError, ConflictError } from '../../shared/errors.ts'
import type { Documents } from '../../shared/ports.ts'
import { updateDocument } from '../../shared/runtime/update-document.ts'
import { type Ability, testOf } from './ability.ts'

export type DocumentsHarness = {
  adapter: string
  /** A place without documents. */
  fresh(): {
    /** As another process, or this one after a restart, opens it; it fetches what is older than so much. */
    open(pollAfterMs?: number): Documents
    /** Puts a document there by other means. */
    replace(name: string, content: string): Promise<void>
  }
  /** Whether processes may share the place. */
  hasManyWriters: Ability
}

const count = (value: unknown) => (value as { count: number } | undefined)?.count ?? 0

/** Adds one, however often another writer comes first. */
async function addOne(documents: Documents): Promise<void> {
  while (true) {
    const { value, generation } = await documents.read('modes')
    try {
      await documents.write('modes', { count: count(value) + 1 }, generation)
      return
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
    }
  }
}

export function documentsContract({ adapter, fresh, hasManyWriters }: DocumentsHarness): void {
  describe(`documents: ${adapter}`, () => {
    test('there is none at first, and that has the generation "0"', async () => {
      const documents = fresh().open()
      expect(documents.latest('modes')).toBeUndefined()
      expect(await documents.read('modes')).toEqual({ value: undefined, generation: '0' })
      expect(documents.latest('modes')).toEqual({ value: undefined, generation: '0' })
    })

    test('keeps what was written, for itself and for who opens it next', async () => {
      const place = fresh()
      const documents = place.open()
      const value = {
        projects: { '7': { mode: 'canary', since: '2026-01-01', text: 'für 1 €' } },
        list: [1, null],
      }
      const { generation } = await documents.write('modes', value, '0')
      expect(generation).not.toBe('0')
      expect(documents.latest('modes')).toEqual({ value, generation })
      for (const reader of [documents, place.open()])
        expect(await reader.read('modes')).toEqual({ value, generation })
    })

    test('a snapshot does not change with the object that was written', async () => {
      const documents = fresh().open()
      const value = { count: 1 }
      await documents.write('modes', value, '0')
      value.count = 2
      expect(documents.latest('modes')?.value).toEqual({ count: 1 })
    })

    test('documents of two names know nothing of each other', async () => {
      const documents = fresh().open()
      await documents.write('modes', { count: 1 }, '0')
      expect((await documents.read('availability')).generation).toBe('0')
      await documents.write('availability', { count: 2 }, '0')
      expect((await documents.read('modes')).value).toEqual({ count: 1 })
    })

    test('refuses a write that is based on another generation, and keeps what it has', async () => {
      const documents = fresh().open()
      const first = await documents.write('modes', { count: 1 }, '0')
      await expect(documents.write('modes', { count: 9 }, '0')).rejects.toThrow(ConflictError)
      const second = await documents.write('modes', { count: 2 }, first.generation)
      await expect(documents.write('modes', { count: 9 }, first.generation)).rejects.toThrow(ConflictError)
      expect(await documents.read('modes')).toEqual(second)
    })

    test('of writers that begin at the same generation one wins', async () => {
      const documents = fresh().open()
      const tries = await Promise.allSettled(
        [1, 2, 3, 4, 5].map((writer) => documents.write('modes', { count: writer }, '0')),
      )
      const winners = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      expect(winners).toHaveLength(1)
      expect(await documents.read('modes')).toEqual(winners[0])
    })

    test('loses none of many changes that race', async () => {
      const place = fresh()
      const documents = place.open()
      await Promise.all(Array.from({ length: 20 }, () => addOne(documents)))
      expect(count((await place.open().read('modes')).value)).toBe(20)
    })

    testOf(hasManyWriters)('loses none of the changes of several processes', async () => {
      const place = fresh()
      const processes = Array.from({ length: 4 }, () => place.open())
      await Promise.all(
        processes.flatMap((documents) =>
          [1, 2].map(() => updateDocument(documents, 'modes', (value) => ({ count: count(value) + 1 }))),
        ),
      )
      expect(count((await place.open().read('modes')).value)).toBe(8)
    })

    testOf(hasManyWriters)('reads what another process has written', async () => {
      const place = fresh()
      const [mine, other] = [place.open(), place.open()]
      const first = await mine.write('modes', { count: 1 }, '0')
      await other.write('modes', { count: 2 }, first.generation)
      expect((await mine.read('modes')).value).toEqual({ count: 2 })
    })

    test('who must not wait finds it soon after asking', async () => {
      const place = fresh()
      await place.open().write('modes', { count: 3 }, '0')
      const reader = place.open()
      reader.latest('modes')
      await expect.poll(() => reader.latest('modes')?.value).toEqual({ count: 3 })
    })

    testOf(hasManyWriters)('who must not wait finds soon what another process has written', async () => {
      const place = fresh()
      const [reader, writer] = [place.open(0), place.open()]
      const { generation } = await writer.write('modes', { count: 1 }, '0')
      await reader.read('modes')
      await writer.write('modes', { count: 2 }, generation)
      await expect.poll(() => reader.latest('modes')?.value).toEqual({ count: 2 })
    })

    test('a change that returns its input writes nothing', async () => {
      const documents = fresh().open()
      const { generation } = await documents.write('modes', { count: 1 }, '0')
      const unchanged = await updateDocument(documents, 'modes', (value) => value)
      expect(unchanged).toEqual({ value: { count: 1 }, generation })
    })

    test.each(['', '{"count":', '\u0000\u0001'])('says how to mend the content %j', async (content) => {
      const place = fresh()
      await place.replace('modes', content)
      const refusal = await place
        .open()
        .read('modes')
        .catch((error: unknown) => error)
      expect(refusal).toBeInstanceOf(ConfigError)
      expect((refusal as Error).message).toMatch(/documents\/modes\.json is damaged; delete it/)
    })
  })
}
