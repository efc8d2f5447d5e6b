/** Holding the state in Cloud Storage: nobody but the holder writes, and what the holder writes rests on what it held. */
import { expect, test } from 'vitest'
import { gcsDeliveries } from '../../shared/adapters/gcp/deliveries.ts'
import { totalObservations } from '../../shared/domain/state.ts'
import { ConflictError, TransientError } from '../../shared/errors.ts'
import { wholeOf } from '../../shared/runtime/sharded-state.ts'
import { finishedEvent, MINUTE, stateOf, WINDOW } from '../support/builders.ts'
import { fixedClock } from '../support/fixed-clock.ts'
import { type Place, startPlaces } from '../support/gcs.ts'

const { storage, place } = await startPlaces({ seed: 'hold' })

const jobs = (count: number, from = 1) =>
  stateOf(Array.from({ length: count }, (_, index) => finishedEvent({ jobId: index + from })))

const clock = fixedClock(Date.now())
const open = ({ open }: Place, more = {}) => open({ clock, firstDelayMs: 10, ...more })
const operatorOf = (where: Place) => {
  const store = open(where)
  return { store, deliveries: gcsDeliveries([store], clock) }
}

test('a learner is refused while the state is held, also one that had it in memory, and goes on after', async () => {
  const where = place()
  const learner = open(where)
  await learner.write(jobs(1), '0')
  const { store, deliveries } = operatorOf(where)
  await deliveries.hold(async (setAside) => {
    expect(setAside).toEqual({})
    // Based on what it has in memory, it finds another content; based on that, it finds the mark.
    const generation = (await learner.read()).generation
    await expect(learner.write(jobs(2), generation)).rejects.toThrow(ConflictError)
    const held = await learner.read()
    await expect(learner.write(jobs(2), held.generation)).rejects.toThrow(TransientError)
    await expect(learner.write(jobs(2), held.generation)).rejects.toThrow('held by an operation')
    expect(totalObservations((await store.read()).state)).toBe(1)
  })
  await learner.write(jobs(2), (await learner.read()).generation)
  expect(totalObservations((await open(where).read()).state)).toBe(2)
})

test('the holder writes, and that ends the hold on what it wrote', async () => {
  const where = place()
  await open(where).write(jobs(1), '0')
  const { store, deliveries } = operatorOf(where)
  await deliveries.hold(async () => {
    await store.write(jobs(5), await store.generation(), { resetAt: 9000 })
    const learner = open(where)
    const { generation, resetAt } = await learner.read()
    expect(resetAt).toBe(9000)
    await learner.write(jobs(6), generation)
  })
  expect(totalObservations((await open(where).read()).state)).toBe(6)
})

test('a state that was never written can be held, and is then an empty one', async () => {
  const where = place()
  const learner = open(where)
  await learner.read()
  await operatorOf(where).deliveries.hold(async () => {
    await expect(learner.write(jobs(1), '0')).rejects.toThrow(ConflictError)
    await expect(learner.write(jobs(1), (await learner.read()).generation)).rejects.toThrow('held')
  })
  await learner.write(jobs(1), (await learner.read()).generation)
})

test('a vanished state does not become an empty one by being held', async () => {
  const where = place()
  await open(where).write(jobs(3), '0', { resetAt: 5000 })
  where.drop()
  await operatorOf(where).deliveries.hold(async () => undefined)
  const { state, resetAt } = await open(where).read()
  expect([totalObservations(state), resetAt]).toEqual([3, 5000])
})

test('one who dies while holding stops the others no longer than the lease', async () => {
  const where = place()
  const learner = open(where)
  await learner.write(jobs(1), '0')
  await open(where).hold(clock.now() + 10 * MINUTE)
  const { generation } = await open(where).read()
  await expect(open(where).write(jobs(2), generation)).rejects.toThrow(TransientError)
  clock.advance(10 * MINUTE + 1)
  await open(where).write(jobs(2), generation)
})

test('the holder finds out that it took longer than the lease, and that somebody wrote', async () => {
  const where = place()
  await open(where).write(jobs(1), '0')
  const { store, deliveries } = operatorOf(where)
  const work = deliveries.hold(async () => {
    clock.advance(11 * MINUTE)
    const learner = open(where)
    await learner.write(jobs(2), (await learner.read()).generation)
    // What it would write is made of what there was before, whatever the generation is now.
    await store.write(jobs(9), await store.generation())
  })
  await expect(work).rejects.toThrow(ConflictError)
  expect(totalObservations((await open(where).read()).state)).toBe(2)
})

test('a second operation is refused, one of the same process waits', async () => {
  const where = place()
  const { deliveries } = operatorOf(where)
  const other = operatorOf(where)
  let isInside = false
  const work = async () => {
    expect(isInside).toBe(false)
    isInside = true
    await expect(other.deliveries.hold(async () => undefined)).rejects.toThrow('held by an operation')
    isInside = false
  }
  await Promise.all([deliveries.hold(work), deliveries.hold(work)])
  await other.deliveries.hold(async () => undefined)
})

test('work that fails says so, and the hold ends', async () => {
  const where = place()
  const { deliveries } = operatorOf(where)
  await expect(deliveries.hold(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await open(where).write(jobs(1), (await open(where).read()).generation)
  await deliveries.drained()
})

test.each(['lost-response', 503] as const)(
  'a hold whose taking and ending meet %s holds, and ends',
  async (fault) => {
    const where = place()
    await open(where).write(jobs(1), '0')
    const { store, deliveries } = operatorOf(where)
    storage.fail('put', fault)
    await deliveries.hold(async () => {
      const learner = open(where)
      await expect(learner.write(jobs(2), (await learner.read()).generation)).rejects.toThrow('held')
      expect(totalObservations((await store.read()).state)).toBe(1)
      storage.fail('patch', fault)
    })
    const learner = open(where)
    await learner.write(jobs(2), (await learner.read()).generation)
  },
)

test('a hold comes between the writes of a learner that writes as often as the bucket lets it', async () => {
  const limited = await startPlaces({ writeIntervalMs: 200, seed: 'busy', getMs: 5, putMs: 12 })
  const where = limited.place()
  const learner = open(where)
  let snapshot = await learner.write(jobs(1), '0')
  let isOver = false
  let written = 1
  const learning = (async () => {
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, 200))
      try {
        snapshot = await learner.write(jobs(written + 1), snapshot.generation)
        written += 1
      } catch (error) {
        if (!(error instanceof TransientError)) throw error
        snapshot = await learner.read()
      }
    }
  })()
  const { deliveries } = operatorOf(where)
  const before = await deliveries.hold(async () => {
    const atStart = totalObservations((await open(where).read()).state)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(totalObservations((await open(where).read()).state)).toBe(atStart)
    return atStart
  })
  await expect.poll(() => written, { timeout: 20_000 }).toBeGreaterThan(before)
  isOver = true
  await learning
})

test('of several shards all are held, or none', async () => {
  const where = place()
  const shards = [0, 1, 2].map((shard) => open(where, { shard, shards: 3 }))
  const others = [0, 1, 2].map((shard) => open(where, { shard, shards: 3 }))
  const whole = wholeOf(shards, WINDOW)
  await others[2]?.hold(clock.now() + MINUTE)
  await expect(gcsDeliveries(shards, clock).hold(async () => undefined)).rejects.toThrow('held')
  const [first] = others
  await first?.write(jobs(1), (await first.read()).generation)
  await others[2]?.release()
  await gcsDeliveries(shards, clock).hold(async () => {
    for (const other of others) {
      const { generation } = await open(where, { shard: others.indexOf(other), shards: 3 }).read()
      await expect(other.write(jobs(2), generation)).rejects.toThrow(TransientError)
    }
    await whole.write(jobs(4), await whole.generation())
  })
  expect(totalObservations((await whole.read()).state)).toBe(4)
})
