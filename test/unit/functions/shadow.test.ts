/** What shadow decisions look at besides the state: what was seen of the runners. */
import { expect, test } from 'vitest'
import { shadow } from '../../../functions/shadow.ts'
import { fleetOf } from '../../../shared/domain/fleet.ts'
import type { SiteRule } from '../../../shared/domain/site-rule.ts'
import { EMPTY_STATE } from '../../../shared/domain/state.ts'
import type { Documents, StateStore, Warehouse } from '../../../shared/ports.ts'
import { loadConfig } from '../../../shared/runtime/config.ts'
import { encodeAvailability, NO_AVAILABILITY } from '../../../shared/schema/availability.ts'
import { encodeEvent } from '../../../shared/schema/event.ts'
import { armOf, HOUR, MINUTE, NOON, startedEvent } from '../../support/builders.ts'
import { fixedClock } from '../../support/fixed-clock.ts'

const rule: SiteRule = {
  name: 'room',
  severity: 'hard',
  weight: 0,
  jobs: null,
  type: 'free_slots',
}
const fleet = fleetOf([armOf({ name: 'a', slots: 2 }), armOf({ name: 'b', slots: 2 })], { rules: [rule] })

const seen = (name: string, running: number) => ({
  name,
  running,
  contactedAt: NOON,
  startedAt: null,
  finishedAt: null,
})
const availability = encodeAvailability({
  ...NO_AVAILABILITY,
  observedAt: NOON,
  runners: [seen('a', 1), seen('b', 2)],
})

/** The arms that a decision at that time finds feasible and refused. */
async function decidedAt(at: number): Promise<unknown[]> {
  const written: unknown[] = []
  const silent = { debug() {}, info() {}, warning() {}, error() {} }
  const deps = {
    clock: fixedClock(at),
    fleet,
    log: silent,
    settings: loadConfig({}),
    gitlab: () => {
      throw new Error('nobody is asked without a token')
    },
    state: {
      read: async () => ({ state: EMPTY_STATE, generation: '0', updatedAt: null, resetAt: null }),
    } as unknown as StateStore,
    documents: { latest: () => ({ value: availability, generation: '1' }) } as unknown as Documents,
    warehouse: {
      insert: async (table: string, rows: readonly object[]) => {
        if (table === 'runner_decisions') written.push(...rows)
      },
    } as unknown as Warehouse,
  }
  await shadow([encodeEvent(startedEvent({ occurredAt: at, receivedAt: at, jobTags: [] }))], deps)
  return written.map((row) => {
    const { feasible, refused } = row as { feasible: string; refused: string }
    return [JSON.parse(feasible).map(({ arm }: { arm: string }) => arm), JSON.parse(refused)]
  })
}

test('a start is decided on by what was lately seen of the runners', async () => {
  expect(await decidedAt(NOON + MINUTE)).toEqual([[['a'], { 'rule:room': ['b'] }]])
  expect(await decidedAt(NOON + HOUR)).toEqual([[['a', 'b'], {}]])
})
