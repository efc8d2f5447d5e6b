/** What one adapter of a port can do and another cannot: data of its harness, with the reason. */
import { type TestFunction, test } from 'vitest'

export type Ability = true | { cannot: string }

/** A test of the adapters that have the ability; for the others it is skipped, and says why. */
export function testOf(ability: Ability): (name: string, run: TestFunction) => void {
  return ability === true ? test : (name, run) => test.skip(`${name} (it cannot: ${ability.cannot})`, run)
}
