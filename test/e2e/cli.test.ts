/** The command line as a user has it: processes, exit codes, what is printed where. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  dataFolder,
  kill,
  postWebhook,
  runCommand,
  type SpawnedServer,
  spawnServer,
} from '../support/server.ts'
import { jobWebhook } from '../support/webhook.ts'

const OLD_NODE = '/usr/bin/node'

function payloads(): string {
  const path = join(dataFolder(), 'payload.json')
  writeFileSync(path, JSON.stringify(jobWebhook()))
  return path
}

describe('without a server', () => {
  let folder: string
  beforeAll(async () => {
    folder = dataFolder()
    expect((await runCommand(['replay', payloads(), '--data', folder])).code).toBe(0)
  })

  test('replay counts, as text and as JSON', async () => {
    const text = await runCommand(['replay', payloads(), '--data', folder])
    expect(text.stdout).toBe('1 bodies: 0 accepted, 1 duplicates, 0 ignored, 0 quarantined\n')
    const json = await runCommand(['replay', payloads(), '--data', folder, '--json'])
    expect(JSON.parse(json.stdout)).toEqual({
      files: 1,
      accepted: 0,
      duplicates: 1,
      ignored: 0,
      quarantined: 0,
      by_reason: {},
    })
    expect(json.stderr).toBe('')
  })

  test('sql prints rows, and takes SELECT only', async () => {
    const rows = await runCommand(
      ['sql', 'SELECT job_id, job_status FROM ci_metrics.decision_outcomes', '--json'],
      {
        RUNNER_BANDIT_DATA: folder,
      },
    )
    expect(JSON.parse(rows.stdout)).toEqual([{ job_id: 1001, job_status: 'success' }])
    for (const query of [
      'DELETE FROM ci_metrics.job_events',
      "SELECT * FROM read_text('/etc/passwd')",
      'SELECT 1; SELECT 2',
    ]) {
      const refused = await runCommand(['sql', query, '--data', folder])
      expect([refused.code, refused.stdout]).toEqual([1, ''])
      expect(refused.stderr).toMatch(/^runner-bandit: \w/)
    }
  })

  test('recommend answers in text, JSON and dotenv', async () => {
    const args = ['recommend', '--project', 'crm', '--job', 'x', '--tags', 'mac-docker', '--data', folder]
    expect((await runCommand(args)).stdout).toMatch(/^Mac Docker Runner, by the tag mac-docker \(ucb1/)
    expect(JSON.parse((await runCommand([...args, '--json'])).stdout)).toMatchObject({
      runner: 'Mac Docker Runner',
    })
    expect((await runCommand([...args, '--format', 'dotenv'])).stdout).toMatch(/^MAB_RUNNER_TAG=mac-docker\n/)
    const recorded = await runCommand([
      'sql',
      'SELECT COUNT(*) AS n FROM ci_metrics.recommendations',
      '--data',
      folder,
      '--json',
    ])
    expect(JSON.parse(recorded.stdout)).toEqual([{ n: 3 }])
  })

  test('stats shows what was learned', async () => {
    const { stdout } = await runCommand(['stats', '--data', folder])
    expect(stdout).toMatch(/Mac Docker Runner +1 +1 +0 +0\.9/)
    expect(stdout).toContain('1 observations; ranked by ucb1.')
  })

  test('rebuild --check exits 1 and shows where a changed state differs; rebuild mends it', async () => {
    const path = join(folder, 'bandit_state.json')
    const good = readFileSync(path, 'utf8')
    expect((await runCommand(['rebuild', '--check', '--data', folder])).code).toBe(0)
    writeFileSync(path, good.replace('"Mac Docker Runner":[1,1,', '"Mac Docker Runner":[1,0,'))
    const check = await runCommand(['rebuild', '--check', '--data', folder])
    expect(check.code).toBe(1)
    expect(check.stdout).toContain('First difference at arms → Mac Docker Runner → 1: state 0, log 1')
    expect((await runCommand(['rebuild', '--data', folder])).code).toBe(0)
    expect(readFileSync(path, 'utf8')).toBe(good)
  })

  test('rebuild --check is about bytes: a state of the same sums in another form is not equal', async () => {
    const path = join(folder, 'bandit_state.json')
    const good = readFileSync(path, 'utf8')
    for (const other of [
      JSON.stringify(JSON.parse(good), null, 1),
      `${good}\n`,
      good.replace('{', '{"more":1,'),
    ]) {
      writeFileSync(path, other)
      const check = await runCommand(['rebuild', '--check', '--data', folder])
      expect([check.code, check.stdout.includes('First difference')]).toEqual([1, true])
    }
    writeFileSync(path, good)
  })

  test('a state that is garbage is refused with the command that mends it', async () => {
    const path = join(folder, 'bandit_state.json')
    const good = readFileSync(path, 'utf8')
    writeFileSync(path, 'garbage')
    const refused = await runCommand(['stats', '--data', folder])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('runner-bandit rebuild')
    expect((await runCommand(['rebuild', '--data', folder])).code).toBe(0)
    expect(readFileSync(path, 'utf8')).toBe(good)
  })

  test.each([
    ['an unknown command', ['fly'], /unknown command 'fly'/],
    ['a missing option', ['recommend', '--job', 'x'], /--project/],
    ['a path that is not there', ['replay', '/no/such/path'], /\/no\/such\/path/],
    ['wrong settings, all at once', ['stats'], /PORT.*\n.*LOG_LEVEL/],
  ])('exits 1 for %s, with a sentence', async (_name, args, sentence) => {
    const env = args[0] === 'stats' ? { PORT: 'many', LOG_LEVEL: 'loud' } : {}
    const result = await runCommand([...args, '--data', dataFolder()], env)
    expect([result.code, result.stdout]).toEqual([1, ''])
    expect(result.stderr).toMatch(sentence)
  })

  test('--help teaches', async () => {
    const { code, stdout } = await runCommand(['--help'])
    expect(code).toBe(0)
    for (const word of ['serve', 'replay', 'recommend', 'stats', 'sql', 'rebuild', '--data', '--json'])
      expect(stdout).toContain(word)
  })
})

describe('with a server that owns the folder', () => {
  let folder: string
  let server: SpawnedServer
  beforeAll(async () => {
    folder = dataFolder()
    server = await spawnServer({ RUNNER_BANDIT_DATA: folder })
  })

  test('commands go through its socket, which only its owner may open', async () => {
    expect(statSync(join(folder, 'server.sock')).mode & 0o777).toBe(0o600)
    expect((await postWebhook(server.url, jobWebhook())).status).toBe(202)
    const rows = await runCommand([
      'sql',
      'SELECT job_status FROM ci_metrics.decision_outcomes',
      '--data',
      folder,
      '--json',
    ])
    expect(JSON.parse(rows.stdout)).toEqual([{ job_status: 'success' }])
    expect((await runCommand(['replay', payloads(), '--data', folder])).stdout).toContain('1 duplicates')
    expect((await runCommand(['rebuild', '--check', '--data', folder])).code).toBe(0)
    expect((await runCommand(['sql', 'DROP VIEW ci_metrics.arm_performance', '--data', folder])).code).toBe(1)
  })

  test('a second server is refused with a clear sentence', async () => {
    const second = await runCommand(['serve', '--data', folder], { PORT: '0' })
    expect(second.code).toBe(1)
    expect(second.stderr).toContain('in use by another runner-bandit')
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
  })

  test('it says what to paste into GitLab', () => {
    expect(server.stdout).toMatch(/URL +http:\/\/127\.0\.0\.1:\d+\/webhooks\/gitlab/)
    expect(server.stdout).toMatch(/Job events/)
  })

  test('SIGTERM ends it with code 0, and the folder is free', async () => {
    const ended = new Promise((resolve) => server.process.once('exit', (code) => resolve(code)))
    server.process.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect((await runCommand(['stats', '--data', folder])).code).toBe(0)
  })
})

test('a webhook token is made when none is set, kept for its owner only, and shown', async () => {
  const folder = dataFolder()
  const server = await spawnServer({ RUNNER_BANDIT_DATA: folder, GITLAB_WEBHOOK_TOKEN: undefined })
  const file = join(folder, 'webhook-token')
  const token = readFileSync(file, 'utf8').trim()
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(server.stdout).toContain(token)
  expect((await postWebhook(server.url, jobWebhook(), { 'x-gitlab-token': token })).status).toBe(202)
  expect((await postWebhook(server.url, jobWebhook(), { 'x-gitlab-token': '' })).status).toBe(401)
  await kill(server)
})

test('another host than loopback is refused until both tokens are set', async () => {
  const refused = await runCommand(['serve', '--data', dataFolder()], { HOST: '0.0.0.0', PORT: '0' })
  expect(refused.code).toBe(1)
  expect(refused.stderr).toMatch(
    /GITLAB_WEBHOOK_TOKEN or GITLAB_WEBHOOK_SIGNING_TOKEN must be set\n.*RUNNER_BANDIT_API_TOKEN or RUNNER_BANDIT_ID_TOKEN_AUDIENCE must be set/,
  )
})

test.skipIf(!existsSync(OLD_NODE))(
  "the launcher works under the system's own Node (skipped where /usr/bin/node is absent)",
  async () => {
    const { code, stdout } = await runCommand(['stats', '--data', dataFolder()], {}, OLD_NODE)
    expect([code, stdout.includes('never tried')]).toEqual([0, true])
  },
)

test('a command whose server dies says so in a sentence', async () => {
  const folder = dataFolder()
  const server = await spawnServer({ RUNNER_BANDIT_DATA: folder })
  const asking = runCommand([
    'sql',
    'SELECT SUM(a.range * b.range) FROM range(1000000) a, range(1000000) b',
    '--data',
    folder,
  ])
  await new Promise((resolve) => setTimeout(resolve, 1500))
  await kill(server)
  expect(await asking).toEqual({
    code: 1,
    stdout: '',
    stderr: 'runner-bandit: the server went away before it answered; ask again\n',
  })
})
