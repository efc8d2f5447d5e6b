/** What the state in Cloud Storage promises beyond its port. */
import { expect, test } from 'vitest'
import { fold } from '../../shared/domain/fold.ts'
import { totalObservations } from '../../shared/domain/state.ts'
import { ConfigError, ConflictError, TransientError } from '../../shared/errors.ts'
import { updateState } from '../../shared/runtime/update-state.ts'
import { decodeState } from '../../shared/schema/state.ts'
import { bytesOf, finishedEvent, stateOf, WINDOW } from '../support/builders.ts'
import { collectedLog, startPlaces } from '../support/gcs.ts'

const { storage, place } = await startPlaces()
const limited = await startPlaces({ writeIntervalMs: 1000, seed: 'limited' })

const jobs = (count: number) =>
  stateOf(Array.from({ length: count }, (_, index) => finishedEvent({ jobId: index + 1 })))
const quick = { firstDelayMs: 10 }

/** The requests that some work takes. */
async function requests(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = { ...storage.counts }
  await work()
  const after = Object.entries(storage.counts)
  return Object.fromEntries(
    after
      .map(([kind, count]) => [kind, count - before[kind as keyof typeof before]] as const)
      .filter(([, n]) => n > 0),
  )
}

test('a write is one request, and nothing is read between the writes of one writer', async () => {
  const store = place().open()
  let { generation } = await store.write(jobs(1), '0')
  const spent = await requests(async () => {
    for (const count of [2, 3, 4]) {
      await store.read()
      generation = (await store.write(jobs(count), generation)).generation
    }
  })
  expect(spent).toEqual({ put: 3 })
})

test('the object is kept from caches, says what it is, and carries its epoch and the id of its write', async () => {
  const { open, object } = place()
  await open().write(jobs(1), '0', { resetAt: Date.parse('2026-01-02T03:04:05.678Z') })
  expect(object()).toMatchObject({ contentType: 'application/json', cacheControl: 'no-store' })
  expect(object()?.metadata).toMatchObject({
    reset_at: '2026-01-02T03:04:05.678Z',
    commit: expect.stringMatching(/./),
  })
})

test('an epoch is there for who opens the object next', async () => {
  const { open } = place()
  await open().write(jobs(1), '0', { resetAt: 5000 })
  expect((await open().read()).resetAt).toBe(5000)
})

test.each(['lost-response', 'lost-request', 408, 429, 500, 503] as const)(
  'a write that meets %s once is made once',
  async (fault) => {
    const { open, versions } = place()
    const store = open(quick)
    const { generation } = await store.write(jobs(1), '0')
    storage.fail('put', fault)
    const written = await store.write(jobs(2), generation)
    expect(versions().map(({ bytes }) => totalObservations(decodeState(bytes)))).toEqual([1, 2])
    expect(versions().at(-1)?.generation).toBe(written.generation)
    // What it knows is right: the next write needs no look.
    await store.write(jobs(3), written.generation)
  },
)

test('a write whose answer was lost is not taken for that of another writer who had the same idea', async () => {
  const { open } = place()
  const [store, other] = [open(quick), open(quick)]
  const { generation } = await store.write(jobs(1), '0')
  await other.read()
  storage.fail('put', 'lost-request')
  const [mine, its] = await Promise.allSettled([
    store.write(jobs(2), generation),
    other.write(jobs(2), generation),
  ])
  expect([mine.status, its.status].sort()).toEqual(['fulfilled', 'rejected'])
})

test('a bucket that does not answer is asked some times, and what it holds is found out before the next write', async () => {
  const { open, object } = place()
  const store = open(quick)
  const { generation } = await store.write(jobs(1), '0')
  storage.fail('put', 'lost-response')
  storage.fail('put', 503, 20)
  const spent = await requests(() => expect(store.write(jobs(2), generation)).rejects.toThrow(TransientError))
  expect(spent).toEqual({ put: 6 })
  storage.calm()
  expect((await store.read()).generation).toBe(object()?.generation)
  expect(totalObservations((await store.read()).state)).toBe(2)
})

test('writes faster than once a second wait for their turn', async () => {
  const { open, versions } = limited.place()
  const store = open()
  const first = await store.write(jobs(1), '0')
  const second = await store.write(jobs(2), first.generation)
  expect(second.generation).toBe(versions().at(-1)?.generation)
  expect(versions().length).toBe(2)
})

test('two processes that count 40 jobs each, while answers get lost, count 80', async () => {
  const troubled = await startPlaces({
    seed: 'race',
    chances: { unavailable: 0.05, lostRequest: 0.03, lostResponse: 0.08 },
  })
  const { open } = troubled.place()
  const learn = async (process: number) => {
    const store = open(quick)
    for (let job = 1; job <= 40; job += 1) {
      const event = finishedEvent({ projectId: process, jobId: job })
      const again = async (): Promise<unknown> =>
        updateState(store, ({ state }) => fold(state, [event], WINDOW)).catch((error) => {
          if (error instanceof TransientError) return again()
          throw error
        })
      await again()
    }
  }
  await Promise.all([learn(1), learn(2)])
  expect(totalObservations((await open(quick).read()).state)).toBe(80)
})

test('a reader asks for what is new when its own is old enough, and an unchanged one is not sent again', async () => {
  const { open } = place()
  const writer = open()
  const { generation } = await writer.write(jobs(1), '0')
  const reader = open({ pollAfterMs: 0 })
  const patient = open({ pollAfterMs: 60_000 })
  await Promise.all([reader.read(), patient.read()])
  expect(await requests(() => reader.read())).toEqual({ get: 1 })
  expect(await requests(() => patient.read())).toEqual({})
  await writer.write(jobs(2), generation)
  expect(await requests(() => reader.read())).toEqual({ get: 1, media: 1 })
  expect(totalObservations((await reader.read()).state)).toBe(2)
})

test('a reader is given what is at hand, and a newer one is fetched meanwhile', async () => {
  const { open } = place()
  const writer = open()
  const { generation } = await writer.write(jobs(1), '0')
  const reader = open({ pollAfterMs: 0 })
  await reader.read()
  await writer.write(jobs(2), generation)
  expect(totalObservations(reader.latest()?.state ?? jobs(0))).toBe(1)
  await expect.poll(() => totalObservations(reader.latest()?.state ?? jobs(0))).toBe(2)
})

test('a reader that cannot reach the bucket goes on with what it has, and says so', async () => {
  const { open } = place()
  await open().write(jobs(1), '0')
  const log = collectedLog()
  const reader = open({ ...quick, pollAfterMs: 0, log })
  await reader.read()
  storage.fail('get', 503, 6)
  reader.latest()
  await expect.poll(() => log.messages).toContain('state.unread')
  expect(totalObservations(reader.latest()?.state ?? jobs(0))).toBe(1)
  // The look that the line above began has ended.
  await reader.read()
})

test('the content before one that cannot be understood is used, and the next write takes its place', async () => {
  const { open, put, object } = place()
  const { generation } = await open().write(jobs(1), '0', { resetAt: 5000 })
  await open().write(jobs(2), generation)
  put('garbage')
  const log = collectedLog()
  const store = open({ log })
  const found = await store.read()
  expect([bytesOf(found.state), found.resetAt]).toEqual([bytesOf(jobs(2)), 5000])
  expect(log.messages).toEqual(['state.garbled'])
  expect(found.generation).toBe(object()?.generation)
  await store.write(jobs(3), found.generation)
  expect(object()?.bytes.toString()).toBe(bytesOf(jobs(3)))
  expect((await open().read()).resetAt).toBe(5000)
})

test('a content of the epoch before is no stand-in for one that cannot be understood', async () => {
  const { open, put } = place()
  await open().write(jobs(2), '0')
  put('garbage', { reset_at: '2026-01-01T00:00:00.000Z' })
  await expect(open().read()).rejects.toThrow('runner-bandit rebuild')
})

test('what somebody put back by hand goes on in the epoch that was', async () => {
  const { open, put } = place()
  await open().write(jobs(2), '0', { resetAt: 5000 })
  put(bytesOf(jobs(1)))
  expect((await open().read()).resetAt).toBe(5000)
})

test('what a newer version made is not read, not written over, and does not hide behind an older content', async () => {
  const { open, put, object } = place()
  await open().write(jobs(1), '0')
  put('{"schema_version":2,"arms":{}}\n')
  const store = open()
  await expect(store.read()).rejects.toThrow(ConfigError)
  await expect(store.read()).rejects.toThrow('newer runner-bandit')
  await expect(store.write(jobs(2), await store.generation())).rejects.toThrow(ConfigError)
  expect(object()?.bytes.toString()).toContain('"schema_version":2')
})

test('an object that has vanished is not begun anew in silence, also by who never saw it; a rebuild may', async () => {
  const { open, drop } = place()
  const store = open({ pollAfterMs: 0 })
  await store.write(jobs(2), '0', { resetAt: 5000 })
  drop()
  for (const one of [store, open()]) await expect(one.read()).rejects.toThrow('has vanished')
  const operator = open()
  expect(await operator.generation()).toBe('0')
  expect((await operator.write(jobs(3), '0')).resetAt).toBe(5000)
})

test('a copy stands beside the object, and of the copies the newest ten stay', async () => {
  const clock = { at: Date.parse('2026-03-02T12:00:00Z'), now: () => clock.at }
  const { bucket, open } = place()
  const store = open({ clock })
  await store.write(jobs(1), '0')
  const names: (string | undefined)[] = []
  for (let copies = 0; copies < 12; copies += 1) {
    names.push(await store.backup())
    clock.at += 1000
  }
  expect(names[0]).toBe(`gs://${bucket}/backups/bandit_state-2026-03-02T12:00:00.000Z.json`)
  const kept = storage.versions('backups/', bucket).filter(({ timeDeleted }) => timeDeleted === undefined)
  expect(kept.map(({ name }) => `gs://${bucket}/${name}`)).toEqual(names.slice(2))
})

test.each([
  ['a bucket that is not there', { bucket: 'nowhere' }, 'BANDIT_GCS_BUCKET'],
  ['a refusal', {}, 'roles/storage.objectUser'],
])('%s is a fault of the deployment, with what is to be done', async (what, options, advice) => {
  const { open } = place()
  const store = open(options)
  if (what === 'a refusal') storage.fail('any', 403, 2)
  for (const attempt of [() => store.read(), () => store.write(jobs(1), '0')]) {
    const refusal = await attempt().catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(ConfigError)
    expect((refusal as Error).message).toContain(advice)
  }
})

test('a read that is refused or garbled once is repeated', async () => {
  const { open } = place()
  await open().write(jobs(1), '0')
  const store = open(quick)
  storage.fail('get', 503)
  storage.fail('media', 'lost-response')
  // The layout and the state, and once more for each fault.
  expect(await requests(() => store.read())).toEqual({ get: 3, media: 3 })
})

test('a conflict leaves the winner in place, and is told as one', async () => {
  const { open, object } = place()
  const [one, other] = [open(), open()]
  const { generation } = await one.write(jobs(1), '0')
  await other.read()
  await one.write(jobs(2), generation)
  await expect(other.write(jobs(3), generation)).rejects.toThrow(ConflictError)
  expect(object()?.bytes.toString()).toBe(bytesOf(jobs(2)))
})
