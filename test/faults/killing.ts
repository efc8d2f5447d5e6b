/** A server killed by SIGKILL again and again under a played load, at its start and in the midst of answering. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createRng } from '../../shared/played-gitlab/index.ts'
import { dataFolder, kill, spawnCommand, spawnServer } from '../support/server.ts'
import { expectComplete, expectKept } from './findings.ts'
import { sendTo } from './ledger.ts'
import { playLoad, slicesOf } from './load.ts'

/** After the answer that was chosen to be the last; eight requests are in flight then. */
const LONGEST_DELAY_MS = 30
/** A start takes about as long. */
const LONGEST_START_MS = 800
const START_KILLED_SHARE = 0.4

export type KillReport = {
  kills: number
  kills_at_start: number
  jobs: number
  /** Webhooks that came to a server: answered 2xx, or cut off before an answer. */
  sent: number
  answered: number
  unanswered: number
  seconds: number
}

/**
 * Expects, at each restart that is checked and at the end, that nothing answered 2xx is lost and nothing is counted
 * twice; and at the end, when what had no answer was sent again, that every job counts once.
 *
 * @param options.checkEvery restarts from one check to the next.
 */
export async function killUnderLoad(options: {
  seed: number
  kills: number
  jobsPerKill: number
  checkEvery: number
}): Promise<KillReport> {
  const { seed, kills, jobsPerKill, checkEvery } = options
  const startedAt = performance.now()
  const folder = dataFolder()
  const env = { RUNNER_BANDIT_DATA: folder, LOG_LEVEL: 'error' }
  const load = playLoad({ seed, jobs: kills * jobsPerKill })
  const { day, ledger, webhooks } = load
  const rng = createRng(seed, 'moments of death')
  let killsAtStart = 0
  let sentBefore = 0

  for (const [round, fresh] of slicesOf(load, kills).entries()) {
    if (rng.chance(START_KILLED_SHARE)) {
      const early = spawnCommand(['serve'], env)
      await sleep(rng.uniform() * LONGEST_START_MS)
      await kill({ process: early })
      killsAtStart += 1
    }
    const server = await spawnServer(env)
    if (round % checkEvery === checkEvery - 1) await expectKept(folder, load)
    // What had no answer before is sent again, as GitLab's list of deliveries lets one do by hand.
    const slice = [...ledger.owed(webhooks.slice(0, sentBefore)), ...fresh]
    sentBefore += fresh.length
    const fatalAnswer = Math.floor(rng.uniform() * slice.length * 0.9)
    let answers = 0
    let dying: Promise<void> | undefined
    await sendTo(server.url, slice, ledger, () => {
      answers += 1
      if (answers > fatalAnswer) dying ??= sleep(rng.uniform() * LONGEST_DELAY_MS).then(() => kill(server))
    })
    await dying
  }

  const last = await spawnServer(env)
  await expectKept(folder, load)
  await sendTo(last.url, ledger.owed(webhooks), ledger)
  await expectComplete(folder, load)
  await kill(last)
  const { sent, answered, unanswered } = ledger.counts
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  return {
    kills,
    kills_at_start: killsAtStart,
    jobs: day.jobs.length,
    sent,
    answered,
    unanswered,
    seconds,
  }
}
