/** The suite that every state store passes: one object, changed by compare-and-set only. */
import { describe, expect, test } from 'vitest'
import { type BanditState, EMPTY_STATE, totalObservations } from '../../shared/domain/state.ts'
import { ConfigError, ConflictError } from '../../shared/errors.ts'
import type { StateStore } from '../../shared/ports.ts'
import { encodeState } from '../../shared/schema/state.ts'
import { bytesOf, finishedEvent, stateOf } from '../support/builders.ts'
import { type Ability, testOf } from './ability.ts'

export type StateHarness = {
  adapter: string
  /** A place without a state. */
  fresh(): {
    /** As another process, or this one after a restart, opens it. */
    open(): StateStore
    /** The object as it is stored. */
    content(): Promise<Uint8Array>
    /** A copy that a store made, by its name. */
    backup(name: string): Promise<Uint8Array>
    /** Puts an object there by other means. */
    replace(content: Uint8Array): Promise<void>
  }
  /** Whether processes may share the object. */
  hasManyWriters: Ability
  /** Whether a generation names a content, and not the writing of it. */
  namesContents: Ability
}

const jobs = (count: number) =>
  stateOf(Array.from({ length: count }, (_, index) => finishedEvent({ jobId: index + 1 })))
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** Counts one more job, however often another writer comes first. */
async function countOneMore(store: StateStore): Promise<void> {
  while (true) {
    const { state, generation } = await store.read()
    try {
      await store.write(jobs(totalObservations(state) + 1), generation)
      return
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
    }
  }
}

export function stateStoreContract({ adapter, fresh, hasManyWriters, namesContents }: StateHarness): void {
  describe(`state store: ${adapter}`, () => {
    test('starts with the empty state as generation "0"', async () => {
      const store = fresh().open()
      expect(store.latest()).toBeUndefined()
      expect(await store.generation()).toBe('0')
      expect(await store.read()).toEqual({ generation: '0', state: EMPTY_STATE, updatedAt: null, resetAt: 0 })
      expect(store.latest()).toEqual({ generation: '0', state: EMPTY_STATE, updatedAt: null, resetAt: 0 })
    })

    test('keeps what was written, for itself and for who opens it next', async () => {
      const place = fresh()
      const store = place.open()
      const before = Date.now()
      const { generation } = await store.write(jobs(2), '0')
      const after = Date.now()
      expect(generation).not.toBe('0')
      for (const reader of [store, place.open()]) {
        const snapshot = await reader.read()
        expect(bytesOf(snapshot.state)).toBe(bytesOf(jobs(2)))
        expect(snapshot.generation).toBe(generation)
        expect(await reader.generation()).toBe(generation)
        // Clocks of disks and of other machines.
        expect(snapshot.updatedAt).toBeGreaterThan(before - 2000)
        expect(snapshot.updatedAt).toBeLessThan(after + 2000)
      }
    })

    test('stores the canonical bytes, so equal states are the same object', async () => {
      const [one, other] = [fresh(), fresh()]
      await one.open().write(jobs(3), '0')
      const writer = other.open()
      const { generation } = await writer.write(jobs(1), '0')
      await writer.write(jobs(3), generation)
      expect(text(await one.content())).toBe(bytesOf(jobs(3)))
      expect(await other.content()).toEqual(await one.content())
    })

    testOf(namesContents)('gives equal states the same generation', async () => {
      const first = await fresh().open().write(jobs(3), '0')
      const writer = fresh().open()
      const { generation } = await writer.write(jobs(1), '0')
      const second = await writer.write(jobs(3), generation)
      expect(second.generation).toBe(first.generation)
      expect((await writer.write(jobs(3), second.generation)).generation).toBe(second.generation)
    })

    test('goes on with the epoch until another begins', async () => {
      const place = fresh()
      const store = place.open()
      const first = await store.write(jobs(1), '0', { resetAt: 5000 })
      const second = await store.write(jobs(2), first.generation)
      expect([first.resetAt, second.resetAt, (await store.read()).resetAt]).toEqual([5000, 5000, 5000])
      const third = await store.write(EMPTY_STATE, second.generation, { resetAt: 7000 })
      expect([third.resetAt, store.latest()?.resetAt]).toEqual([7000, 7000])
    })

    test('refuses a write that is based on another generation, and keeps what it has', async () => {
      const place = fresh()
      const store = place.open()
      const { generation } = await store.write(jobs(1), '0')
      await expect(store.write(jobs(2), '0')).rejects.toThrow(ConflictError)
      await expect(store.write(EMPTY_STATE, 'never seen')).rejects.toThrow(ConflictError)
      expect(text(await place.content())).toBe(bytesOf(jobs(1)))
      expect((await store.read()).generation).toBe(generation)
    })

    test('copies its content to where a later write does not reach', async () => {
      const place = fresh()
      const store = place.open()
      expect(await store.backup()).toBeUndefined()
      const { generation } = await store.write(jobs(1), '0')
      const copy = await store.backup()
      expect(copy).toMatch(/bandit_state-\d{4}-.*\.json$/)
      await store.write(EMPTY_STATE, generation)
      expect(text(await place.backup(copy as string))).toBe(bytesOf(jobs(1)))
    })

    test('copies also what cannot be understood', async () => {
      const place = fresh()
      await place.replace(new TextEncoder().encode('garbage'))
      expect(text(await place.backup((await place.open().backup()) as string))).toBe('garbage')
    })

    test('loses none of many changes that race', async () => {
      const place = fresh()
      const store = place.open()
      await Promise.all(Array.from({ length: 20 }, () => countOneMore(store)))
      expect(totalObservations((await place.open().read()).state)).toBe(20)
    })

    testOf(hasManyWriters)('loses none of the changes of several processes', async () => {
      const place = fresh()
      const stores = Array.from({ length: 5 }, () => place.open())
      await Promise.all(stores.flatMap((store) => [countOneMore(store), countOneMore(store)]))
      expect(totalObservations((await place.open().read()).state)).toBe(10)
    })

    test('has the newest snapshot at hand, also while and after others are refused', async () => {
      const store = fresh().open()
      await store.read()
      const reading = store.read()
      const writing = store.write(jobs(1), '0')
      const refused = store.write(jobs(2), '0').catch(() => undefined)
      expect(store.latest()?.generation).toBe('0')
      const { generation } = await writing
      expect(store.latest()?.generation).toBe(generation)
      await Promise.all([reading, refused])
      expect(store.latest()?.generation).toBe(generation)
      expect((await store.read()).generation).toBe(generation)
    })

    test('does not take an old content for the newest when a first read and a write meet', async () => {
      const place = fresh()
      const { generation } = await place.open().write(jobs(1), '0')
      const store = place.open()
      const [written] = await Promise.all([store.write(jobs(2), generation), store.read(), store.read()])
      expect(store.latest()?.generation).toBe(written.generation)
      expect(totalObservations((await store.read()).state)).toBe(2)
    })

    test('notices a content that came by other means when it would write over it', async () => {
      const place = fresh()
      const store = place.open()
      const { generation } = await store.write(jobs(1), '0')
      await place.replace(encodeState(jobs(5)))
      await expect(store.write(jobs(2), generation)).rejects.toThrow(ConflictError)
      expect(store.latest()).toBeDefined()
      await countOneMore(store)
      expect(totalObservations((await store.read()).state)).toBe(6)
    })

    test.each<[string, string]>([
      ['cut off', bytesOf(jobs(2)).slice(0, 40)],
      ['empty', ''],
      ['of a schema that no step leads from', '{"schema_version":0}'],
      ['no JSON', '\u0000\u0001'],
    ])('says how to mend a content that is %s, and can be written over', async (_what, content) => {
      const place = fresh()
      await place.replace(new TextEncoder().encode(content))
      const store = place.open()
      const refusal = await store.read().catch((error: unknown) => error)
      expect(refusal).toBeInstanceOf(ConfigError)
      expect((refusal as Error).message).toContain('runner-bandit rebuild')
      expect(store.latest()).toBeUndefined()

      const mended: BanditState = jobs(2)
      await expect(store.write(mended, '0')).rejects.toThrow(ConflictError)
      await store.write(mended, await store.generation())
      expect(bytesOf((await place.open().read()).state)).toBe(bytesOf(mended))
    })
  })
}
