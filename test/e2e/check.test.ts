/** check: whether the data can bear a verdict, as a command and as an operation of a server. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { CheckedData } from '../../functions/check-data.ts'
import { openFolder } from '../../functions/local/folder.ts'
import { runOperation } from '../../functions/operations.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { dataFolder, postWebhook, runCommand, silent, startServer } from '../support/server.ts'
import { jobWebhook } from '../support/webhook.ts'

const DAY_MS = 86_400_000

describe('the command', () => {
  test('has nothing to check in an empty folder, and exits 0', async () => {
    const { code, stdout } = await runCommand(['check', '--data', dataFolder()])
    const lines = stdout.trimEnd().split('\n')
    expect([code, lines.at(-1)]).toEqual([0, `${lines.length - 2} skipped; the rest is well.`])
    expect(lines).toContainEqual(
      expect.stringMatching(/^Skipped +reward_range +Nothing to check: no outcomes\./),
    )
  })

  describe('with a job', () => {
    const folder = dataFolder()
    beforeAll(async () => {
      const path = join(dataFolder(), 'payload.json')
      writeFileSync(path, JSON.stringify(jobWebhook()))
      expect((await runCommand(['replay', path, '--data', folder])).code).toBe(0)
    })

    test('warns of what an evaluation lacks, says what to do, and exits 0', async () => {
      const { code, stdout } = await runCommand(['check', '--data', folder])
      expect(code).toBe(0)
      expect(stdout).toMatch(/^OK +reward_range +Rewards are in \[0, 10\].*\(1 outcomes\)$/m)
      expect(stdout).toMatch(
        /^Warning +unknown_tags +Not so for 1 of 1 jobs that were not routed, for example /m,
      )
      expect(stdout).toMatch(/^ +→ .*GITLAB_API_TOKEN/m)
    })

    test('exits 1 when an error fails, and says so for programs', async () => {
      const deps = await openFolder(loadConfig({ RUNNER_BANDIT_DATA: folder }), silent)
      const [outcome] = await deps.warehouse.query('SELECT * FROM ci_metrics.job_outcomes')
      await deps.warehouse.insert('job_outcomes', [{ ...outcome, event_id: 'e', job_id: 9, reward: 10.5 }])
      await deps.close()
      const text = await runCommand(['check', '--data', folder])
      expect(text.code).toBe(1)
      expect(text.stdout).toMatch(/^Failed +reward_range +Not so for 1 of 2 outcomes, for example e: /m)
      const json = await runCommand(['check', '--json', '--data', folder])
      expect(json.code).toBe(1)
      const { ok, checks } = JSON.parse(json.stdout) as CheckedData
      expect(ok).toBe(false)
      expect(
        checks.filter(({ severity, status }) => severity === 'error' && status === 'failed'),
      ).toMatchObject([
        {
          name: 'reward_range',
          checked: 2,
          failed: 1,
          example: 'e',
          advice: expect.stringContaining('job_outcomes'),
        },
      ])
    })
  })
})

test('a server takes the time from its own clock, and what it has just been told counts', async () => {
  const { url, deps } = await startServer()
  const freshness = async () => {
    const { checks } = (await runOperation('check', {}, deps, () => {})) as CheckedData
    return checks.find(({ name }) => name === 'freshness')?.status
  }
  expect(await freshness()).toBe('empty')
  await postWebhook(url, jobWebhook())
  expect(await freshness()).toBe('passed')
  const { clock } = deps
  deps.clock = { now: () => clock.now() + 4 * DAY_MS }
  expect(await freshness()).toBe('failed')
})
