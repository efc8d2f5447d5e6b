/** Changing the number of shards: by Google's client, and in a seeded simulation of everybody at once. */
import { describe, expect, test } from 'vitest'
import { reshard } from '../../functions/reshard.ts'
import { admissionTo, readLayout } from '../../shared/adapters/gcp/state-layout.ts'
import { openStateObject } from '../../shared/adapters/gcp/state-object.ts'
import { gcsStateLayout, layoutIn } from '../../shared/adapters/gcp/state-reshard.ts'
import { seededRng, systemRng } from '../../shared/adapters/rng.ts'
import type { JobEvent } from '../../shared/domain/event.ts'
import { fold } from '../../shared/domain/fold.ts'
import { shardOf, stateObjectName } from '../../shared/domain/shard.ts'
import { totalObservations } from '../../shared/domain/state.ts'
import { ConfigError, TransientError } from '../../shared/errors.ts'
import type { StateStore } from '../../shared/ports.ts'
import { wholeOf } from '../../shared/runtime/sharded-state.ts'
import { updateState } from '../../shared/runtime/update-state.ts'
import type { Settings } from '../../shared/schema/settings.ts'
import { bytesOf, finishedEvent, MINUTE, NOON, stateOf, WINDOW } from '../support/builders.ts'
import { fixedClock } from '../support/fixed-clock.ts'
import { type Place, silentLog, startPlaces } from '../support/gcs.ts'
import { Killed, memoryBucket } from '../support/memory-bucket.ts'

const { storage, place } = await startPlaces({ seed: 'reshard' })
const settings = { lateAfterMs: WINDOW } as Settings
const clock = fixedClock(Date.now())

const eventsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) =>
    finishedEvent({ jobId: first + index, occurredAt: NOON + index }),
  )

const shardsOf = (where: Place, shards: number) =>
  Array.from({ length: shards }, (_, shard) => where.open({ shard, shards, clock, firstDelayMs: 10 }))

async function learn(stores: readonly StateStore[], events: readonly JobEvent[]): Promise<void> {
  for (const event of events) {
    const store = stores[shardOf(event.projectId, event.jobId, stores.length)] as StateStore
    await updateState(store, ({ state }) => fold(state, [event], WINDOW))
  }
}

const divide = (where: Place, shards: number) =>
  reshard(
    { shards },
    {
      layout: gcsStateLayout({ bucket: where.bucket, clock, rng: systemRng, apiEndpoint: storage.url }),
      settings,
      log: silentLog,
    },
  )

describe('in a bucket', () => {
  test('a state is divided and put together again, and each time learning goes on', async () => {
    const where = place()
    const events = eventsFrom(1, 40)
    let known = 0
    let before: number | null = 1
    for (const shards of [1, 3, 2, 8, 1]) {
      if (known > 0) expect(await divide(where, shards)).toEqual({ shards, before, observations: known })
      before = shards
      await learn(shardsOf(where, shards), events.slice(0, known + 8))
      known += 8
      const whole = wholeOf(shardsOf(where, shards), WINDOW)
      expect(bytesOf((await whole.read()).state)).toBe(bytesOf(stateOf(events.slice(0, known))))
    }
    expect(await divide(where, 1)).toEqual({ shards: 1, before: null, observations: null })
  })

  test('who has the wrong number is refused, reads nothing, and is told what to do', async () => {
    const where = place()
    await learn(shardsOf(where, 2), eventsFrom(1, 4))
    for (const stores of [shardsOf(where, 1), shardsOf(where, 3)]) {
      await expect(stores[0]?.read()).rejects.toThrow(TransientError)
      await expect(learn(stores, eventsFrom(9, 1))).rejects.toThrow('Run "npx runner-bandit reshard"')
    }
    expect(where.object()).toBeUndefined()
  })

  test('who had the right number is refused after the change, and its reader goes on with what there was', async () => {
    const where = place()
    const [store] = shardsOf(where, 1)
    const reader = where.open({ pollAfterMs: 0 })
    await learn([store as StateStore], eventsFrom(1, 3))
    await reader.read()
    await divide(where, 2)
    const message = await learn([store as StateStore], eventsFrom(4, 1)).catch((error: Error) => error)
    expect(message).toBeInstanceOf(TransientError)
    expect((message as Error).message).toContain('sealed')
    expect(totalObservations((await reader.read()).state)).toBe(3)
  })

  test('the epoch goes along, and a shard that a reset did not get to stays behind', async () => {
    const where = place()
    const stores = shardsOf(where, 3)
    await learn(stores, eventsFrom(1, 30))
    for (const [shard, store] of stores.entries())
      if (shard > 0) await store.write(stateOf([]), (await store.read()).generation, { resetAt: 7000 })
    await divide(where, 2)
    const { state, resetAt } = await wholeOf(shardsOf(where, 2), WINDOW).read()
    expect([totalObservations(state), resetAt]).toEqual([0, 7000])
  })

  test('it does not begin while an operation holds the state, and another change has to end first', async () => {
    const where = place()
    const [store] = shardsOf(where, 1)
    await learn([store as StateStore], eventsFrom(1, 3))
    await store?.hold(clock.now() + MINUTE)
    await expect(divide(where, 2)).rejects.toThrow('held by an operation')
    await store?.release()
    await expect(divide(where, 3)).rejects.toThrow(ConfigError)
    await divide(where, 2)
    await divide(where, 3)
    expect(totalObservations((await wholeOf(shardsOf(where, 3), WINDOW).read()).state)).toBe(3)
  })

  test('a lost layout is found again by the objects, and never guessed', async () => {
    const where = place()
    await learn(shardsOf(where, 2), eventsFrom(1, 4))
    where.drop('bandit_layout.json')
    await expect(shardsOf(where, 1)[0]?.read()).rejects.toThrow(TransientError)
    await learn(shardsOf(where, 2), eventsFrom(5, 4))
    await divide(where, 1)
    where.drop('bandit_layout.json')
    await expect(divide(where, 3)).rejects.toThrow('there are states of')
  })
})

/**
 * Learners of two numbers of shards, and processes that change the one into the other and back: all at once, some
 * slow, and any killed at any request.
 */
async function simulate(seed: string): Promise<void> {
  const world = memoryBucket(seed)
  const { draw } = world
  const rng = seededRng(seed)
  const among = (count: number) => Math.floor(draw() * count)
  const numbers = [1 + among(3), 4] as const
  const events = eventsFrom(1, 14)
  let waiting = [...events]
  let isOver = false

  function openShards(shards: number, bucket = world.process().bucket): StateStore[] {
    const admission = admissionTo(bucket, shards)
    return Array.from({ length: shards }, (_, shard) =>
      openStateObject({
        bucket,
        object: stateObjectName(shard, shards),
        clock,
        rng,
        log: silentLog,
        admission,
      }),
    )
  }

  async function learner(shards: number): Promise<void> {
    while (!isOver) {
      const process = world.process()
      process.killAfter(draw() < 0.5 ? among(20) : 1000)
      const stores = openShards(shards, process.bucket)
      try {
        await Promise.all(stores.map((store) => store.read().catch(unlessKilled)))
        while (!isOver) {
          await world.pause(20)
          const event = waiting[among(waiting.length)]
          if (event === undefined) continue
          const isLearned = await learn(stores, [event]).then(() => true, unlessKilled)
          // Else it dies before it acknowledges.
          if (isLearned === true && draw() < 0.8) waiting = waiting.filter((one) => one !== event)
        }
      } catch (error) {
        if (!(error instanceof Killed)) throw error
      }
    }
  }

  function unlessKilled(error: unknown): void {
    if (!(error instanceof TransientError)) throw error
  }

  async function divider(shards: number, lives: number, slowness: number): Promise<void> {
    for (let life = 1; ; life += 1) {
      const process = world.process(slowness)
      if (life <= lives) process.killAfter(among(30))
      const layout = layoutIn(process.bucket, { clock, rng, delayMs: 1 })
      try {
        await reshard({ shards }, { layout, settings, log: silentLog })
        return
      } catch (error) {
        const other = /reshard --shards (\d)/.exec((error as Error).message)?.[1]
        if (other !== undefined) await divider(Number(other), 0, slowness)
        else if (!(error instanceof Killed)) unlessKilled(error)
      }
    }
  }

  async function operate(): Promise<void> {
    const all: Promise<void>[] = []
    for (const shards of [numbers[1], numbers[0], numbers[1]]) {
      const some = [divider(shards, 2, 6), divider(shards, among(2), 60)]
      all.push(...some)
      await Promise.race(some)
      await world.pause(100)
    }
    await Promise.all(all)
    while (waiting.length > 0) await world.pause(50)
  }

  // Some is known before, to some shards; the others have no object yet.
  await learn(openShards(numbers[0]), events.slice(0, 1 + among(4)))
  const learners = Promise.all(numbers.flatMap((shards) => [learner(shards), learner(shards)]))
  await Promise.race([learners, operate()])
  isOver = true
  await learners
  const layout = await readLayout(world.process().bucket)
  expect(layout?.layout.change).toBeUndefined()
  const { state } = await wholeOf(openShards(layout?.layout.shards ?? 0), WINDOW).read()
  expect(bytesOf(state), `seed ${seed}, ${numbers[0]} shards`).toBe(bytesOf(stateOf(events)))
}

test('whoever races with it and whoever is killed, no event is lost and none counts twice', async () => {
  for (let seed = 1; seed <= 25; seed += 1) await simulate(`reshard ${seed}`)
})
