/** The suite that every event bus passes. */
import { describe } from 'vitest'
import { atLeastOnceContract } from './event-bus.at-least-once.ts'
import { closeContract } from './event-bus.close.ts'
import { deadLettersContract } from './event-bus.dead-letters.ts'
import { deliveryContract } from './event-bus.delivery.ts'
import { failureContract } from './event-bus.failures.ts'
import type { BusHarness } from './event-bus.harness.ts'
import { holdContract } from './event-bus.hold.ts'
import { keysContract } from './event-bus.keys.ts'

export function eventBusContract(harness: BusHarness): void {
  describe(`event bus: ${harness.adapter}`, () => {
    deliveryContract(harness)
    keysContract(harness)
    failureContract(harness)
    deadLettersContract(harness)
    atLeastOnceContract(harness)
    holdContract(harness)
    closeContract(harness)
  })
}
