/** A key is said once; who says it again is told what was said first. */
import { describe, expect, test } from 'vitest'
import type { Message } from '../../shared/ports.ts'
import { testOf } from './ability.ts'
import { type BusHarness, collector, eventually, openFor } from './event-bus.harness.ts'

export function keysContract({ fresh, remembersKeys }: BusHarness): void {
  test('takes the same body again and again when it has no key', async () => {
    const bus = openFor(await fresh())
    const message: Message = { topic: 'job-events', body: 'said often' }
    for (let time = 0; time < 3; time += 1) expect(await bus.publish(message)).toEqual({ status: 'accepted' })
  })

  test('makes durable what nobody waits for, also when it is closed right after', async () => {
    const place = await fresh()
    const bus = place.open()
    const patient = [1, 2].map((body) => bus.publish({ topic: 'job-events', body, patient: true }))
    expect(await bus.publish({ topic: 'job-events', body: 3 })).toEqual({ status: 'accepted' })
    patient.push(bus.publish({ topic: 'job-events', body: 4, patient: true }))
    await bus.close()
    expect(await Promise.all(patient)).toEqual(Array(3).fill({ status: 'accepted' }))
    const { handle, bodies } = collector()
    const reopened = openFor(place)
    reopened.subscribe({ name: 'reader', topic: 'job-events', handle })
    await eventually(() => bodies().sort()).toEqual([1, 2, 3, 4])
  })

  describe('answers a repeat with what was said first', () => {
    const said = (claim: unknown): Message => ({ topic: 'job-events', key: 'k', body: claim, claim })
    const duplicate = { status: 'duplicate', firstClaim: { says: 'first' } }

    testOf(remembersKeys)('at once', async () => {
      const bus = openFor(await fresh())
      const answers = [{ says: 'first' }, { says: 'second' }].map((claim) => bus.publish(said(claim)))
      expect(await Promise.all(answers)).toEqual([{ status: 'accepted' }, duplicate])
    })

    testOf(remembersKeys)('after it was handled and after a restart, and delivers it once', async () => {
      const place = await fresh()
      const { handle, bodies } = collector()
      for (const [claim, answer] of [
        [{ says: 'first' }, { status: 'accepted' }],
        [{ says: 'second' }, duplicate],
      ]) {
        const bus = place.open()
        bus.subscribe({ name: 'reader', topic: 'job-events', handle })
        expect(await bus.publish(said(claim))).toEqual(answer)
        expect(await bus.publish(said({ says: 'third' }))).toEqual(duplicate)
        await bus.drained()
        await bus.close()
      }
      expect(bodies()).toEqual([{ says: 'first' }])
    })

    testOf(remembersKeys)('also when it was said by other means', async () => {
      const bus = openFor(await fresh())
      await bus.publish(said({ says: 'first' }))
      bus.remember([
        { key: 'k', claim: { says: 'later' } },
        { key: 'replayed', claim: 7 },
        { key: 'without a claim', claim: undefined },
      ])
      expect(await bus.publish(said({ says: 'third' }))).toEqual(duplicate)
      expect(await bus.publish({ topic: 'job-events', key: 'replayed', body: 1 })).toEqual({
        status: 'duplicate',
        firstClaim: 7,
      })
      expect(await bus.publish({ topic: 'job-events', key: 'without a claim', body: 1 })).toEqual({
        status: 'duplicate',
        firstClaim: null,
      })
    })

    testOf(remembersKeys)('until it is told to forget them, or the old ones', async () => {
      const place = await fresh()
      const bus = openFor(place)
      const key = (index: number): Message => ({ topic: 'job-events', key: `k${index}`, body: index })
      for (let index = 0; index < 5000; index += 1000) {
        await Promise.all(Array.from({ length: 1000 }, (_, some) => bus.publish(key(index + some))))
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
      const between = Date.now()
      await bus.publish(key(5000))
      expect(await bus.forget(between)).toBe(5000)
      expect(await bus.publish(key(17))).toEqual({ status: 'accepted' })
      expect(await bus.publish(key(5000))).toMatchObject({ status: 'duplicate' })
      expect(await bus.forget(between)).toBe(0)
      expect(await bus.forget()).toBe(2)
      expect(await bus.publish(key(5000))).toEqual({ status: 'accepted' })
    })

    testOf(remembersKeys)('and forgets none of what is published and not handled', async () => {
      const bus = openFor(await fresh())
      const { handle, bodies } = collector()
      const publishing = bus.publish(said({ says: 'first' }))
      expect(await bus.forget()).toBe(1)
      expect(await publishing).toEqual({ status: 'accepted' })
      bus.subscribe({ name: 'reader', topic: 'job-events', handle })
      await bus.drained()
      expect(bodies()).toEqual([{ says: 'first' }])
    })
  })
}
