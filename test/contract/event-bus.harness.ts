/** What a bus brings to its contract, and what the tests of it share. */
import { expect, onTestFinished } from 'vitest'
import type { Deliveries, EventBus, Message, Topic } from '../../shared/ports.ts'
import type { Ability } from './ability.ts'

export type BusUnderTest = EventBus &
  Deliveries & {
    subscribe(options: {
      name: string
      topic: Topic
      handle(bodies: unknown[]): Promise<void>
      maxBatch?: number
      lingerMs?: number
      maxAttempts?: number
      firstBackoffMs?: number
    }): void
    close(): Promise<void>
  }

export type BusHarness = {
  adapter: string
  /** A bus that nothing was published on, to be opened again and again. */
  fresh(): { open(settings?: { maxQueued?: number }): BusUnderTest }
  /** Whether the bus itself finds repeats; where it does not, its handlers do. */
  remembersKeys: Ability
  /** Whether `publish` is refused when too much waits. */
  isBounded: Ability
}

/** Opens the bus for the running test. */
export function openFor(place: ReturnType<BusHarness['fresh']>, settings?: { maxQueued?: number }) {
  const bus = place.open(settings)
  onTestFinished(() => bus.close())
  return bus
}

export const message = (body: unknown, topic: Topic = 'job-events'): Message => ({
  topic,
  key: JSON.stringify(body),
  body,
})

export const publishAll = (bus: EventBus, bodies: Iterable<unknown>) =>
  Promise.all([...bodies].map((body) => bus.publish(message(body))))

export const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

/** A handler that keeps what it was given. */
export function collector() {
  const batches: unknown[][] = []
  return {
    batches,
    bodies: () => batches.flat(),
    async handle(bodies: unknown[]) {
      batches.push(bodies)
    },
  }
}

/** What is read becomes as expected, sooner or later. */
export const eventually = <T>(read: () => T) => expect.poll(read, { interval: 5, timeout: 10_000 })
