/** backfill and hook install as a user has them: commands, with and without a server that owns the folder. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { playDay } from '../../shared/played-gitlab/index.ts'
import { API_TOKEN, startPlayedApi } from '../support/played-api/index.ts'
import { dataFolder, runCommand, spawnServer } from '../support/server.ts'

const HOUR_MS = 3_600_000
const day = playDay({ seed: 4, jobs: 300, startAt: Date.now() - 25 * HOUR_MS })
const finished = day.jobs.filter((job) => job.project.id === 101)
const command = ['backfill', '--project', 'example/backoffice']

test('without a server, it says what was read, the arms, the agreement and what to do next', async () => {
  const api = await startPlayedApi({ day })
  const env = { GITLAB_URL: api.url, GITLAB_API_TOKEN: API_TOKEN, RUNNER_BANDIT_DATA: dataFolder() }
  const { code, stdout, stderr } = await runCommand([...command, '--project', '103', '--since', '2d'], env)
  expect([code, stderr]).toEqual([0, ''])
  const jobs = day.jobs.filter(({ project }) => [101, 103].includes(project.id))
  const events = jobs.length + jobs.filter((job) => job.startedAtMs !== null).length
  expect(stdout).toContain(`${jobs.length} finished jobs of example/backoffice, example/crm, created `)
  expect(stdout).toContain(
    `${events} events accepted (a job's start and its finish), 0 duplicates; 0 jobs quarantined.`,
  )
  expect(stdout).toMatch(/^rank +arm +jobs/m)
  expect(stdout).toContain('gitlab-runner-nordic')
  expect(stdout).toMatch(/^ucb1 +feasible arms +\d+ +\d+\.\d %$/m)
  expect(stdout).toContain('Agreement is not benefit')
  expect(stdout).toContain('npx runner-bandit sql')
})

test('through a server that has no token of its own, it uses the one of who asks, and leaves no trace of it', async () => {
  const api = await startPlayedApi({ day })
  const folder = dataFolder()
  const server = await spawnServer({ RUNNER_BANDIT_DATA: folder, GITLAB_URL: api.url, LOG_LEVEL: 'debug' })
  let log = ''
  server.process.stderr?.on('data', (chunk) => {
    log += chunk
  })
  const env = { RUNNER_BANDIT_DATA: folder, GITLAB_URL: api.url, GITLAB_API_TOKEN: API_TOKEN }
  const { code, stdout } = await runCommand([...command, '--json'], env)
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    jobs: finished.length,
    duplicates: 0,
    stats: { policy: 'ucb1' },
  })

  const install = ['hook', 'install', '--project', '101', '--url', 'https://bandit.example.com']
  const installed = await runCommand(install, env)
  expect([installed.code, installed.stdout]).toEqual([
    0,
    'The webhook 1 of example/backoffice to https://bandit.example.com/webhooks/gitlab was created.\nGitLab reports it as enabled.\n',
  ])
  const wrong = await runCommand(command, { ...env, GITLAB_API_TOKEN: 'token-another-secret-token' })
  expect([wrong.code, wrong.stdout]).toEqual([1, ''])
  expect(wrong.stderr).toContain('GitLab does not accept GITLAB_API_TOKEN (401)')
  const other = await runCommand(command, { ...env, GITLAB_URL: 'https://gitlab.example.org' })
  expect(other.stderr).toContain(
    `The running server is of ${api.url}, and GITLAB_URL here is https://gitlab.example.org`,
  )

  const kept = ['warehouse.duckdb', 'bus.db', 'bandit_state.json'].map((name) => join(folder, name))
  const everything = [
    log,
    stdout,
    wrong.stderr,
    ...kept.filter(existsSync).map((path) => readFileSync(path, 'latin1')),
  ]
  expect(log).toContain('jobs.backfilled')
  for (const secret of [API_TOKEN, 'token-another-secret-token']) {
    for (const text of everything) expect(text.includes(secret)).toBe(false)
  }
}, 120_000)

test('without a token, or for a project that is not there, it says what to do and exits with 1', async () => {
  const api = await startPlayedApi({ day })
  const env = { GITLAB_URL: api.url, RUNNER_BANDIT_DATA: dataFolder() }
  const missing = await runCommand(command, env)
  expect([missing.code, missing.stdout]).toEqual([1, ''])
  expect(missing.stderr).toMatch(
    /^runner-bandit: GITLAB_API_TOKEN is not set.*scope read_api and role Reporter/,
  )
  expect(api.requests).toEqual([])
  const nowhere = await runCommand(['backfill'], env)
  expect([nowhere.code, nowhere.stderr]).toEqual([
    1,
    expect.stringContaining("required option '--project <id|path>'"),
  ])
  const unknown = await runCommand(['backfill', '--project', 'example/nowhere'], {
    ...env,
    GITLAB_API_TOKEN: API_TOKEN,
  })
  expect(unknown.code).toBe(1)
  expect(unknown.stderr).toMatch(
    /^runner-bandit: GitLab knows nothing of the project "example\/nowhere" \(404\)/,
  )
}, 60_000)
