/** A reset that is cut off: the next start makes it whole, or it never was. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { openFolder } from '../../functions/local/folder.ts'
import { replay } from '../../functions/replay.ts'
import { resetState } from '../../functions/reset.ts'
import { EMPTY_STATE } from '../../shared/domain/state.ts'
import { TransientError } from '../../shared/errors.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import { bytesOf } from '../support/builders.ts'
import {
  ADMIN_TOKEN,
  askFor,
  bytesIn,
  fileOf,
  history,
  isWhatTheLogSays,
  NO_REASON,
  sendAll,
} from '../support/reset.ts'
import { dataFolder, kill, silent, spawnServer, startServer, WEBHOOK_TOKEN } from '../support/server.ts'
import { jobWebhook, running } from '../support/webhook.ts'

describe('a reset that dies', () => {
  const died = new Error('killed')
  const deaths: [string, (deps: LocalDeps) => void][] = [
    [
      'before the copy of the state',
      (deps) => (deps.state = { ...deps.state, backup: () => Promise.reject(died) }),
    ],
    [
      'before the keys are forgotten',
      (deps) => (deps.bus = { ...deps.bus, forget: () => Promise.reject(died) }),
    ],
    [
      'before its row is written',
      (deps) => (deps.warehouse = { ...deps.warehouse, insert: () => Promise.reject(died) }),
    ],
    [
      'before the state is empty',
      (deps) => (deps.state = { ...deps.state, write: () => Promise.reject(died) }),
    ],
  ]

  test.each(deaths)('%s is made good by the next start', async (_when, injure) => {
    const folder = dataFolder()
    const settings = loadConfig({ RUNNER_BANDIT_DATA: folder, GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN })
    const paths = [fileOf(history)]
    const first = await openFolder(settings, silent)
    await replay({ paths }, first)
    const before = bytesIn(first)
    injure(first)
    await expect(resetState(NO_REASON, first)).rejects.toThrow('killed')
    await first.close()

    const second = await openFolder(settings, silent)
    expect(await isWhatTheLogSays(second)).toBe(true)
    await replay({ paths }, second)
    expect(bytesIn(second)).toBe(before)
    expect(await isWhatTheLogSays(second)).toBe(true)
    await second.close()
  })

  test('before the state is empty, of nothing but a job without a runner: its id is forgotten, too', async () => {
    const settings = loadConfig({ RUNNER_BANDIT_DATA: dataFolder(), GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN })
    const first = await openFolder(settings, silent)
    await replay({ paths: [fileOf([jobWebhook({ runner: null })])] }, first)
    first.state = { ...first.state, write: () => Promise.reject(died) }
    await expect(resetState(NO_REASON, first)).rejects.toThrow('killed')
    await first.close()
    const second = await openFolder(settings, silent)
    expect(bytesIn(second)).toBe(bytesOf(EMPTY_STATE))
    await second.close()
  })

  test('because the disk is full can be asked for again', async () => {
    const { deps } = await startServer()
    await replay({ paths: [fileOf(history)] }, deps)
    const { state } = deps
    deps.state = { ...state, write: () => Promise.reject(new TransientError('the disk is full')) }
    await expect(resetState(NO_REASON, deps)).rejects.toThrow(TransientError)
    deps.state = state
    await resetState(NO_REASON, deps)
    expect(await isWhatTheLogSays(deps)).toBe(true)
  })

  test('by SIGKILL at a random moment is there or is not: the same history again gives the same bytes', async () => {
    const folder = dataFolder()
    const settings = loadConfig({ RUNNER_BANDIT_DATA: folder, GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN })
    const env = { RUNNER_BANDIT_DATA: folder, RUNNER_BANDIT_ADMIN_TOKEN: ADMIN_TOKEN }
    let before: string | undefined
    let resets = 0
    for (let round = 0; round < 8; round += 1) {
      const server = await spawnServer(env)
      await sendAll(server.url, [...history, running({ build_id: 1000 + round })])
      const asking = askFor(server.url, ADMIN_TOKEN).catch(() => undefined)
      await sleep(round * 35)
      await kill(server)
      await asking

      const deps = await openFolder(settings, silent)
      await deps.deliveries.drained()
      expect(await isWhatTheLogSays(deps)).toBe(true)
      await replay({ paths: [fileOf(history)] }, deps)
      before ??= bytesIn(deps)
      expect(bytesIn(deps)).toBe(before)
      expect(await isWhatTheLogSays(deps)).toBe(true)
      resets = (await deps.warehouse.query('SELECT COUNT(*) AS n FROM ci_metrics.resets'))[0]?.n as number
      await deps.close()
    }
    expect(resets).toBeGreaterThan(0)
  })
})
