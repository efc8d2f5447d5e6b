/** The short form of test/faults/kill.fault.ts: what the server answered 2xx is there, and counted once. */
import { expect, test } from 'vitest'
import { killUnderLoad } from '../faults/killing.ts'

test('loses no answered event and counts none twice, killed at 8 random moments', async () => {
  const report = await killUnderLoad({ seed: 11, kills: 8, jobsPerKill: 60, checkEvery: 1 })
  expect(report.unanswered).toBeGreaterThan(8)
}, 300_000)
