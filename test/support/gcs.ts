/** States in a played Cloud Storage, each in a bucket of its own. */
import { afterAll } from 'vitest'
import { systemClock } from '../../shared/adapters/clock.ts'
import { type GcsStateOptions, openGcsState } from '../../shared/adapters/gcp/state.ts'
import { systemRng } from '../../shared/adapters/rng.ts'
import type { Log } from '../../shared/ports.ts'
import { type FakeStorage, type FakeStorageOptions, startFakeStorage } from './fake-storage/index.ts'

export const silentLog: Log = { debug() {}, info() {}, warning() {}, error() {} }

/** Keeps the messages of a log. */
export function collectedLog(): Log & { messages: string[] } {
  const messages: string[] = []
  const keep = (message: string) => messages.push(message)
  return { debug: keep, info: keep, warning: keep, error: keep, messages }
}

const BUCKETS = Array.from({ length: 300 }, (_, index) => `bucket-${index}`)

export type Place = ReturnType<Awaited<ReturnType<typeof startPlaces>>['place']>

/** One server for a file of tests. */
export async function startPlaces(options: FakeStorageOptions = {}) {
  const storage: FakeStorage = await startFakeStorage({ ...options, buckets: BUCKETS })
  afterAll(() => storage.close())
  let used = 0
  return {
    storage,
    /** An empty bucket. */
    place() {
      const bucket = BUCKETS[used++] as string
      return {
        bucket,
        open: (more: Partial<GcsStateOptions> = {}) =>
          openGcsState({
            bucket,
            clock: systemClock,
            rng: systemRng,
            log: silentLog,
            apiEndpoint: storage.url,
            ...more,
          }),
        object: (name = 'bandit_state.json') => storage.object(name, bucket),
        versions: (name = 'bandit_state.json') => storage.versions(name, bucket),
        put: (
          content: Uint8Array | string,
          metadata: Record<string, string> = {},
          name = 'bandit_state.json',
        ) => storage.place(name, content, metadata, bucket),
        drop: (name = 'bandit_state.json') => storage.drop(name, bucket),
      }
    },
  }
}
