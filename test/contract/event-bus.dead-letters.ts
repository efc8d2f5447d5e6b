/** What was given up on can be given back: to who gave up on it, once, and without loss. */
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../shared/errors.ts'
import { type BusHarness, collector, message, numbers, openFor, publishAll } from './event-bus.harness.ts'

const TOPIC = 'job-events' as const

/** A reader that takes nothing until it is mended. */
function breakable() {
  const { handle, bodies } = collector()
  let broken = true
  return {
    bodies: () => bodies() as number[],
    mend() {
      broken = false
    },
    async handle(all: unknown[]) {
      if (broken) throw new InvalidInputError(`${all[0]} is no event`)
      await handle(all)
    },
  }
}

const ascending = (bodies: readonly number[]) => [...bodies].sort((a, b) => a - b)

export function deadLettersContract({ fresh }: BusHarness): void {
  describe('dead letters', () => {
    test('are listed with who gave up on what, why and when, the newest first', async () => {
      const bus = openFor(fresh())
      const before = Date.now()
      for (const name of ['one', 'two']) bus.subscribe({ name, topic: TOPIC, handle: breakable().handle })
      for (const body of [1, 2]) {
        await bus.publish(message(body))
        await bus.drained()
      }
      const ofOne = bus.deadLetters({ subscription: 'one', limit: 10 })
      expect(ofOne).toMatchObject([
        { subscription: 'one', body: 2, reason: '2 is no event' },
        { subscription: 'one', body: 1, reason: '1 is no event' },
      ])
      expect(ofOne[0]?.diedAt).toBeGreaterThan(before - 2000)
      expect(bus.deadLetters({ limit: 3 })).toHaveLength(3)
      expect(bus.deadLetterCount()).toBe(4)
    })

    test('go back to who gave up on them and to nobody else, and a repetition finds none', async () => {
      const bus = openFor(fresh())
      const [mended, broken, well] = [breakable(), breakable(), collector()]
      bus.subscribe({ name: 'mended', topic: TOPIC, handle: mended.handle })
      bus.subscribe({ name: 'broken', topic: TOPIC, handle: broken.handle })
      bus.subscribe({ name: 'well', topic: TOPIC, handle: well.handle })
      await publishAll(bus, numbers(5))
      await bus.drained()
      mended.mend()
      expect(await bus.redrive({ subscription: 'mended' })).toEqual({ mended: 5 })
      await bus.drained()
      expect(await bus.redrive({ subscription: 'mended' })).toEqual({})
      await bus.drained()
      expect(ascending(mended.bodies())).toEqual(numbers(5))
      expect(well.bodies()).toHaveLength(5)
      expect(bus.depths()).toEqual({ mended: 0, broken: 0, well: 0 })
      expect(bus.deadLetterCount()).toBe(5)
    })

    test('that fail again are dead letters again, and hold up none that do not', async () => {
      const bus = openFor(fresh())
      const { handle, bodies } = collector()
      let refused = (_body: unknown) => true
      const picky = async (all: unknown[]) => {
        for (const body of all) if (refused(body)) throw new InvalidInputError(`${body} is no event`)
        await handle(all)
      }
      bus.subscribe({ name: 'reader', topic: TOPIC, handle: picky })
      await publishAll(bus, numbers(20))
      await bus.drained()
      refused = (body) => body === 13
      expect(await bus.redrive({})).toEqual({ reader: 20 })
      await bus.drained()
      expect(ascending(bodies() as number[])).toEqual(numbers(20).filter((number) => number !== 13))
      expect(bus.deadLetters({ limit: 10 })).toMatchObject([{ body: 13 }])
      expect(bus.depths()).toEqual({ reader: 0 })
    })

    test('outlive a restart, before they are given back and after', async () => {
      const place = fresh()
      const reader = breakable()
      const subscription = { name: 'reader', topic: TOPIC, handle: reader.handle }
      const first = place.open()
      first.subscribe(subscription)
      await publishAll(first, numbers(3))
      await first.drained()
      await first.close()

      const second = place.open()
      expect(second.deadLetterCount()).toBe(3)
      // Nobody reads here: they stay until somebody does.
      expect(await second.redrive({})).toEqual({})
      expect(second.deadLetterCount()).toBe(3)
      await second.close()

      reader.mend()
      for (const redriven of [{ reader: 3 }, {}]) {
        const bus = place.open()
        bus.subscribe(subscription)
        expect(await bus.redrive({})).toEqual(redriven)
        await bus.drained()
        expect(ascending(reader.bodies())).toEqual([0, 1, 2])
        expect(bus.deadLetterCount()).toBe(0)
        expect(bus.depths()).toEqual({ reader: 0 })
        expect(bus.oldestWaitingAt()).toBeNull()
        await bus.close()
      }
    })

    test('are tried before a hold begins', async () => {
      const bus = openFor(fresh())
      const reader = breakable()
      bus.subscribe({ name: 'reader', topic: TOPIC, handle: reader.handle })
      await publishAll(bus, numbers(3))
      await bus.drained()
      reader.mend()
      const redriven = bus.redrive({})
      expect(await bus.hold(async (setAside) => [reader.bodies().length, setAside])).toEqual([
        3,
        { reader: 0 },
      ])
      await redriven
    })

    test('are given back by the ten thousand: none is lost and none comes twice', async () => {
      const bus = openFor(fresh())
      const [mended, well] = [breakable(), collector()]
      bus.subscribe({ name: 'mended', topic: TOPIC, handle: mended.handle, lingerMs: 0 })
      bus.subscribe({ name: 'well', topic: TOPIC, handle: well.handle, lingerMs: 0 })
      await publishAll(bus, numbers(10_000))
      await bus.drained()
      expect(bus.deadLetterCount()).toBe(10_000)
      mended.mend()
      const [one, other] = await Promise.all([bus.redrive({}), bus.redrive({})])
      expect((one?.mended ?? 0) + (other?.mended ?? 0)).toBe(10_000)
      await publishAll(bus, [10_000])
      await bus.drained()
      expect(ascending(mended.bodies())).toEqual(numbers(10_001))
      expect(well.bodies()).toHaveLength(10_001)
      expect(bus.deadLetterCount()).toBe(0)
      expect(bus.depths()).toEqual({ mended: 0, well: 0 })
    })
  })
}
