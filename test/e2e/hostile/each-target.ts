/** Every attack meets the server of one machine and the deployed functions alike. */
import { describe } from 'vitest'
import { cloudTargets } from './target.cloud.ts'
import { localTargets } from './target.local.ts'
import type { Targets } from './target.ts'

/** The same suite for each; where one cannot be had it is skipped, and says why. */
export function onEachTarget(suite: (targets: Targets) => void): void {
  for (const targets of [localTargets, cloudTargets]) {
    const { name, missing } = targets
    const title = missing === undefined ? name : `${name} (${missing})`
    describe.skipIf(missing !== undefined)(title, () => suite(targets))
  }
}
