/** Waiting for what was published, and standing still while something else changes what it is about. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { testOf } from './ability.ts'
import {
  type BusHarness,
  collector,
  eventually,
  message,
  numbers,
  openFor,
  publishAll,
} from './event-bus.harness.ts'

export function holdContract({ fresh, waitsForHandlers }: BusHarness): void {
  const test = testOf(waitsForHandlers)

  describe('drained', () => {
    test('waits for what was published before, also when the publisher did not', async () => {
      const bus = openFor(await fresh())
      const { handle, bodies } = collector()
      bus.subscribe({ name: 'reader', topic: 'job-events', handle })
      const publishing = publishAll(bus, numbers(3))
      await bus.drained()
      expect(bodies().length).toBe(3)
      await publishing
    })

    test('does not wait for what was set aside for a retry', async () => {
      const bus = openFor(await fresh())
      const handle = async () => {
        throw new Error('a bug')
      }
      bus.subscribe({ name: 'reader', topic: 'job-events', handle, firstBackoffMs: 60_000 })
      await bus.publish(message(1))
      await bus.drained()
      expect(bus.depths()).toEqual({ reader: 1 })
    })
  })

  describe('hold', () => {
    test('stands still with all subscriptions at the same message, and then goes on', async () => {
      const bus = openFor(await fresh())
      const [fast, slow] = [collector(), collector()]
      let inHold = false
      let handledInHold = 0
      const watched =
        (delayMs: number, handle: (bodies: unknown[]) => Promise<void>) => async (all: unknown[]) => {
          await sleep(delayMs)
          if (inHold) handledInHold += 1
          await handle(all)
        }
      const common = { topic: 'job-events' as const, maxBatch: 3, lingerMs: 0 }
      bus.subscribe({ ...common, name: 'fast', handle: watched(0, fast.handle) })
      bus.subscribe({ ...common, name: 'slow', maxBatch: 7, handle: watched(7, slow.handle) })
      let published = 0
      const publish = async () => {
        while (published < 60) {
          await bus.publish(message(published))
          published += 1
          await sleep(1)
        }
      }
      const publishing = publish()
      for (let holds = 0; holds < 3; holds += 1) {
        await bus.hold(async () => {
          inHold = true
          const before = new Set(fast.bodies())
          expect(new Set(slow.bodies())).toEqual(before)
          await bus.publish(message(`in hold ${holds}`))
          await sleep(20)
          expect(new Set(fast.bodies())).toEqual(before)
          inHold = false
        })
      }
      await publishing
      await bus.drained()
      expect(handledInHold).toBe(0)
      for (const { bodies } of [fast, slow]) expect(new Set(bodies()).size).toBe(63)
    })

    test('handles what was published before it first', async () => {
      const bus = openFor(await fresh())
      const { handle, bodies } = collector()
      bus.subscribe({ name: 'reader', topic: 'job-events', handle })
      const publishing = publishAll(bus, numbers(50))
      expect(await bus.hold(async () => bodies().length)).toBe(50)
      await publishing
    })

    test('lets no retry through', async () => {
      const bus = openFor(await fresh())
      let attempts = 0
      const handle = async () => {
        attempts += 1
        throw new Error('a bug')
      }
      bus.subscribe({ name: 'reader', topic: 'job-events', handle, firstBackoffMs: 1, maxAttempts: 1000 })
      await publishAll(bus, numbers(3))
      await bus.drained()
      await bus.hold(async () => {
        const before = attempts
        await bus.publish(message('in hold'))
        await sleep(50)
        expect(attempts).toBe(before)
      })
      const after = attempts
      await eventually(() => attempts).toBeGreaterThan(after)
    })

    test('comes one after the other, and the end of one does not end the next', async () => {
      const bus = openFor(await fresh())
      const { handle, bodies } = collector()
      bus.subscribe({ name: 'reader', topic: 'job-events', handle, lingerMs: 0 })
      let inside = 0
      const work = async () => {
        inside += 1
        expect(inside).toBe(1)
        const before = bodies().length
        await bus.publish(message(`published in hold after ${before}`))
        await sleep(20)
        expect(bodies().length).toBe(before)
        inside -= 1
      }
      await Promise.all([bus.hold(work), bus.hold(work), bus.hold(work)])
      await bus.drained()
      expect(bodies().length).toBe(3)
    })

    test('that fails says so to its caller, and deliveries go on', async () => {
      const bus = openFor(await fresh())
      const { handle, bodies } = collector()
      bus.subscribe({ name: 'reader', topic: 'job-events', handle })
      await expect(bus.hold(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
      await bus.publish(message(1))
      await bus.drained()
      expect(bodies()).toEqual([1])
    })
  })
}
