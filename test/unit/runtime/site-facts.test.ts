/** What site rules may look at of the last look at the fleet. */
import { expect, test } from 'vitest'
import type { DocumentSnapshot, Documents } from '../../../shared/ports.ts'
import { siteFactsOf } from '../../../shared/runtime/site-facts.ts'
import { encodeAvailability, NO_AVAILABILITY } from '../../../shared/schema/availability.ts'
import { MINUTE, NOON, SECOND } from '../../support/builders.ts'

const mac = {
  name: 'Mac',
  contactedAt: NOON - MINUTE,
  startedAt: NOON - SECOND,
  finishedAt: null,
  running: 2,
}
const look = encodeAvailability({ ...NO_AVAILABILITY, triedAt: NOON, observedAt: NOON, runners: [mac] })

/** The facts after the document was read, so much later. */
function factsOf(value: unknown, ageMs: number) {
  const snapshot: DocumentSnapshot = { value, generation: '1' }
  const documents = { latest: () => snapshot } as unknown as Documents
  return siteFactsOf({ documents, clock: { now: () => NOON + ageMs } })
}

test('tells when it is, and when the look was', () => {
  expect(factsOf(look, 3 * MINUTE)).toEqual({
    at: NOON + 3 * MINUTE,
    observedAt: NOON,
    runners: new Map([['Mac', { lastSeenAt: NOON - SECOND, running: 2 }]]),
  })
})

test('a look of a quarter of an hour ago is the last that counts, and none is from the future', () => {
  expect(factsOf(look, 15 * MINUTE)).toBeDefined()
  expect(factsOf(look, 15 * MINUTE + 1)).toBeUndefined()
  expect(factsOf(look, -1)).toBeUndefined()
})

test('says nothing when nobody has looked, or what is there is not understood', () => {
  expect(factsOf(encodeAvailability(NO_AVAILABILITY), 0)).toBeUndefined()
  expect(factsOf({ form: 'another' }, 0)).toBeUndefined()
})
