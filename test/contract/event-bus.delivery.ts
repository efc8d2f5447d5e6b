/** Durable when published, to every subscription of the topic, within a bound. */
import { describe, expect, test } from 'vitest'
import { TransientError } from '../../shared/errors.ts'
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

export function deliveryContract({ fresh, isBounded, handsOverBatches, tellsDepths }: BusHarness): void {
  describe('delivery', () => {
    test('keeps what was published for a subscription that comes after the next start', async () => {
      const place = await fresh()
      const first = place.open()
      await first.publish(message({ number: 1 }))
      await first.close()
      const { handle, bodies } = collector()
      openFor(place).subscribe({ name: 'later', topic: 'job-events', handle })
      await eventually(bodies).toEqual([{ number: 1 }])
    })

    test('gives a message to every subscription of its topic and to no other', async () => {
      const bus = openFor(await fresh())
      const [one, two, other] = [collector(), collector(), collector()]
      bus.subscribe({ name: 'one', topic: 'job-events', handle: one.handle })
      bus.subscribe({ name: 'two', topic: 'job-events', handle: two.handle })
      bus.subscribe({ name: 'other', topic: 'quarantine', handle: other.handle })
      await publishAll(bus, ['a', 'b'])
      await bus.publish(message('c', 'quarantine'))
      await eventually(() => [one, two, other].map(({ bodies }) => bodies().sort())).toEqual([
        ['a', 'b'],
        ['a', 'b'],
        ['c'],
      ])
    })

    test.each([
      ['text in any script', 'Läufer ☕ \u2028 "\\"'],
      ['numbers', [0, -1.5, 2 ** 53 - 1]],
      ['nested objects', { a: { b: [null, true, { c: '' }] } }],
      ['null', null],
      ['nothing, as null', undefined, null],
    ])('carries %s as it is', async (_what, body, arrives = body) => {
      const bus = openFor(await fresh())
      const { handle, bodies } = collector()
      bus.subscribe({ name: 'reader', topic: 'job-events', handle })
      await bus.publish({ topic: 'job-events', key: 'k', body })
      await eventually(bodies).toEqual([arrives])
    })

    test('refuses a body that JSON has no form for, and only that', async () => {
      const bus = openFor(await fresh())
      const results = await Promise.allSettled(
        [1, 2n, 3].map((body) => bus.publish({ topic: 'job-events', key: String(body), body })),
      )
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    })

    testOf(handsOverBatches)('hands over at most maxBatch messages at once', async () => {
      const bus = openFor(await fresh())
      const { handle, batches, bodies } = collector()
      await publishAll(bus, numbers(25))
      bus.subscribe({ name: 'reader', topic: 'job-events', handle, maxBatch: 10 })
      await bus.drained()
      expect(bodies().length).toBe(25)
      expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(10)
      expect(batches.length).toBeLessThan(25)
    })

    testOf(tellsDepths)('knows what is yet to be handled, also after a restart', async () => {
      const place = await fresh()
      const first = openFor(place)
      let isOpen = false
      const { handle } = collector()
      const gated = { name: 'gated', topic: 'job-events' as const, firstBackoffMs: 1 }
      const refuse = async () => {
        if (!isOpen) throw new TransientError('closed')
      }
      first.subscribe({ ...gated, handle: refuse })
      first.subscribe({ name: 'free', topic: 'job-events', handle })
      await publishAll(first, numbers(7))
      await eventually(() => first.depths()).toEqual({ gated: 7, free: 0 })
      await first.close()
      const second = openFor(place)
      second.subscribe({ ...gated, handle: refuse })
      expect(second.depths()).toEqual({ gated: 7 })
      isOpen = true
      await second.drained()
      expect(second.depths()).toEqual({ gated: 0 })
    })

    testOf(isBounded)(
      'takes no more than its bound, says so, and takes more once there is room',
      async () => {
        const bus = openFor(await fresh(), { maxQueued: 10 })
        let isOpen = false
        const handle = async () => {
          if (!isOpen) throw new TransientError('closed')
        }
        bus.subscribe({ name: 'slow', topic: 'job-events', handle, firstBackoffMs: 1 })
        const results = await Promise.allSettled(numbers(15).map((body) => bus.publish(message(body))))
        const refusals = results.filter((result) => result.status === 'rejected')
        expect(refusals.length).toBe(5)
        for (const { reason } of refusals) {
          expect(reason).toBeInstanceOf(TransientError)
          expect(reason.message).toContain('10 messages')
        }
        expect(bus.depths()).toEqual({ slow: 10 })
        isOpen = true
        await bus.drained()
        await expect(bus.publish(message(14))).resolves.toEqual({ status: 'accepted' })
      },
    )
  })
}
