/** What the state on disk promises beyond its port: a file that is whole or the one before, and its owner's alone. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLocalState } from '../../shared/adapters/local/state.ts'
import { EMPTY_STATE } from '../../shared/domain/state.ts'
import { TransientError } from '../../shared/errors.ts'
import { bytesOf, finishedEvent, NOON, stateOf } from '../support/builders.ts'
import { fixedClock } from '../support/fixed-clock.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const one = stateOf([finishedEvent({ jobId: 1 })])
const two = stateOf([finishedEvent({ jobId: 1 }), finishedEvent({ jobId: 2 })])

function place() {
  const folder = temporaryFolder()
  return {
    folder,
    file: join(folder, 'bandit_state.json'),
    temporary: join(folder, 'bandit_state.json.tmp'),
    open: () => openLocalState(folder, fixedClock(NOON)),
  }
}

test('is a file that its owner alone may read, and nothing beside it', async () => {
  const { folder, file, open } = place()
  await open().write(one, '0')
  expect(readdirSync(folder)).toEqual(['bandit_state.json'])
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readFileSync(file, 'utf8')).toBe(bytesOf(one))
})

test('says when it was written by its own clock', async () => {
  const { open } = place()
  expect((await open().write(one, '0')).updatedAt).toBe(NOON)
})

test('ignores what a crash left of a file that was being written, and its mode', async () => {
  const { file, temporary, open } = place()
  const { generation } = await open().write(one, '0')
  writeFileSync(temporary, bytesOf(two).slice(0, 50))
  chmodSync(temporary, 0o644)
  const store = open()
  expect((await store.read()).generation).toBe(generation)
  await store.write(two, generation)
  expect(readFileSync(file, 'utf8')).toBe(bytesOf(two))
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('keeps the content that it has when a write fails, and takes the next', async () => {
  const { file, temporary, open } = place()
  const store = open()
  const before = await store.write(one, '0')
  mkdirSync(temporary)
  await expect(store.write(two, before.generation)).rejects.toThrow(
    new TransientError(`${file} could not be written`),
  )
  expect(readFileSync(file, 'utf8')).toBe(bytesOf(one))
  expect(await store.read()).toEqual(before)

  rmdirSync(temporary)
  const { generation } = await store.write(two, before.generation)
  expect(store.latest()?.generation).toBe(generation)
  expect(readFileSync(file, 'utf8')).toBe(bytesOf(two))
})

test('that cannot be read now may be readable later', async () => {
  const { file, open } = place()
  mkdirSync(file)
  const store = open()
  await expect(store.read()).rejects.toThrow(new TransientError(`${file} could not be read`))
  await expect(store.write(one, '0')).rejects.toThrow(TransientError)
  rmdirSync(file)
  expect((await store.read()).state).toEqual(EMPTY_STATE)
})
