/** Two or more learners at once, in orders of steps that fast-check draws and shrinks. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JobEvent } from '../../shared/domain/event.ts'
import { encodeEvent } from '../../shared/schema/event.ts'
import { bytesOf, finishedEvent, NOON, SECOND, stateOf } from '../support/builders.ts'
import { type Fault, type Flaw, type Race, run } from './race.ts'

const RUNS = 400

const event = (index: number, arm: string, seconds: number): JobEvent =>
  finishedEvent({ jobId: index + 1, arm, durationSeconds: seconds, receivedAt: NOON + index * SECOND })

const events = fc
  .array(fc.record({ arm: fc.constantFrom('a', 'b'), seconds: fc.integer({ min: 1, max: 600 }) }), {
    minLength: 1,
    maxLength: 8,
  })
  .map((jobs) => jobs.map(({ arm, seconds }, index) => event(index, arm, seconds)))

const fault = fc.constantFrom<Fault>('none', 'answer lost', 'too many requests', 'death')

const race = (flaw: Flaw): fc.Arbitrary<Race> =>
  fc.record({
    learners: fc.integer({ min: 2, max: 3 }),
    routing: fc.array(fc.nat({ max: 2 }), { minLength: 8, maxLength: 30 }),
    faults: fc.array(fault, { maxLength: 6 }),
    doubled: fc.array(fc.nat({ max: 7 }), { maxLength: 3 }),
    flaw: fc.constant(flaw),
  })

/** The state is the sum of the events, each once, whatever the order of the steps. */
const law = (flaw: Flaw) =>
  fc.asyncProperty(fc.scheduler(), events, race(flaw), async (scheduler, its, itsRace) => {
    const state = await run(scheduler, its.map(encodeEvent), itsRace)
    return bytesOf(state) === bytesOf(stateOf(its))
  })

test('learners that race, die and lose answers count each event once', async () => {
  await fc.assert(law('none'), { numRuns: RUNS, seed: 4 })
})

test('after a reset the history counts again, for who remembers it, too, and what was sent before does not', async () => {
  const resetAt = NOON + 3600 * SECOND
  const again = (event: JobEvent) => ({ ...event, receivedAt: event.receivedAt + 7200 * SECOND })
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), events, race('none'), async (scheduler, its, itsRace) => {
      const resent = its.map(again)
      const sent = { resetAt, resent: resent.map(encodeEvent) }
      const state = await run(scheduler, its.map(encodeEvent), itsRace, sent)
      return bytesOf(state) === bytesOf(stateOf(resent))
    }),
    { numRuns: RUNS, seed: 4 },
  )
})

describe('the simulation finds', () => {
  test.each<Flaw>(['ids are not kept', 'acknowledged before the write'])('that %s', async (flaw) => {
    const { failed, errorInstance } = await fc.check(law(flaw), { numRuns: RUNS, seed: 4 })
    expect(failed).toBe(true)
    // A wrong state, and nothing else that went wrong.
    expect(String(errorInstance)).toContain('returning false')
  })
})
