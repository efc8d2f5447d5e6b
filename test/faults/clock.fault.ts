/** The wall clock jumps a day while the server serves: verdicts follow it, promises and sums do not. */
import { globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startServer } from '../../functions/local/server.ts'
import { openLocalBus } from '../../shared/adapters/local/bus.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { fixedClock } from '../support/fixed-clock.ts'
import { dataFolder, kill, silent, spawnServer, WEBHOOK_TOKEN } from '../support/server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { expectComplete } from './findings.ts'
import { playJumps } from './jumps.ts'
import { playLoad } from './load.ts'

const DAY_MS = 86_400_000
const SOON = { timeout: 5000, interval: 20 }

test('a message that failed is tried again soon, although the clock goes back a day meanwhile', async () => {
  const clock = fixedClock(Date.now())
  const bus = openLocalBus(join(temporaryFolder(), 'bus.db'), { clock, maxQueued: 100 })
  const tried: unknown[] = []
  bus.subscribe({
    name: 'reader',
    topic: 'job-events',
    lingerMs: 0,
    firstBackoffMs: 100,
    async handle(bodies) {
      tried.push(...bodies)
      if (tried.length === 1) throw new Error('the first time it fails')
    },
  })
  await bus.publish({ topic: 'job-events', body: 'a message' })
  await expect.poll(() => tried.length, SOON).toBe(1)
  clock.advance(-DAY_MS)
  await expect.poll(() => tried.length, SOON).toBe(2)
  expect(bus.depths()).toEqual({ reader: 0 })
  await bus.close()
})

test('a clock that jumps a day ahead and a day back costs no event and counts none twice', async () => {
  const folder = dataFolder()
  const settings = loadConfig({
    PORT: '0',
    RUNNER_BANDIT_DATA: folder,
    GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN,
  })
  let offset = 0
  const clock = { now: () => Date.now() + offset }
  const server = await startServer(settings, silent, { clock, graceMs: 0 })
  onTestFinished(() => server.close())
  const load = playLoad({ seed: 37, jobs: 400 })
  const setOffset = (ms: number) => {
    offset = ms
  }
  const report = await playJumps({ url: server.address, folder, setOffset }, load)
  expect(report.quarantined).toBeGreaterThan(50)
})

test('so does that of the whole process', async ({ skip }) => {
  const [library] = globSync('/usr/lib/{*/,}faketime/libfaketime.so.1')
  if (library === undefined) return skip('there is no libfaketime here')
  const folder = dataFolder()
  const offsetFile = join(temporaryFolder(), 'offset')
  const setOffset = (ms: number) => writeFileSync(offsetFile, `${ms < 0 ? '' : '+'}${ms / 1000}\n`)
  setOffset(0)
  const server = await spawnServer({
    RUNNER_BANDIT_DATA: folder,
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: offsetFile,
    FAKETIME_NO_CACHE: '1',
    // Only the wall clock jumps when a machine's time is set.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  })
  const load = playLoad({ seed: 41, jobs: 400 })
  const report = await playJumps({ url: server.url, folder, setOffset }, load)
  expect(report.quarantined).toBeGreaterThan(50)
  expect(server.stderr()).toContain('"code":"in_the_future"')
  await kill(server)
  const again = await spawnServer({ RUNNER_BANDIT_DATA: folder })
  await expectComplete(folder, load)
  await kill(again)
  console.log(JSON.stringify({ fault: 'wall clock', ...report, ...load.ledger.counts }))
})
