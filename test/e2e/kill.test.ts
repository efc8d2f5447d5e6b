/** A server killed by SIGKILL at random moments of a played load: what it answered 2xx is there, and counted once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openFolder } from '../../functions/local/folder.ts'
import { rebuild } from '../../functions/rebuild.ts'
import { createRng, playDay, sendWebhooks, webhooksOf } from '../../shared/played-gitlab/index.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { dataFolder, kill, silent, spawnServer, WEBHOOK_TOKEN } from '../support/server.ts'

const KILLS = 20
const JOBS_PER_KILL = 60
/** After the answer that was chosen to be the last; eight requests are in flight then. */
const LONGEST_DELAY_MS = 30
const HOUR_MS = 3_600_000

test('loses no answered event and counts none twice, killed at 20 random moments', async () => {
  const folder = dataFolder()
  const settings = loadConfig({ RUNNER_BANDIT_DATA: folder, GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN })
  const day = playDay({ seed: 11, jobs: KILLS * JOBS_PER_KILL, startAt: Date.now() - 25 * HOUR_MS })
  const webhooks = webhooksOf(day, { seed: 11, instanceUrl: 'https://gitlab.com' })
  const rng = createRng(11, 'moments of death')
  const share = Math.ceil(webhooks.length / KILLS)
  const answered = new Set<string>()

  for (let round = 0; round < KILLS; round += 1) {
    const server = await spawnServer({ RUNNER_BANDIT_DATA: folder })
    const slice = webhooks.slice(round * share, (round + 1) * share)
    const fatalAnswer = Math.floor(rng.uniform() * slice.length * 0.9)
    let answers = 0
    let dying: Promise<void> | undefined
    await sendWebhooks(slice, {
      url: `${server.url}/webhooks/gitlab`,
      token: WEBHOOK_TOKEN,
      onAnswer(_webhook, answer) {
        answers += 1
        if (answers > fatalAnswer) dying ??= sleep(rng.uniform() * LONGEST_DELAY_MS).then(() => kill(server))
        if ('error' in answer || answer.httpStatus !== 202) return
        const { event_id: eventId } = JSON.parse(answer.body) as { event_id?: string }
        if (eventId !== undefined) answered.add(eventId)
      },
    })
    await dying

    const deps = await openFolder(settings, silent)
    await deps.deliveries.drained()
    const logged = await deps.warehouse.query('SELECT event_id FROM ci_metrics.job_event_log')
    const inLog = new Set(logged.map((row) => row.event_id))
    const missing = [...answered].filter((id) => !inLog.has(id))
    const check = await rebuild({ check: true }, deps)
    await deps.close()
    expect({ round, missing, equal: check.equal }).toEqual({ round, missing: [], equal: true })
  }
  // Each life ended in the middle of the load: much was answered, and much was not.
  expect(answered.size).toBeGreaterThan(500)
}, 240_000)
