/** `serve --demo` as someone without a GitLab has it: the table as text, the rows, the end, and what to try next. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { dataFolder, LAUNCHER, runCommand } from '../support/server.ts'

/** Settings that a demo must not heed. */
const REAL = { GITLAB_URL: 'https://gitlab.example.com', RUNNER_BANDIT_DATA: '/nonexistent/real', PORT: '1' }

describe('a demo that ends by itself', () => {
  const folder = join(dataFolder(), 'demo')
  let ended: Awaited<ReturnType<typeof runCommand>>
  beforeAll(async () => {
    ended = await runCommand(
      ['serve', '--demo', '--speed', '5000', '--minutes', '0.06', '--data', folder],
      REAL,
    )
  }, 60_000)

  test('shows the table, and says what was seen and what to try next', () => {
    expect([ended.code, ended.stderr]).toEqual([0, ''])
    for (const text of ['Mac2 Docker Runner', 'POLICY', 'ucb1', 'THE NEWEST JOBS', 'You saw', 'npm start'])
      expect(ended.stdout).toContain(text)
    expect(ended.stdout).not.toContain('\x1b')
  })

  test('every row came over HTTP, is marked synthetic, tells times of a past Monday, and is what the table counts', async () => {
    const query = `SELECT
      (SELECT STRING_AGG(DISTINCT source) FROM ci_metrics.job_events) AS sources,
      (SELECT STRING_AGG(DISTINCT instance) FROM ci_metrics.job_events) AS instances,
      (SELECT STRING_AGG(DISTINCT STRFTIME(received_at, '%A')) FROM ci_metrics.job_events) AS weekdays,
      (SELECT MAX(received_at) < CURRENT_TIMESTAMP FROM ci_metrics.job_events) AS past,
      (SELECT COUNT(*) FROM ci_metrics.quarantine) AS quarantined,
      COUNTIF(job_status IS NOT NULL) AS ended,
      AVG(IF(job_status IS NULL, NULL, IF(nsai_would_match, 1.0, 0.0))) * 100 AS agreement
      FROM ci_metrics.decision_outcomes WHERE actual_runner IS NOT NULL`
    const { stdout } = await runCommand(['sql', query, '--json', '--data', folder])
    const [{ ended: jobs, agreement, ...rest }] = JSON.parse(stdout)
    expect(rest).toEqual({
      sources: 'synthetic',
      instances: 'gitlab.demo.invalid',
      weekdays: 'Monday',
      past: true,
      quarantined: 0,
    })
    expect(jobs).toBeGreaterThan(20)
    const shown = /^ucb1 +(\d+) %/m.exec(ended.stdout.slice(ended.stdout.lastIndexOf('POLICY')))?.[1]
    expect(Number(shown)).toBe(Math.round(agreement))
  })

  test('each command that it proposes runs', async () => {
    const proposed = [...ended.stdout.matchAll(/^ {2}npx runner-bandit (.+ --data .+)$/gm)].map(
      ([, words = '']) =>
        [...words.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? ''),
    )
    expect(proposed.length).toBeGreaterThanOrEqual(3)
    for (const words of proposed) {
      const { code, stdout } = await runCommand(words)
      expect([words, code]).toEqual([words, 0])
      expect(stdout).toMatch(words[0] === 'evaluate' ? /verdict|pays|Undecided/ : /Docker Runner/)
    }
  }, 30_000)

  test('its folder is no place for a real server', async () => {
    const { code, stderr } = await runCommand(['serve', '--data', folder], { PORT: '0' })
    expect([code, stderr]).toEqual([1, expect.stringContaining('made-up jobs of a demo')])
  })
})

test('Ctrl-C ends it, and the next demo starts anew', async () => {
  const folder = dataFolder()
  for (const stale of [false, true]) {
    if (stale) writeFileSync(join(folder, 'stale'), 'of the demo before')
    const child = spawn(process.execPath, [LAUNCHER, 'serve', '--demo', '--data', folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let stdout = ''
    let isTold = false
    child.stdout.on('data', (chunk) => {
      stdout += chunk
      if (isTold || !stdout.includes('Ctrl-C ends it')) return
      isTold = child.kill('SIGINT')
    })
    const [code] = await once(child, 'close')
    expect(code).toBe(0)
    expect(stdout).toContain('Then with your own GitLab')
    expect(existsSync(join(folder, 'stale'))).toBe(false)
  }
}, 30_000)

test('a folder that holds anything but a demo is left alone', async () => {
  const folder = dataFolder()
  const mine = join(folder, 'mine.txt')
  writeFileSync(mine, 'do not lose me')
  const refused = await runCommand(['serve', '--demo', '--data', folder])
  expect([refused.code, refused.stdout]).toEqual([1, ''])
  expect(refused.stderr).toContain("is not a demo's folder")
  expect(readFileSync(mine, 'utf8')).toBe('do not lose me')
})

test('a demo folder that cannot be opened is not emptied: nobody knows what is in it', async () => {
  const folder = dataFolder()
  writeFileSync(join(folder, 'made-by-demo'), '')
  writeFileSync(join(folder, 'warehouse.duckdb'), 'of another version')
  const refused = await runCommand(['serve', '--demo', '--data', folder])
  expect([refused.code, refused.stdout]).toEqual([1, ''])
  expect(readFileSync(join(folder, 'warehouse.duckdb'), 'utf8')).toBe('of another version')
})

test('a speed has to be a number above 0', async () => {
  const { code, stderr } = await runCommand(['serve', '--demo', '--speed', '0'])
  expect([code, stderr]).toEqual([1, expect.stringContaining('number above 0')])
})
