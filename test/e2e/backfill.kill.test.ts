/** A backfill killed by SIGKILL goes on with the page that was in hand, and ends with the same bytes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { backfill } from '../../functions/backfill.ts'
import { openFolder } from '../../functions/local/folder.ts'
import { rebuild } from '../../functions/rebuild.ts'
import { playDay } from '../../shared/played-gitlab/index.ts'
import type { StateStore } from '../../shared/ports.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { API_TOKEN, startPlayedApi } from '../support/played-api/index.ts'
import { dataFolder, runCommand, silent } from '../support/server.ts'

const LAUNCHER = join(import.meta.dirname, '../../bin/runner-bandit.js')
const HOUR_MS = 3_600_000
const JOBS = 1000
const day = playDay({ seed: 8, jobs: JOBS, startAt: Date.now() - 25 * HOUR_MS })
const projects = day.projects.map(({ id }) => String(id))
const args = ['backfill', ...projects.flatMap((project) => ['--project', project])]
/** The lookups of the five projects come first. */
const LOOKUPS = projects.length

function environment(url: string, folder: string) {
  return {
    GITLAB_URL: url,
    GITLAB_API_TOKEN: API_TOKEN,
    RUNNER_BANDIT_DATA: folder,
    GITLAB_WEBHOOK_TOKEN: 'token',
  }
}

const jobPages = (requests: readonly string[]) => requests.filter((request) => request.includes('/jobs?'))
const stateIn = (folder: string) => readFileSync(join(folder, 'bandit_state.json'), 'utf8')

test('killed while it reads, it asks for no page twice but the one in hand', async () => {
  let isDeaf = false
  const api = await startPlayedApi({
    day,
    fault: (nth) => (isDeaf && nth >= LOOKUPS + 8 ? 'hang' : undefined),
  })
  const whole = dataFolder()
  expect(await runCommand(args, environment(api.url, whole))).toMatchObject({ code: 0 })
  const pagesOfAll = jobPages(api.requests)

  api.requests.length = 0
  isDeaf = true
  const folder = dataFolder()
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    env: { PATH: process.env.PATH ?? '', ...environment(api.url, folder) },
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  await expect.poll(() => jobPages(api.requests).length, { timeout: 20_000, interval: 20 }).toBe(8)
  child.kill('SIGKILL')
  await ended
  isDeaf = false
  // As a power cut leaves it: half a line after the last whole one.
  const spool = join(folder, 'spool')
  const newest = readdirSync(spool).at(-1) as string
  appendFileSync(join(spool, newest), '{"read_at":"2026-11-01T00:00:00.000Z","next":"cur')

  const resumed = await runCommand([...args, '--json'], environment(api.url, folder))
  expect(resumed.code).toBe(0)
  expect(JSON.parse(resumed.stdout)).toMatchObject({ jobs: JOBS, duplicates: 0, quarantined: 0 })
  expect(JSON.parse(resumed.stdout).resumed_from).toMatch(/^\d{4}-/)
  const asked = jobPages(api.requests)
  expect(asked).toHaveLength(pagesOfAll.length + 1)
  expect(new Set(asked)).toEqual(new Set(pagesOfAll))
  expect(readdirSync(spool)).toEqual([])
  expect(stateIn(folder)).toBe(stateIn(whole))
  expect(await runCommand(['rebuild', '--check'], { RUNNER_BANDIT_DATA: folder })).toMatchObject({ code: 0 })
}, 180_000)

test('killed between the log and the state, it is made good without asking for any page', async () => {
  const api = await startPlayedApi({ day })
  const settings = loadConfig(environment(api.url, dataFolder()))
  const input = { projects, since: '30d', restart: false }
  const first = await openFolder(settings, silent)
  first.state = dying(first.state)
  await expect(backfill(input, first)).rejects.toThrow('killed')
  await first.close()

  const asked = jobPages(api.requests).length
  const second = await openFolder(settings, silent)
  expect(await rebuild({ check: true }, second)).toMatchObject({ equal: true })
  expect(await backfill(input, second)).toMatchObject({ jobs: JOBS, accepted: 0, pages: 0 })
  expect(jobPages(api.requests)).toHaveLength(asked)
  // What was read is forgotten with the end of a backfill, and on demand.
  expect(await backfill({ ...input, restart: true }, second)).toMatchObject({ accepted: 0, pages: asked })
  await second.close()
}, 120_000)

const dying = (store: StateStore): StateStore => ({
  ...store,
  write: () => Promise.reject(new Error('killed before the state was written')),
})
