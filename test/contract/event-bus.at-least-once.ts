/** At least once: the property of which everything else is an example. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TransientError } from '../../shared/errors.ts'
import { type BusHarness, eventually, numbers, openFor, publishAll } from './event-bus.harness.ts'

export function atLeastOnceContract({ fresh, tellsDepths }: BusHarness): void {
  test('every subscription handles every message, whatever fails in between', async () => {
    const failuresArb = fc.array(fc.constantFrom<'bug' | 'down' | 'ok'>('bug', 'down', 'ok'), {
      maxLength: 4,
    })
    const planArb = fc.record({
      failures: fc.array(fc.tuple(failuresArb, failuresArb), { minLength: 1, maxLength: 40 }),
      maxBatch: fc.integer({ min: 1, max: 12 }),
    })
    await fc.assert(
      fc.asyncProperty(planArb, async ({ failures, maxBatch }) => {
        const bus = openFor(await fresh())
        const handled = [new Set<unknown>(), new Set<unknown>()]
        for (const [index, done] of handled.entries()) {
          const plans = failures.map((pair) => [...(pair[index] ?? [])])
          const handle = async (bodies: unknown[]) => {
            for (const body of bodies) {
              const next = plans[body as number]?.shift()
              if (next === 'down') throw new TransientError('down')
              if (next === 'bug') throw new Error('a bug')
            }
            for (const body of bodies) done.add(body)
          }
          const name = index === 0 ? 'one' : 'two'
          bus.subscribe({ name, topic: 'job-events', handle, maxBatch, lingerMs: 0, firstBackoffMs: 1 })
        }
        const bodies = numbers(failures.length)
        await publishAll(bus, bodies)
        await eventually(() => handled).toEqual([new Set(bodies), new Set(bodies)])
        if (tellsDepths === true) {
          await eventually(() => bus.depths()).toEqual({ one: 0, two: 0 })
          expect(bus.deadLetterCount()).toBe(0)
        }
        await bus.close()
      }),
      { numRuns: 15 },
    )
  })
}
