/** What was given up on can be given back: to who gave up on it, once, and without loss. */
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../shared/errors.ts'
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

export function deadLettersContract({
  fresh,
  tellsDepths,
  waitsForHandlers,
  handlesOnce,
  knowsItsReaders,
}: BusHarness): void {
  describe('dead letters', () => {
    test('are listed with who gave up on what, why and when, the newest first', async () => {
      const bus = openFor(await fresh())
      const before = Date.now()
      for (const name of ['one', 'two']) bus.subscribe({ name, topic: TOPIC, handle: breakable().handle })
      for (const body of [1, 2]) {
        await bus.publish(message(body))
        await eventuallyDead(bus, 2 * body)
      }
      const ofOne = await bus.deadLetters.list({ subscription: 'one', limit: 10 })
      expect(ofOne).toMatchObject([
        { subscription: 'one', body: 2, reason: '2 is no event' },
        { subscription: 'one', body: 1, reason: '1 is no event' },
      ])
      expect(ofOne[0]?.diedAt).toBeGreaterThan(before - 2000)
      expect(ofOne[0]?.diedAt).toBeLessThan(Date.now() + 2000)
      expect(await bus.deadLetters.list({ limit: 3 })).toHaveLength(3)
      if (tellsDepths === true) expect(bus.deadLetterCount()).toBe(4)
    })

    test('go back to who gave up on them and to nobody else, and a repetition finds none', async () => {
      const bus = openFor(await fresh())
      const [mended, broken, well] = [breakable(), breakable(), collector()]
      bus.subscribe({ name: 'mended', topic: TOPIC, handle: mended.handle })
      bus.subscribe({ name: 'broken', topic: TOPIC, handle: broken.handle })
      bus.subscribe({ name: 'well', topic: TOPIC, handle: well.handle })
      await publishAll(bus, numbers(5))
      await eventuallyDead(bus, 10)
      await eventually(well.bodies).toHaveLength(5)
      mended.mend()
      expect(await bus.deadLetters.redrive({ subscription: 'mended' })).toEqual({ mended: 5 })
      await eventually(mended.bodies).toHaveLength(5)
      expect(await bus.deadLetters.redrive({ subscription: 'mended' })).toEqual({})
      await bus.publish(message(5))
      await eventually(() => ascending(mended.bodies())).toEqual(numbers(6))
      await eventually(well.bodies).toHaveLength(6)
      await eventuallyDead(bus, 6)
      if (tellsDepths === true) expect(bus.depths()).toEqual({ mended: 0, broken: 0, well: 0 })
    })

    test('that fail again are dead letters again, and hold up none that do not', async () => {
      const bus = openFor(await fresh())
      const { handle, bodies } = collector()
      let refused = (_body: unknown) => true
      const picky = async (all: unknown[]) => {
        for (const body of all) if (refused(body)) throw new InvalidInputError(`${body} is no event`)
        await handle(all)
      }
      bus.subscribe({ name: 'reader', topic: TOPIC, handle: picky })
      await publishAll(bus, numbers(20))
      await eventuallyDead(bus, 20)
      refused = (body) => body === 13
      const progress: number[] = []
      expect(await bus.deadLetters.redrive({}, (done) => progress.push(done))).toEqual({ reader: 20 })
      expect(progress.at(-1)).toBe(20)
      const others = numbers(20).filter((number) => number !== 13)
      await eventually(() => ascending(bodies() as number[])).toEqual(others)
      await eventuallyDead(bus, 1)
      expect(await bus.deadLetters.list({ limit: 10 })).toMatchObject([{ body: 13 }])
      if (tellsDepths === true) expect(bus.depths()).toEqual({ reader: 0 })
    })

    test('outlive a restart, before they are given back and after', async () => {
      const place = await fresh()
      const reader = breakable()
      const subscription = { name: 'reader', topic: TOPIC, handle: reader.handle }
      const first = place.open()
      first.subscribe(subscription)
      await publishAll(first, numbers(3))
      await eventuallyDead(first, 3)
      await first.close()

      reader.mend()
      for (const redriven of [{ reader: 3 }, {}]) {
        const bus = place.open()
        bus.subscribe(subscription)
        expect(await bus.deadLetters.redrive({})).toEqual(redriven)
        await eventually(() => ascending(reader.bodies())).toEqual([0, 1, 2])
        expect(await bus.deadLetters.list({ limit: 1 })).toEqual([])
        if (tellsDepths === true) {
          await eventually(() => bus.depths()).toEqual({ reader: 0 })
          expect([bus.deadLetterCount(), bus.oldestWaitingAt()]).toEqual([0, null])
        }
        await bus.close()
      }
    })

    testOf(knowsItsReaders)('stay while nobody reads their subscription', async () => {
      const place = await fresh()
      const first = place.open()
      first.subscribe({ name: 'reader', topic: TOPIC, handle: breakable().handle })
      await publishAll(first, numbers(3))
      await eventuallyDead(first, 3)
      await first.close()
      const second = openFor(place)
      expect(await second.deadLetters.redrive({})).toEqual({})
      expect(await second.deadLetters.list({ limit: 10 })).toHaveLength(3)
    })

    testOf(waitsForHandlers)('are tried before a hold begins', async () => {
      const bus = openFor(await fresh())
      const reader = breakable()
      bus.subscribe({ name: 'reader', topic: TOPIC, handle: reader.handle })
      await publishAll(bus, numbers(3))
      await bus.drained()
      reader.mend()
      const redriven = bus.deadLetters.redrive({})
      expect(await bus.hold(async (setAside) => [reader.bodies().length, setAside])).toEqual([
        3,
        { reader: 0 },
      ])
      await redriven
    })

    test('are given back by the ten thousand: none is lost, and none comes twice but where any may', async () => {
      const bus = openFor(await fresh())
      const [mended, well] = [breakable(), collector()]
      bus.subscribe({ name: 'mended', topic: TOPIC, handle: mended.handle, lingerMs: 0 })
      bus.subscribe({ name: 'well', topic: TOPIC, handle: well.handle, lingerMs: 0 })
      await publishAll(bus, numbers(10_000))
      await eventuallyDead(bus, 10_000)
      mended.mend()
      const [one, other] = await Promise.all([bus.deadLetters.redrive({}), bus.deadLetters.redrive({})])
      const given = (one?.mended ?? 0) + (other?.mended ?? 0)
      expect(given).toBeGreaterThanOrEqual(10_000)
      await publishAll(bus, [10_000])
      await eventually(() => new Set(mended.bodies()).size).toBe(10_001)
      await eventually(() => new Set(well.bodies()).size).toBe(10_001)
      expect(await bus.deadLetters.list({ limit: 1 })).toEqual([])
      if (tellsDepths === true) expect(bus.depths()).toEqual({ mended: 0, well: 0 })
      if (handlesOnce !== true) return
      expect(given).toBe(10_000)
      expect(ascending(mended.bodies())).toEqual(numbers(10_001))
      expect(well.bodies()).toHaveLength(10_001)
    }, 120_000)
  })
}
