import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '../../../shared/adapters/clock.ts'
import { openLocalState } from '../../../shared/adapters/local/state.ts'
import { fold } from '../../../shared/domain/fold.ts'
import { shardOf } from '../../../shared/domain/shard.ts'
import { EMPTY_STATE } from '../../../shared/domain/state.ts'
import { ConfigError, ConflictError } from '../../../shared/errors.ts'
import type { StateStore } from '../../../shared/ports.ts'
import { wholeOf } from '../../../shared/runtime/sharded-state.ts'
import { updateState } from '../../../shared/runtime/update-state.ts'
import { bytesOf, finishedEvent, stateOf, WINDOW } from '../../support/builders.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const events = Array.from({ length: 30 }, (_, index) => finishedEvent({ jobId: index + 1 }))
const all = stateOf(events)

/** Shards on disk: the port is what counts. */
function shardsIn(folder: string, count: number): StateStore[] {
  return Array.from({ length: count }, (_, shard) => {
    mkdirSync(join(folder, String(shard)), { recursive: true })
    return openLocalState(join(folder, String(shard)), systemClock)
  })
}

async function learnAll(shards: readonly StateStore[]): Promise<void> {
  for (const [shard, store] of shards.entries()) {
    const its = events.filter(({ projectId, jobId }) => shardOf(projectId, jobId, shards.length) === shard)
    await updateState(store, ({ state }) => fold(state, its, WINDOW))
  }
}

test('one shard is the whole', () => {
  const [store] = shardsIn(temporaryFolder(), 1)
  expect(wholeOf([store as StateStore], WINDOW)).toBe(store)
})

test('is nothing while no shard was written', async () => {
  const whole = wholeOf(shardsIn(temporaryFolder(), 3), WINDOW)
  expect(whole.latest()).toBeUndefined()
  expect(await whole.read()).toEqual({ generation: '0', state: EMPTY_STATE, updatedAt: null, resetAt: 0 })
  expect([await whole.bytes(), await whole.generation(), await whole.backup()]).toEqual([
    undefined,
    '0',
    undefined,
  ])
})

test('is what one fold of all jobs gives, to the byte, and names itself by its shards', async () => {
  const shards = shardsIn(temporaryFolder(), 3)
  await learnAll(shards)
  const whole = wholeOf(shards, WINDOW)
  const snapshot = await whole.read()
  expect(bytesOf(snapshot.state)).toBe(bytesOf(all))
  expect(new TextDecoder().decode(await whole.bytes())).toBe(bytesOf(all))
  const generations = await Promise.all(shards.map((shard) => shard.generation()))
  expect(snapshot.generation).toBe(generations.join('-'))
  expect(whole.latest()).toBe(snapshot)
  const times = await Promise.all(shards.map(async (shard) => (await shard.read()).updatedAt as number))
  expect(snapshot.updatedAt).toBe(Math.max(...times))
})

test('is merged once for each generation', async () => {
  const shards = shardsIn(temporaryFolder(), 2)
  await learnAll(shards)
  const whole = wholeOf(shards, WINDOW)
  const { state } = await whole.read()
  expect(whole.latest()?.state).toBe(state)
  await updateState(shards[0] as StateStore, (snapshot) => fold(snapshot.state, [finishedEvent()], WINDOW))
  expect(whole.latest()?.state).not.toBe(state)
})

test('is written shard by shard, and learning goes on in each', async () => {
  const folder = temporaryFolder()
  const shards = shardsIn(folder, 3)
  const whole = wholeOf(shards, WINDOW)
  const written = await whole.write(all, '0', { resetAt: 500 })
  expect([bytesOf(written.state), written.resetAt]).toEqual([bytesOf(all), 500])
  await learnAll(shards)
  expect(bytesOf((await whole.read()).state)).toBe(bytesOf(all))
  expect((await whole.write(EMPTY_STATE, await whole.generation())).resetAt).toBe(500)
})

test('is not written over another generation of any shard', async () => {
  const shards = shardsIn(temporaryFolder(), 3)
  await learnAll(shards)
  const whole = wholeOf(shards, WINDOW)
  const { generation } = await whole.read()
  await updateState(shards[2] as StateStore, ({ state }) => fold(state, [finishedEvent()], WINDOW))
  const before = await whole.generation()
  for (const stale of [generation, '0', 'a-b-c', 'a'])
    await expect(whole.write(EMPTY_STATE, stale)).rejects.toThrow(ConflictError)
  expect(await whole.generation()).toBe(before)
})

test('leaves out a shard that a reset did not get to', async () => {
  const shards = shardsIn(temporaryFolder(), 2)
  await learnAll(shards)
  const [first] = shards as [StateStore]
  await first.write(EMPTY_STATE, await first.generation(), { resetAt: 900 })
  const { state, resetAt } = await wholeOf(shards, WINDOW).read()
  expect([bytesOf(state), resetAt]).toEqual([bytesOf(EMPTY_STATE), 900])
})

test('with a shard that cannot be understood is not read, is equal to no state, and can be written', async () => {
  const folder = temporaryFolder()
  await learnAll(shardsIn(folder, 2))
  writeFileSync(join(folder, '1', 'bandit_state.json'), 'garbage')
  const whole = wholeOf(shardsIn(folder, 2), WINDOW)
  await expect(whole.read()).rejects.toThrow(ConfigError)
  expect(new TextDecoder().decode(await whole.bytes())).toContain('garbage')
  expect((await whole.backup())?.split(', ').length).toBe(2)
  await whole.write(all, await whole.generation())
  expect(bytesOf((await wholeOf(shardsIn(folder, 2), WINDOW).read()).state)).toBe(bytesOf(all))
})
