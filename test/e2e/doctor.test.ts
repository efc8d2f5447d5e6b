/** doctor, where all is well and where hardly anything is. It changes nothing, and its commands mend what they say. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Check } from '../../functions/local/doctor/check.ts'
import { diagnose } from '../../functions/local/doctor/doctor.ts'
import { checkGitlab } from '../../functions/local/doctor/gitlab.ts'
import { openFolder } from '../../functions/local/folder.ts'
import { InvalidInputError } from '../../shared/errors.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import {
  dataFolder,
  kill,
  postWebhook,
  runCommand,
  silent,
  spawnServer,
  WEBHOOK_TOKEN,
} from '../support/server.ts'
import { jobWebhook } from '../support/webhook.ts'

const FLEET = join(import.meta.dirname, '../../shared/fleet.example.yaml')

/** Every file below the folder, with its content and mode. */
function picture(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const found = statSync(join(folder, name))
      const content = found.isFile() ? readFileSync(join(folder, name)) : ''
      return `${name} ${found.mode} ${found.mtimeMs} ${createHash('sha256').update(content).digest('hex')}`
    })
}

async function doctor(folder: string, env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await runCommand(['doctor', '--json', '--data', folder], env)
  expect(stderr).toBe('')
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Check[] }
  const of = (name: string) => checks.find((check) => check.name === name)
  const not = (status: Check['status']) =>
    checks.filter((check) => check.status === status).map(({ name }) => name)
  return { code, ok, checks, of, failed: not('Failed'), warnings: not('Warning'), skipped: not('Skipped') }
}

function payload(): string {
  const path = join(dataFolder(), 'payload.json')
  writeFileSync(path, JSON.stringify(jobWebhook()))
  return path
}

async function learnedFolder(): Promise<string> {
  const folder = join(dataFolder(), 'data')
  expect((await runCommand(['replay', payload(), '--data', folder])).code).toBe(0)
  return folder
}

test('a server at work is well, by its own settings and not by those of who asks', async () => {
  const folder = join(dataFolder(), 'data')
  const server = await spawnServer({
    RUNNER_BANDIT_DATA: folder,
    RUNNER_BANDIT_FLEET: FLEET,
    RUNNER_BANDIT_API_TOKEN: 'token',
    PUBLIC_URL: 'https://bandit.example.com',
  })
  await postWebhook(server.url, jobWebhook())
  const found = await doctor(folder)
  expect(found).toMatchObject({ code: 0, ok: true, failed: [], warnings: [], skipped: ['GitLab API'] })
  expect(found.of('Fleet')?.finding).toBe(`11 arms in ${FLEET}`)
  expect(found.of('State')?.finding).toBe('1 observations, as in the log')
  await kill(server)
})

test('a killed server leaves a folder that is looked at, and not changed', async () => {
  const folder = join(dataFolder(), 'data')
  const server = await spawnServer({ RUNNER_BANDIT_DATA: folder })
  await postWebhook(server.url, jobWebhook())
  await kill(server)
  const before = picture(folder)
  expect(before.some((name) => name.startsWith('bus.db-wal'))).toBe(true)
  const found = await doctor(folder)
  expect(found).toMatchObject({ code: 0, failed: [] })
  expect(found.of('Server')).toMatchObject({ status: 'OK', finding: expect.stringContaining('none runs') })
  expect(found.of('Queues')?.status).toBe('OK')
  expect(picture(folder)).toEqual(before)
})

test('a folder that is not there is not made, and what cannot be looked at is skipped', async () => {
  const folder = join(dataFolder(), 'nowhere')
  const found = await doctor(folder)
  expect(found).toMatchObject({ code: 0, ok: true, failed: [] })
  expect(found.skipped).toContain('State')
  expect(found.of('State')?.finding).toBe('there is no data folder yet')
  expect(existsSync(folder)).toBe(false)
  mkdirSync(folder, { mode: 0o700 })
  expect((await doctor(folder)).of('State')?.finding).toBe('the data folder holds nothing yet')
  expect(readdirSync(folder)).toEqual([])
})

test('wrong settings are listed, and the rest is looked at all the same', async () => {
  const folder = await learnedFolder()
  const found = await doctor(folder, {
    PORT: 'many',
    LOG_LEVEL: 'loud',
    RUNNER_BANDIT_FLEET: '/no/fleet.yaml',
  })
  expect(found).toMatchObject({ code: 1, ok: false, failed: ['Settings', 'Fleet'] })
  expect(found.of('Settings')?.finding).toMatch(/^PORT: .*\nLOG_LEVEL: /)
  expect(found.of('Fleet')?.finding).toBe('RUNNER_BANDIT_FLEET: /no/fleet.yaml cannot be read')
  expect(found.of('State')?.status).toBe('OK')
})

test('a garbled state fails, is left as it is, and is well when the named command was run', async () => {
  const folder = await learnedFolder()
  const path = join(folder, 'bandit_state.json')
  for (const content of ['garbage', readFileSync(path, 'utf8').replace('[1,1,', '[2,2,')]) {
    writeFileSync(path, content)
    const found = await doctor(folder)
    expect(found).toMatchObject({ code: 1, failed: ['State'] })
    expect(readFileSync(path, 'utf8')).toBe(content)
    const [npx, program, ...command] = found.of('State')?.mend?.split(' ') ?? []
    expect([npx, program]).toEqual(['npx', 'runner-bandit'])
    expect((await runCommand(command)).code).toBe(0)
    expect(await doctor(folder)).toMatchObject({ code: 0, failed: [] })
  }
})

test('files of a newer version, and files that are none, fail', async () => {
  const folder = await learnedFolder()
  const path = join(folder, 'bandit_state.json')
  const state = readFileSync(path, 'utf8')
  writeFileSync(path, state.replace(/"schema_version":\d+/, '"schema_version":99'))
  expect((await doctor(folder)).of('State')).toMatchObject({
    status: 'Failed',
    mend: 'Run the newer version.',
  })
  writeFileSync(path, state)
  writeFileSync(join(folder, 'bus.db'), 'no database '.repeat(1000))
  const found = await doctor(folder)
  expect(found).toMatchObject({ code: 1, failed: ['Files'] })
  expect(found.of('Files')?.finding).toBe(`${folder}/bus.db cannot be opened (file is not a database).`)
  expect(found.of('State')?.status).toBe('Skipped')
})

test('a server that hangs fails', async () => {
  const folder = dataFolder()
  const hanging = createServer(() => {})
  await new Promise<void>((resolve) => hanging.listen(join(folder, 'server.sock'), resolve))
  onTestFinished(() => void hanging.close())
  const checks = await diagnose(folder, { silenceMs: 100 })
  const server = checks.find(({ name }) => name === 'Server')
  expect(server).toMatchObject({ status: 'Failed', finding: 'the server has said nothing for 0.1 seconds' })
  expect(checks.find(({ name }) => name === 'State')?.status).toBe('Skipped')
})

test('a folder that another process has open without listening is said to be in use', async () => {
  const folder = dataFolder()
  const settings = loadConfig({ RUNNER_BANDIT_DATA: folder, GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN })
  const deps = await openFolder(settings, silent)
  onTestFinished(() => deps.close())
  expect((await doctor(folder)).of('Server')).toMatchObject({
    status: 'Failed',
    finding: expect.stringContaining('has the data folder open'),
  })
})

test('dead letters and strangers are told, with the commands for them', async () => {
  const folder = dataFolder()
  const settings = loadConfig({ RUNNER_BANDIT_DATA: folder, GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN })
  const deps = await openFolder(settings, silent)
  const { state } = deps
  deps.state = { ...state, write: () => Promise.reject(new InvalidInputError('learn is broken')) }
  await deps.bus.publish({ topic: 'job-events', body: { event_id: 'nonsense' } })
  await deps.deliveries.drained()
  await deps.close()
  const found = await doctor(folder)
  expect(found).toMatchObject({ code: 0, failed: [], warnings: expect.arrayContaining(['Dead letters']) })
  expect(found.of('Dead letters')?.mend).toBe(`npx runner-bandit dead-letters redrive --data ${folder}`)
})

describe('of GitLab', () => {
  /** Answers as GitLab would about project 7; `alert` is what it says of the webhook. */
  async function playedGitlab(alert: string): Promise<string> {
    const hook = { id: 1, url: 'https://bandit.example.com/webhooks/gitlab', alert_status: alert }
    const server = createHttpServer((request, response) => {
      const isAboutHooks = request.url?.includes('/hooks')
      const known = request.headers.authorization === 'Bearer a-token'
      const project = { id: 7, path_with_namespace: 'group/app' }
      response.writeHead(known ? 200 : 401, { 'content-type': 'application/json' })
      response.end(JSON.stringify(isAboutHooks ? [hook] : project))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const ask = async (alert: string, token: string, projectId: number | null) =>
    checkGitlab(
      loadConfig({ GITLAB_URL: await playedGitlab(alert), GITLAB_API_TOKEN: token }),
      'https://bandit.example.com',
      projectId,
    )

  test('it tells that it answers, that it refuses, and that it has disabled the webhook', async () => {
    expect(await ask('executable', 'a-token', 7)).toMatchObject({
      check: { status: 'OK', finding: expect.stringContaining('group/app, which has the webhook') },
      isHooked: true,
    })
    expect(await ask('executable', 'another', 7)).toMatchObject({
      check: { status: 'Warning' },
      isHooked: false,
    })
    expect(await ask('temporarily_disabled', 'a-token', 7)).toMatchObject({
      check: { status: 'Failed', mend: 'npx runner-bandit hook install --project 7' },
      isHooked: false,
    })
    expect(await ask('executable', 'a-token', null)).toMatchObject({ check: { status: 'Skipped' } })
  })
})

test('for a person it prints a line each, and exits 1 when something failed', async () => {
  const folder = await learnedFolder()
  writeFileSync(join(folder, 'bandit_state.json'), 'garbage')
  const { code, stdout } = await runCommand(['doctor', '--data', folder])
  expect(code).toBe(1)
  expect(stdout).toMatch(/^OK {7}Node {10}\d+\.\d+\.\d+\n/)
  expect(stdout).toMatch(new RegExp(`\n {23}→ npx runner-bandit rebuild --data ${folder}\n`))
  expect(stdout).toMatch(/\n1 failed, \d warnings?, \d skipped; the rest is well\.\n$/)
})

test('addresses of functions are refused where no cloud is meant, and not passed over', async () => {
  const { code, stderr } = await runCommand(['doctor', '--url', 'nowhere', '--data', dataFolder()])
  expect([code, stderr]).toEqual([1, expect.stringContaining('BANDIT_GCS_BUCKET')])
})
