/** A disk that fails to sync: nothing is promised that is not durable, and the next good sync is enough to go on. */
import { expect, test } from 'vitest'
import { dataFolder, kill, spawnServer } from '../support/server.ts'
import { expectComplete, expectKept } from './findings.ts'
import { sendTo } from './ledger.ts'
import { playLoad, slicesOf } from './load.ts'
import { makeSick } from './sick-disk.ts'

const NO_STRACE = 'there is no strace here that may attach to a process'

test('what could not be synced is answered 503, and the server goes on when the disk is well', async ({
  skip,
}) => {
  const folder = dataFolder()
  const env = { RUNNER_BANDIT_DATA: folder }
  const server = await spawnServer(env)
  const load = playLoad({ seed: 29, jobs: 400 })
  const { ledger, webhooks } = load
  const [early = [], middle = []] = slicesOf(load, 3)
  await sendTo(server.url, early, ledger)

  const sick = await makeSick(server.process.pid as number, '3+4')
  if (sick === undefined) return skip(NO_STRACE)
  await sendTo(server.url, middle, ledger)
  expect(Object.keys(ledger.counts.refused)).toEqual(['503'])
  expect(ledger.counts.unanswered).toBe(0)
  expect(server.stderr()).toMatch(/disk I\/O error/)
  await sick.heal()
  expect(sick.failures()).toBeGreaterThan(5)

  await sendTo(server.url, ledger.owed(webhooks), ledger)
  await expectComplete(folder, load)
  await kill(server)
  const again = await spawnServer(env)
  await expectComplete(folder, load)
  await kill(again)
  console.log(JSON.stringify({ fault: 'EIO on fsync', failures: sick.failures(), ...ledger.counts }))
})

test('while nothing can be synced nothing new is promised; killed then, it counts nothing twice', async ({
  skip,
}) => {
  const folder = dataFolder()
  const env = { RUNNER_BANDIT_DATA: folder }
  const server = await spawnServer(env)
  const load = playLoad({ seed: 31, jobs: 200 })
  const { ledger, webhooks } = load
  const [early = [], middle = []] = slicesOf(load, 3)
  await sendTo(server.url, early, ledger)

  const sick = await makeSick(server.process.pid as number, '1+')
  if (sick === undefined) return skip(NO_STRACE)
  const promises: string[] = []
  await sendTo(server.url, middle, ledger, (answer) => {
    if ('httpStatus' in answer && answer.body.includes('"accepted"')) promises.push(answer.body)
  })
  expect(promises).toEqual([])
  expect(ledger.counts.refused[503]).toBeGreaterThan(100)
  await kill(server)
  await sick.heal()

  // What was answered 503 may be in the file all the same: it counts once then, and once when it is sent again.
  const again = await spawnServer(env)
  await expectKept(folder, load)
  await sendTo(again.url, ledger.owed(webhooks), ledger)
  await expectComplete(folder, load)
  await kill(again)
  console.log(JSON.stringify({ fault: 'no fsync at all', failures: sick.failures(), ...ledger.counts }))
})
