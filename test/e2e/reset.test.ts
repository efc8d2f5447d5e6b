/** Law 8: a reset is an event. The log stays, the fold starts after it, and the same history gives the same bytes. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openFolder } from '../../functions/local/folder.ts'
import { replay } from '../../functions/replay.ts'
import { type ResetReport, resetState } from '../../functions/reset.ts'
import { EMPTY_STATE } from '../../shared/domain/state.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { bytesOf } from '../support/builders.ts'
import { fixedClock } from '../support/fixed-clock.ts'
import {
  ADMIN_TOKEN,
  askFor,
  bytesIn,
  fileOf,
  HOUR_MS,
  history,
  isWhatTheLogSays,
  NO_REASON,
  now,
  sendAll,
} from '../support/reset.ts'
import { dataFolder, runCommand, silent, startServer, WEBHOOK_TOKEN } from '../support/server.ts'
import { jobWebhook } from '../support/webhook.ts'

describe('POST /reset', () => {
  test('is closed until there is a token for it, and to whoever does not have it', async () => {
    const closed = await startServer()
    expect([(await askFor(closed.url)).status, (await askFor(closed.url, '')).status]).toEqual([403, 403])
    const { url, deps } = await startServer({ RUNNER_BANDIT_ADMIN_TOKEN: ADMIN_TOKEN })
    await sendAll(url, history)
    await deps.deliveries.drained()
    const before = bytesIn(deps)
    for (const token of [undefined, 'wrong', WEBHOOK_TOKEN])
      expect((await askFor(url, token)).status).toBe(401)
    expect((await fetch(`${url}/reset`)).status).toBe(405)
    expect((await askFor(url, ADMIN_TOKEN, '{"because": 1}')).status).toBe(400)
    expect((await askFor(url, ADMIN_TOKEN, 'x'.repeat(5000))).status).toBe(413)
    expect(bytesIn(deps)).toBe(before)
  })

  test('then the same history again: the same state bytes', async () => {
    const { url, deps } = await startServer({ RUNNER_BANDIT_ADMIN_TOKEN: ADMIN_TOKEN })
    await sendAll(url, history)
    await deps.deliveries.drained()
    const before = bytesIn(deps)
    const { generation } = await deps.state.read()

    const answer = await askFor(url, ADMIN_TOKEN, JSON.stringify({ reason: 'new machines' }))
    const report = (await answer.json()) as ResetReport & { backup: string }
    expect([answer.status, report.state_generation]).toEqual([200, generation])
    expect(bytesIn(deps)).toBe(bytesOf(EMPTY_STATE))
    expect(deps.unmanagedArms.size).toBe(0)
    expect(readFileSync(report.backup, 'utf8')).toBe(before)
    expect(statSync(report.backup).mode & 0o777).toBe(0o600)
    expect(await isWhatTheLogSays(deps)).toBe(true)
    expect(await deps.warehouse.query('SELECT reason FROM ci_metrics.resets')).toEqual([
      { reason: 'new machines' },
    ])
    expect(await deps.warehouse.query('SELECT COUNT(*) AS n FROM ci_metrics.job_events')).toEqual([{ n: 20 }])

    expect(new Set(await sendAll(url, history))).toEqual(new Set(['accepted']))
    expect(new Set(await sendAll(url, history))).toEqual(new Set(['duplicate']))
    await deps.deliveries.drained()
    expect(bytesIn(deps)).toBe(before)
    expect(await isWhatTheLogSays(deps)).toBe(true)
  })
})

test('so it is of a replay, and of a replay of what webhooks had said', async () => {
  const { url, deps } = await startServer()
  const paths = [fileOf(history)]
  await replay({ paths }, deps)
  const before = bytesIn(deps)
  await resetState(NO_REASON, deps)
  expect(await replay({ paths }, deps)).toMatchObject({ accepted: 20, duplicates: 0 })
  expect(bytesIn(deps)).toBe(before)
  await resetState(NO_REASON, deps)
  await sendAll(url, history)
  expect(await replay({ paths }, deps)).toMatchObject({ accepted: 0, duplicates: 20 })
  expect(bytesIn(deps)).toBe(before)
  expect(await isWhatTheLogSays(deps)).toBe(true)
})

test('what came before it and is handled after it makes rows and no sums, also after a restart', async () => {
  const settings = loadConfig({ RUNNER_BANDIT_DATA: dataFolder(), GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN })
  const paths = [fileOf(history.slice(0, 1))]
  const first = await openFolder(settings, silent)
  await replay({ paths }, first)
  // As learn's retry would have it: an event of before, handled when the reset is done.
  const [event] = await first.warehouse.query('SELECT * FROM ci_metrics.job_events')
  await resetState(NO_REASON, first)
  await first.bus.publish({ topic: 'job-events', body: event })
  await first.deliveries.drained()
  expect(bytesIn(first)).toBe(bytesOf(EMPTY_STATE))
  await first.close()

  const second = await openFolder(settings, silent)
  await second.bus.publish({ topic: 'job-events', body: event })
  await second.deliveries.drained()
  expect(bytesIn(second)).toBe(bytesOf(EMPTY_STATE))
  expect(await isWhatTheLogSays(second)).toBe(true)
  await second.close()
})

test('a disagreement from before it is told again after it', async () => {
  const { deps } = await startServer()
  const disagreeing = [jobWebhook({ build_id: 1 }), jobWebhook({ build_id: 1, build_status: 'failed' })]
  const paths = disagreeing.map((body) => fileOf([body]))
  const conflicting = 'SELECT COUNT(*) AS n FROM ci_metrics.job_events WHERE conflicting'
  for (const n of [1, 2]) {
    for (const path of paths) await replay({ paths: [path] }, deps)
    expect(await deps.warehouse.query(conflicting)).toEqual([{ n }])
    await resetState(NO_REASON, deps)
  }
})

test('nothing of before counts, even if the clock was set back a little meanwhile', async () => {
  const settings = loadConfig({ RUNNER_BANDIT_DATA: dataFolder(), GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN })
  const clock = fixedClock(now)
  const deps = await openFolder(settings, silent, { clock })
  await replay({ paths: [fileOf(history)] }, deps)
  const before = bytesIn(deps)
  clock.advance(-HOUR_MS)
  // What comes in the next hour would not count, and nobody would know.
  await expect(resetState(NO_REASON, deps)).rejects.toThrow(/in the future of this clock.*Set the clock/)
  expect([bytesIn(deps), await isWhatTheLogSays(deps)]).toEqual([before, true])
  clock.advance(HOUR_MS - 4 * 60_000)
  await resetState(NO_REASON, deps)
  expect(await isWhatTheLogSays(deps)).toBe(true)
  expect(bytesIn(deps)).toBe(bytesOf(EMPTY_STATE))
  clock.advance(2 * HOUR_MS)
  await replay({ paths: [fileOf(history)] }, deps)
  expect(bytesIn(deps)).toBe(before)
  await deps.close()
})

test('the ten newest copies of the state are kept', async () => {
  const { deps } = await startServer()
  await replay({ paths: [fileOf(history)] }, deps)
  for (let times = 0; times < 12; times += 1) await resetState(NO_REASON, deps)
  const backups = readdirSync(join(deps.settings.dataFolder, 'backups'))
  expect(backups).toHaveLength(10)
  expect((await deps.state.read()).resetAt).toBeGreaterThan(0)
})

test('webhooks that come while it goes on are accepted, and count once if they come again', async () => {
  const { url, deps } = await startServer({ RUNNER_BANDIT_ADMIN_TOKEN: ADMIN_TOKEN })
  await sendAll(url, history)
  await deps.deliveries.drained()
  const before = bytesIn(deps)
  const [answers] = await Promise.all([
    sendAll(url, history),
    askFor(url, ADMIN_TOKEN),
    sendAll(url, history),
  ])
  expect(answers).toHaveLength(20)
  await sendAll(url, history)
  await deps.deliveries.drained()
  expect(await isWhatTheLogSays(deps)).toBe(true)
  expect(bytesIn(deps)).toBe(before)
})

test('the command says what would happen, and does it with --yes', async () => {
  const folder = dataFolder()
  const on = ['--data', folder]
  expect((await runCommand(['replay', fileOf(history), ...on])).code).toBe(0)
  const state = join(folder, 'bandit_state.json')
  const before = readFileSync(state, 'utf8')
  const asked = await runCommand(['reset', ...on])
  expect([asked.code, readFileSync(state, 'utf8')]).toEqual([1, before])
  expect(asked.stdout).toMatch(/^Nothing was changed\. "reset --yes" forgets 18 observations/)
  expect(existsSync(join(folder, 'backups'))).toBe(false)

  const done = await runCommand(['reset', '--yes', '--reason', 'new machines', ...on])
  expect([done.code, readFileSync(state, 'utf8')]).toEqual([0, bytesOf(EMPTY_STATE)])
  expect(done.stdout).toContain('18 observations forgotten')
  const check = await runCommand(['rebuild', '--check', ...on])
  expect(check.code).toBe(0)
})
