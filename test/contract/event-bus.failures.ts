/** A handler that fails costs time, never a message: each error has its reaction (shared/errors.ts). */
import { describe, expect, test } from 'vitest'
import { InvalidInputError, TransientError } from '../../shared/errors.ts'
import { testOf } from './ability.ts'
import {
  type BusHarness,
  collector,
  eventually,
  eventuallyDead,
  message,
  numbers,
  openFor,
  publishAll,
} from './event-bus.harness.ts'

const MINUTE_MS = 60_000

/** Throws while a body is among those that are to fail. */
function failing(failsWith: Map<unknown, Error>, handle: (bodies: unknown[]) => Promise<void>) {
  return async (bodies: unknown[]) => {
    for (const body of bodies) {
      const error = failsWith.get(body)
      if (error !== undefined) throw error
    }
    await handle(bodies)
  }
}

export function failureContract({ fresh, tellsDepths, backsOff, sparesOutages }: BusHarness): void {
  describe('failure', () => {
    test('of invalid input makes a dead letter at once, and the rest of the batch is handled', async () => {
      const bus = openFor(await fresh())
      const { handle, bodies } = collector()
      const failsWith = new Map([[3, new InvalidInputError('three is no event')]])
      await publishAll(bus, numbers(6))
      bus.subscribe({ name: 'reader', topic: 'job-events', handle: failing(failsWith, handle) })
      await eventually(() => bodies().sort()).toEqual([0, 1, 2, 4, 5])
      await eventuallyDead(bus, 1)
      expect(await bus.deadLetters.list({ limit: 2 })).toMatchObject([{ reason: 'three is no event' }])
      if (tellsDepths === true) expect([bus.depths(), bus.deadLetterCount()]).toEqual([{ reader: 0 }, 1])
    })

    test('of any other kind is tried again, and is a dead letter in the end', async () => {
      const bus = openFor(await fresh())
      let attempts = 0
      const handle = async () => {
        attempts += 1
        throw new Error('a bug')
      }
      bus.subscribe({ name: 'reader', topic: 'job-events', handle, maxAttempts: 5, firstBackoffMs: 1 })
      await bus.publish(message(1))
      await eventuallyDead(bus, 1)
      expect(attempts).toBe(5)
    })

    testOf(backsOff)('of any other kind is tried again later each time', async () => {
      const bus = openFor(await fresh())
      const attempts: number[] = []
      const handle = async () => {
        attempts.push(performance.now())
        throw new Error('a bug')
      }
      bus.subscribe({ name: 'reader', topic: 'job-events', handle, maxAttempts: 4, firstBackoffMs: 20 })
      await bus.publish(message(1))
      await eventually(() => bus.deadLetterCount()).toBe(1)
      expect(attempts.length).toBe(4)
      const pauses = attempts.slice(1).map((at, index) => at - (attempts[index] as number))
      // A timer may be a millisecond early.
      for (const [index, pause] of pauses.entries()) expect(pause).toBeGreaterThan(20 * 2 ** index - 2)
      expect(bus.depths()).toEqual({ reader: 0 })
    })

    test('of one message holds up none that comes after it', async () => {
      const bus = openFor(await fresh())
      const { handle, bodies } = collector()
      let failures = 0
      bus.subscribe({
        name: 'reader',
        topic: 'job-events',
        async handle(all) {
          if (all.includes('bad')) failures += 1
          await failing(new Map([['bad', new Error('a bug')]]), handle)(all)
        },
        firstBackoffMs: MINUTE_MS,
      })
      await bus.publish(message('bad'))
      await eventually(() => failures).toBeGreaterThan(0)
      await bus.publish(message('good'))
      await eventually(bodies).toEqual(['good'])
      if (tellsDepths === true) expect(bus.depths()).toEqual({ reader: 1 })
    })

    testOf(tellsDepths)('shows in how long the oldest message has waited', async () => {
      const bus = openFor(await fresh())
      expect(bus.oldestWaitingAt()).toBeNull()
      const failsWith = new Map([['bad', new Error('a bug')]])
      const reader = { name: 'reader', topic: 'job-events' as const, firstBackoffMs: 5 }
      const before = Date.now()
      await bus.publish(message('bad'))
      const after = Date.now()
      bus.subscribe({ ...reader, handle: failing(failsWith, async () => {}) })
      await publishAll(bus, numbers(3))
      await bus.drained()
      expect(bus.oldestWaitingAt()).toBeGreaterThanOrEqual(before)
      expect(bus.oldestWaitingAt()).toBeLessThanOrEqual(after)
      failsWith.clear()
      await eventually(() => bus.oldestWaitingAt()).toBeNull()
    })

    testOf(sparesOutages)('of a dependency keeps everything waiting, and buries nothing', async () => {
      const bus = openFor(await fresh())
      const { handle, bodies } = collector()
      const down = new TransientError('the disk is full')
      const failsWith = new Map<unknown, Error>(numbers(20).map((number) => [number, down]))
      bus.subscribe({
        name: 'reader',
        topic: 'job-events',
        handle: failing(failsWith, handle),
        firstBackoffMs: 2,
      })
      await publishAll(bus, numbers(10))
      await new Promise((resolve) => setTimeout(resolve, 100))
      await publishAll(bus, numbers(20).slice(10))
      expect(bus.depths()).toEqual({ reader: 20 })
      failsWith.clear()
      await bus.drained()
      expect(new Set(bodies())).toEqual(new Set(numbers(20)))
      expect(bus.deadLetterCount()).toBe(0)
    })

    testOf(tellsDepths)('is counted exactly, whatever the mixture', async () => {
      const place = await fresh()
      const bus = openFor(place)
      const { handle, bodies } = collector()
      const bug = new Error('a bug')
      const failsWith = new Map<unknown, Error>([
        [1, new InvalidInputError('one')],
        [2, bug],
        [5, bug],
        [6, new InvalidInputError('six')],
        [8, bug],
      ])
      const reader = { name: 'reader', topic: 'job-events' as const, handle: failing(failsWith, handle) }
      await publishAll(bus, numbers(10))
      bus.subscribe({ ...reader, firstBackoffMs: MINUTE_MS })
      await bus.drained()
      expect(bodies().sort()).toEqual([0, 3, 4, 7, 9])
      expect(bus.depths()).toEqual({ reader: 3 })
      expect(bus.deadLetterCount()).toBe(2)
      await bus.close()

      const again = openFor(place)
      again.subscribe(reader)
      expect(again.depths()).toEqual({ reader: 3 })
      expect(again.deadLetterCount()).toBe(2)
    })

    test('outlives a restart: what was set aside is tried again', async () => {
      const place = await fresh()
      const first = openFor(place)
      const { handle, bodies } = collector()
      const reader = { name: 'reader', topic: 'job-events' as const, firstBackoffMs: 5 }
      let failures = 0
      const fails = async () => {
        failures += 1
        throw new Error('a bug')
      }
      first.subscribe({ ...reader, handle: fails })
      await first.publish(message('bad'))
      await eventually(() => failures).toBeGreaterThan(0)
      await first.close()
      openFor(place).subscribe({ ...reader, handle })
      await eventually(bodies).toEqual(['bad'])
    })
  })
}
