/** The short form of test/faults/kill.fault.ts: what the server answered 2xx is there, and counted once. */
import { expect, test } from 'vitest'
import { killUnderLoad } from '../faults/killing.ts'

test('loses no answered event and counts none twice, killed at 4 random moments', async () => {
  const report = await killUnderLoad({ seed: 11, kills: 4, jobsPerKill: 60, checkEvery: 1 })
  expect(report.unanswered).toBeGreaterThan(4)
}, 300_000)
