/** The laws of spending over tens of thousands of steps; npm test plays some hundred. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findings, livesOf } from '../simulation/spending-laws.ts'
import { ROUNDS } from './rounds.ts'

const RUNS = 2 * ROUNDS

test('no cap and no cooldown is passed, whatever goes wrong', async () => {
  const seen = { steps: 0, starts: 0, stops: 0 }
  await fc.assert(
    fc.asyncProperty(livesOf(300), async (life) => {
      expect(await findings(life, { seen })).toEqual([])
    }),
    { numRuns: RUNS },
  )
  console.log(`${seen.steps} steps: ${seen.starts} starts, ${seen.stops} stops`)
}, 3_600_000)
