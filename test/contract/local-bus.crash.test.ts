/** A process that publishes and handles, killed at random moments: what it was promised is still to be handled. */
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../shared/adapters/clock.ts'
import { openLocalBus } from '../../shared/adapters/local/bus.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { collector } from './event-bus.harness.ts'
import { startInNode } from './process.ts'

const ROUNDS = 5
const LONGEST_LIFE_MS = 150
const BUS = join(import.meta.dirname, '../../shared/adapters/local/bus.ts')

/** Writes each number to a file when it was published, and to another when it was handled. */
const program = (folder: string, first: number) => `
  import { appendFileSync } from 'node:fs'
  import { openLocalBus } from '${BUS}'
  const bus = openLocalBus('${folder}/bus.db', { clock: Date, maxQueued: 1_000_000 })
  const write = (file, numbers) => appendFileSync('${folder}/' + file, numbers.map((n) => n + '\\n').join(''))
  bus.subscribe({
    name: 'reader', topic: 'job-events', lingerMs: 0, maxBatch: 20,
    async handle(bodies) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      write('handled', bodies)
    },
  })
  console.log('started')
  for (let number = ${first}; ; number += 10) {
    const some = Array.from({ length: 10 }, (_, index) => number + index)
    await Promise.all(some.map((body) =>
      bus.publish({ topic: 'job-events', key: 'k' + body, body }).then(() => write('published', [body]))))
  }`

const numbersIn = (file: string) =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number) : []

test('a message that was promised survives the death of the process, wherever it was', async () => {
  const folder = temporaryFolder()
  let published = 0
  let unhandled = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    const child = startInNode(program(folder, round * 1_000_000))
    await once(child.stdout as NodeJS.EventEmitter, 'data')
    await sleep(Math.random() * LONGEST_LIFE_MS)
    child.kill('SIGKILL')
    await once(child, 'exit')

    const bus = openLocalBus(join(folder, 'bus.db'), { clock: systemClock, maxQueued: 1_000_000 })
    onTestFinished(() => bus.close())
    const { handle, bodies } = collector()
    bus.subscribe({ name: 'reader', topic: 'job-events', handle, lingerMs: 0 })
    await bus.drained()
    await bus.close()
    const handled = new Set([...numbersIn(join(folder, 'handled')), ...(bodies() as number[])])
    const promised = numbersIn(join(folder, 'published')).filter((number) => number >= round * 1_000_000)
    expect(promised.filter((number) => !handled.has(number))).toEqual([])
    published += promised.length
    unhandled += bodies().length
  }
  // Most deaths came in the middle of something, or this test would show nothing.
  expect(published).toBeGreaterThan(100)
  expect(unhandled).toBeGreaterThan(20)
})
