/**
 * Several learners on one object, in an order of steps that is drawn: the object of the state as its port promises it,
 * a bus that delivers again what was not acknowledged, learners that die with a write on its way.
 */
import type { Scheduler } from 'fast-check'
import { learn } from '../../functions/learn.ts'
import type { Instant } from '../../shared/domain/event.ts'
import { type BanditState, EMPTY_STATE } from '../../shared/domain/state.ts'
import { ConflictError, TransientError } from '../../shared/errors.ts'
import type { StateSnapshot, StateStore } from '../../shared/ports.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { gather } from '../../shared/runtime/gather.ts'
import type { Deps } from '../../shared/runtime/handler.ts'
import { silent } from '../support/server.ts'

/** What is wrong with the design on purpose, to see the simulation find it. */
export type Flaw = 'none' | 'ids are not kept' | 'acknowledged before the write'

/** What befalls a write: its answer is lost, it is told to come again, or its learner dies while it is on its way. */
export type Fault = 'none' | 'answer lost' | 'too many requests' | 'death'

export type Race = {
  learners: number
  /** Which learner gets a delivery, one after the other and over again. */
  routing: readonly number[]
  /** One for each write, while there are any. */
  faults: readonly Fault[]
  /** Each body is published once; those named here are delivered twice at the same time. */
  doubled: readonly number[]
  flaw: Flaw
}

const settings = loadConfig({})

/**
 * Resolves with the state when every message was acknowledged.
 * @param reset comes when all were; then the history is sent again, while learners still remember what was before.
 */
export async function run(
  scheduler: Scheduler,
  bodies: readonly unknown[],
  race: Race,
  reset?: { resetAt: Instant; resent: readonly unknown[] },
): Promise<BanditState> {
  const step = (name: string) => scheduler.schedule(Promise.resolve(), name)
  let object = { generation: 0, state: EMPTY_STATE, resetAt: 0 }
  const faults = [...race.faults]
  const routing = [...race.routing]

  function learner(): { take(body: unknown): Promise<void>; died: Promise<never>; isDead(): boolean } {
    let cached: StateSnapshot | undefined
    let dead = false
    const { promise: died, reject: die } = Promise.withResolvers<never>()
    died.catch(() => {})
    const store = {
      async read() {
        if (cached !== undefined) return cached
        await step('GET')
        const { generation, state, resetAt } = object
        cached = { generation: String(generation), state, updatedAt: null, resetAt }
        return cached
      },
      async write(state, ifGeneration) {
        const fault = faults.shift() ?? 'none'
        if (fault === 'death') {
          dead = true
          die(new Error('the instance is gone'))
        }
        if (fault === 'too many requests') throw new TransientError('429')
        await step('PUT')
        cached = undefined
        if (ifGeneration !== String(object.generation)) throw new ConflictError('412')
        const kept = race.flaw === 'ids are not kept' ? { ...state, folded: new Map() } : state
        object = { generation: object.generation + 1, state: kept, resetAt: object.resetAt }
        await step('PUT answered')
        if (fault === 'answer lost') throw new TransientError('reset by peer')
        const { generation, state: written, resetAt } = object
        cached = { generation: String(generation), state: written, updatedAt: null, resetAt }
        return cached
      },
      async generation() {
        await step('HEAD')
        const present = String(object.generation)
        if (cached?.generation !== present) cached = undefined
        return present
      },
    } as Pick<StateStore, 'read' | 'write' | 'generation'>
    const deps = { shards: [store], settings, log: silent } as unknown as Deps
    const take = gather((some) => learn(some, deps), {
      everyMs: 1000,
      maxBatch: 3,
      now: () => 0,
      sleep: () => step('a second passes'),
    })
    return { take, died, isDead: () => dead }
  }

  const learners = Array.from({ length: race.learners }, learner)
  async function deliver(body: unknown): Promise<void> {
    while (true) {
      const turn = (routing.shift() ?? 0) % learners.length
      const { take, died, isDead } = learners[turn] as (typeof learners)[number]
      const handled = Promise.race([take(body), died])
      if (race.flaw === 'acknowledged before the write') {
        handled.catch(() => {})
        return
      }
      const isAcknowledged = await handled.then(
        () => true,
        () => false,
      )
      if (isAcknowledged) return
      // What a dead instance has sent still arrives; another instance takes its place.
      if (isDead()) learners[turn] = learner()
    }
  }

  const deliveries = bodies.flatMap((body, index) =>
    race.doubled.includes(index) ? [deliver(body), deliver(body)] : [deliver(body)],
  )
  await scheduler.waitFor(Promise.all(deliveries))
  if (reset !== undefined) {
    object = { generation: object.generation + 1, state: EMPTY_STATE, resetAt: reset.resetAt }
    await scheduler.waitFor(Promise.all([...reset.resent, ...bodies].map(deliver)))
  }
  // What is on its way still lands.
  await scheduler.waitIdle()
  return object.state
}
