/** What a bus brings to its contract, and what the tests of it share. */
import { expect, onTestFinished } from 'vitest'
import type { DeadLetters, Deliveries, EventBus, Message, Topic } from '../../shared/ports.ts'
import type { Ability } from './ability.ts'

export type BusUnderTest = EventBus &
  Deliveries & {
    deadLetters: DeadLetters
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
  fresh(): Promise<Place>
  /** Whether the bus itself finds repeats; where it does not, its handlers do. */
  remembersKeys: Ability
  /** Whether `publish` is refused when too much waits. */
  isBounded: Ability
  /** Whether it knows what waits: `depths`, `oldestWaitingAt`, `deadLetterCount`. */
  tellsDepths: Ability
  /** Whether handlers run where the bus is, so that `drained`, `hold` and `close` wait for them. */
  waitsForHandlers: Ability
  /** Whether handlers get messages by the batch. */
  handsOverBatches: Ability
  /** Whether it is exact about when it tries again, and how often. */
  backsOff: Ability
  /** Whether a message that was handled is handled once, as long as nothing breaks. */
  handlesOnce: Ability
  /** Whether a dependency that is down costs a message none of its attempts. */
  sparesOutages: Ability
  /** Whether what nobody reads here is given back to nobody. */
  knowsItsReaders: Ability
}

type Place = { open(settings?: { maxQueued?: number }): BusUnderTest }

/** Opens the bus for the running test. */
export function openFor(place: Place, settings?: { maxQueued?: number }) {
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
export const eventually = <T>(read: () => T) => expect.poll(read, { interval: 5, timeout: 30_000 })

/** The dead letters come to be so many. */
export const eventuallyDead = (bus: BusUnderTest, count: number) =>
  expect
    .poll(async () => bus.deadLetterCount() ?? (await bus.deadLetters.list({ limit: 20_000 })).length, {
      interval: 20,
      timeout: 30_000,
    })
    .toBe(count)
