/** kill -9, as often as it takes to meet every moment. */
import { expect, test } from 'vitest'
import { killUnderLoad } from './killing.ts'
import { ROUNDS } from './rounds.ts'

const SECONDS_PER_KILL = 20

test(
  `loses no answered event and counts none twice, killed at ${ROUNDS} random moments of a load`,
  async () => {
    const report = await killUnderLoad({ seed: 19, kills: ROUNDS, jobsPerKill: 60, checkEvery: 5 })
    console.log(JSON.stringify({ fault: 'kill -9 under load', ...report }))
    // Each life ended in the midst of the load: something was under way.
    expect(report.unanswered).toBeGreaterThan(ROUNDS)
  },
  60_000 + ROUNDS * SECONDS_PER_KILL * 1000,
)
