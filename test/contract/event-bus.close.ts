/** A bus that is closed leaves nothing half-way. */
import { setTimeout as sleep } from 'node:timers/promises'
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

export function closeContract({ fresh, waitsForHandlers }: BusHarness): void {
  describe('close', () => {
    testOf(waitsForHandlers)('waits for the handler in hand, and nothing is handled afterwards', async () => {
      const place = await fresh()
      const bus = openFor(place)
      const { handle, bodies } = collector()
      bus.subscribe({
        name: 'reader',
        topic: 'job-events',
        maxBatch: 1,
        async handle(all) {
          await sleep(30)
          await handle(all)
        },
      })
      await publishAll(bus, numbers(5))
      await sleep(60)
      await Promise.all([bus.close(), bus.close()])
      const atClose = bodies().length
      await sleep(60)
      expect(bodies().length).toBe(atClose)

      const rest = collector()
      const again = openFor(place)
      again.subscribe({ name: 'reader', topic: 'job-events', handle: rest.handle })
      await again.drained()
      expect([...bodies(), ...rest.bodies()].sort()).toEqual(numbers(5))
    })

    testOf(waitsForHandlers)('tells who waits for the bus to be drained that it will not be', async () => {
      const bus = openFor(await fresh())
      const handle = async () => {
        throw new TransientError('down')
      }
      bus.subscribe({ name: 'reader', topic: 'job-events', handle })
      await bus.publish(message(1))
      const waiting = expect(bus.drained()).rejects.toThrow(TransientError)
      await bus.close()
      await waiting
    })

    test('makes durable what was published and not yet answered, and takes nothing more', async () => {
      const place = await fresh()
      const bus = openFor(place)
      const publishing = bus.publish(message('last'))
      await bus.close()
      await expect(publishing).resolves.toEqual({ status: 'accepted' })
      await expect(bus.publish(message('too late'))).rejects.toThrow(TransientError)

      const { handle, bodies } = collector()
      const again = openFor(place)
      again.subscribe({ name: 'reader', topic: 'job-events', handle })
      await eventually(bodies).toEqual(['last'])
    })
  })
}
