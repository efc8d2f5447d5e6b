/** What the embedded bus promises beyond its port: one owner of the file, few commits, a file that stays small. */
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../shared/adapters/clock.ts'
import { openLocalBus } from '../../shared/adapters/local/bus.ts'
import { openExclusively } from '../../shared/adapters/local/sqlite.ts'
import { ConfigError, TransientError } from '../../shared/errors.ts'
import { fixedClock } from '../support/fixed-clock.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { collector, eventually, message, numbers, publishAll } from './event-bus.harness.ts'
import { runInNode } from './process.ts'

const BUS = join(import.meta.dirname, '../../shared/adapters/local/bus.ts')
const ERRORS = join(import.meta.dirname, '../../shared/errors.ts')

function open(file = join(temporaryFolder(), 'bus.db'), clock = systemClock) {
  const bus = openLocalBus(file, { clock, maxQueued: 100_000 })
  onTestFinished(() => bus.close())
  return bus
}

const bytesIn = (folder: string) =>
  readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)

test('is one owner’s: opening it again says which file is in use', () => {
  const file = join(temporaryFolder(), 'bus.db')
  open(file)
  expect(() => open(file)).toThrow(new ConfigError(`${file} is in use by another runner-bandit process.`))
})

test.each([
  ['is no database', 'bus.db', 'file is not a database'],
  ['is in no folder', 'nowhere/bus.db', 'unable to open database file'],
])('is refused as a fault of the deployment when its file %s', (_what, name, reason) => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'bus.db'), 'no database '.repeat(100))
  const file = join(folder, name)
  expect(() => open(file)).toThrow(new ConfigError(`${file} cannot be opened (${reason}).`))
})

test('has no two subscriptions of one name', () => {
  const bus = open()
  const { handle } = collector()
  bus.subscribe({ name: 'reader', topic: 'job-events', handle })
  expect(() => bus.subscribe({ name: 'reader', topic: 'job-events', handle })).toThrow(RangeError)
})

test('commits what is published together at once: hundreds of messages write few pages', async () => {
  const folder = temporaryFolder()
  const bus = open(join(folder, 'bus.db'))
  const before = bytesIn(folder)
  await publishAll(bus, numbers(500))
  // A commit of its own writes at least three pages of 4 KB: 500 would be 6 MB.
  expect(bytesIn(folder) - before).toBeLessThan(500_000)
})

test('keeps nothing that every subscription has handled, so the file does not grow for ever', async () => {
  const folder = temporaryFolder()
  const bus = open(join(folder, 'bus.db'))
  for (const name of ['one', 'two']) {
    bus.subscribe({ name, topic: 'job-events', lingerMs: 0, handle: async () => {} })
  }
  const body = 'x'.repeat(10_000)
  const round = async (index: number) => {
    const publish = (number: number) =>
      bus.publish({ topic: 'job-events', key: `${index}/${number}`, body: { number, body } })
    await Promise.all(numbers(100).map(publish))
    await bus.drained()
  }
  for (const index of numbers(30)) await round(index)
  // 30 MB went through; what stays are the keys, and a write-ahead log of about 4 MB.
  expect(bytesIn(folder)).toBeLessThan(8_000_000)
})

test('does not try again before its clock says so', async () => {
  const clock = fixedClock(Date.UTC(2026, 0, 1))
  const bus = open(undefined, clock)
  let attempts = 0
  const handle = async () => {
    attempts += 1
    throw new Error('a bug')
  }
  bus.subscribe({ name: 'reader', topic: 'job-events', handle, lingerMs: 0, firstBackoffMs: 5 })
  await bus.publish(message(1))
  await bus.drained()
  await new Promise((resolve) => setTimeout(resolve, 40))
  expect(attempts).toBe(1)
  clock.advance(5)
  await eventually(() => attempts).toBe(2)
})

test('lets the process end when it is closed, whatever was waiting', async () => {
  const { code, stderr } = await runInNode(`
    import { openLocalBus } from '${BUS}'
    const bus = openLocalBus('${join(temporaryFolder(), 'bus.db')}', { clock: Date, maxQueued: 100 })
    const handle = async () => { throw new Error('a bug') }
    bus.subscribe({ name: 'reader', topic: 'job-events', handle, firstBackoffMs: 600_000 })
    await bus.publish({ topic: 'job-events', key: 'k', body: 1 })
    await bus.drained()
    await bus.close()`)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})

test('on a full disk refuses what is published, repeats what it cannot write down, and recovers', async ({
  skip,
}) => {
  const file = join(temporaryFolder(), 'bus.db')
  const { code, stdout, stderr } = await runInNode(`
    import { execFileSync } from 'node:child_process'
    import { openLocalBus } from '${BUS}'
    import { TransientError } from '${ERRORS}'
    const bus = openLocalBus('${file}', { clock: Date, maxQueued: 100 })
    const limitFileSize = (bytes) => execFileSync('prlimit', ['--pid', process.pid, '--fsize=' + bytes + ':'])
    const handled = []
    let failures = 0
    const handle = async (bodies) => {
      if (handled.length === 0) limitFileSize(1)
      handled.push(...bodies)
    }
    const onFailure = ({ messages }) => { if (messages === 0) failures += 1 }
    bus.subscribe({ name: 'reader', topic: 'job-events', handle, onFailure, lingerMs: 0, firstBackoffMs: 5 })
    const publish = (body) => bus.publish({ topic: 'job-events', key: 'k' + body, body })
    await publish(1)
    while (failures < 3) await new Promise((resolve) => setTimeout(resolve, 5))
    const refusal = await publish(2).catch((error) => error)
    const whileFull = bus.depths().reader
    limitFileSize('unlimited')
    const retaken = await publish(2)
    await bus.drained()
    console.log(JSON.stringify({
      isTransient: refusal instanceof TransientError,
      whileFull,
      retaken: retaken.status,
      handled: [...new Set(handled)],
      left: bus.depths().reader,
    }))
    await bus.close()`)
  if (/spawnSync prlimit ENOENT/.test(stderr)) return skip('there is no prlimit here to fill the disk with')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toEqual({
    isTransient: true,
    whileFull: 1,
    retaken: 'accepted',
    handled: [1, 2],
    left: 0,
  })
})

test('gives up a hold whose subscription does not catch up, and lets the others go on', async () => {
  const file = join(temporaryFolder(), 'bus.db')
  const bus = openLocalBus(file, { clock: systemClock, maxQueued: 100, holdPatienceMs: 50 })
  onTestFinished(() => bus.close())
  const well = collector()
  const down = () => Promise.reject(new TransientError('the warehouse is down'))
  bus.subscribe({ name: 'down', topic: 'job-events', lingerMs: 0, handle: down })
  bus.subscribe({ name: 'well', topic: 'job-events', lingerMs: 0, handle: well.handle })
  await publishAll(bus, [1])
  await expect(bus.hold(async () => 'held')).rejects.toThrow(/^down did not catch up within 0.05 s/)
  await publishAll(bus, [2])
  await eventually(() => expect(well.bodies()).toHaveLength(2))
})

test('lets one topic be full without refusing another', async () => {
  const bus = openLocalBus(join(temporaryFolder(), 'bus.db'), { clock: systemClock, maxQueued: 1 })
  onTestFinished(() => bus.close())
  const stuck = () => new Promise<void>((resolve) => onTestFinished(() => resolve()))
  bus.subscribe({ name: 'stuck', topic: 'recommendations', handle: stuck })
  await bus.publish({ topic: 'recommendations', body: 1 })
  await expect(bus.publish({ topic: 'recommendations', body: 2 })).rejects.toThrow(TransientError)
  expect(await bus.publish({ topic: 'job-events', body: 1 })).toEqual({ status: 'accepted' })
})

test('commits to the disk, and not only to the operating system', () => {
  const database = openExclusively(join(temporaryFolder(), 'bus.db'), [])
  onTestFinished(() => database.close())
  // 2 is FULL: an fsync at each commit. A kill -9 would not show the difference; a power cut would.
  expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
  expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
})
