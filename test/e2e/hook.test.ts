/** hook install: the webhook of a played GitLab's project, made and repaired. */
import { describe, expect, test } from 'vitest'
import { type HookReport, installHook } from '../../functions/hook.ts'
import { hookInstalled } from '../../functions/local/say-gitlab.ts'
import { playDay } from '../../shared/played-gitlab/index.ts'
import { API_TOKEN, type PlayedApiOptions, READ_TOKEN, startPlayedApi } from '../support/played-api/index.ts'
import { startServer, WEBHOOK_TOKEN } from '../support/server.ts'

const day = playDay({ seed: 1, jobs: 10, startAt: Date.UTC(2026, 9, 1) })
const PUBLIC_URL = 'https://bandit.example.com/ci'
const URL_OF_HOOK = 'https://bandit.example.com/ci/webhooks/gitlab'
const SIGNING_TOKEN = `whsec_${Buffer.alloc(32, 'k').toString('base64')}`
const input = { project: 'example/crm', dryRun: false }

async function setUp(options: Partial<PlayedApiOptions> = {}, env: Record<string, string> = {}) {
  const api = await startPlayedApi({ day, ...options })
  const { deps } = await startServer({ GITLAB_URL: api.url, GITLAB_API_TOKEN: API_TOKEN, PUBLIC_URL, ...env })
  return { api, deps, install: (more: object = {}) => installHook({ ...input, ...more }, deps) }
}

const writes = (requests: readonly string[]) => requests.filter((request) => !request.startsWith('GET'))

test('makes the webhook with job and pipeline events, its secrets and nothing else', async () => {
  const { api, install } = await setUp({}, { GITLAB_WEBHOOK_SIGNING_TOKEN: SIGNING_TOKEN })
  const report = await install()
  expect(report).toEqual({
    project: { id: 103, path: 'example/crm' },
    url: URL_OF_HOOK,
    action: 'created',
    dry_run: false,
    differences: [],
    hook_id: 1,
    enabled: true,
    disabled_until: null,
    test_failure: null,
    secret_token: true,
    signed: true,
    duplicates: [],
  })
  expect(api.hooks.all).toMatchObject([
    {
      projectId: 103,
      token: WEBHOOK_TOKEN,
      signingToken: SIGNING_TOKEN,
      attributes: {
        url: URL_OF_HOOK,
        job_events: true,
        pipeline_events: true,
        push_events: false,
        issues_events: false,
        enable_ssl_verification: true,
      },
    },
  ])
  expect(hookInstalled(report)).toBe(`The webhook 1 of example/crm to ${URL_OF_HOOK} was created.
GitLab reports it as enabled.
GitLab signs what it sends.`)
})

test('a second time changes nothing, and says so', async () => {
  const { api, install } = await setUp()
  await install()
  const before = JSON.stringify(api.hooks.all)
  const report = await install()
  expect(report).toMatchObject({ action: 'unchanged', differences: [], hook_id: 1 })
  expect(JSON.stringify(api.hooks.all)).toBe(before)
  expect(hookInstalled(report)).toContain('is as it should be; nothing was changed')
})

test('writes its token anew where GitLab may hold another, which it does not show', async () => {
  const { api, install } = await setUp({ version: 18 })
  await install()
  const [hook] = api.hooks.all
  if (hook) hook.token = 'another'
  await install()
  expect(hook?.token).toBe(WEBHOOK_TOKEN)
})

test('repairs what somebody changed, and writes a changed token', async () => {
  const { api, install } = await setUp()
  await install()
  const [hook] = api.hooks.all
  Object.assign(hook?.attributes ?? {}, {
    job_events: false,
    push_events: true,
    enable_ssl_verification: false,
  })
  Object.assign(hook?.attributes ?? {}, { issues_events: true })
  if (hook) hook.token = 'another'
  expect(await install()).toMatchObject({
    action: 'repaired',
    differences: ['job events are off', 'push events are on', 'SSL verification is off'],
  })
  expect(hook).toMatchObject({
    token: WEBHOOK_TOKEN,
    // What is none of ours stays.
    attributes: { job_events: true, push_events: false, enable_ssl_verification: true, issues_events: true },
  })
  expect(api.hooks.all).toHaveLength(1)
})

describe('a webhook that GitLab has disabled', () => {
  test('is enabled by a test delivery', async () => {
    const { api, install } = await setUp()
    await install()
    if (api.hooks.all[0]) api.hooks.all[0].recentFailures = 40
    const report = await install()
    expect(report).toMatchObject({
      action: 'repaired',
      differences: ['GitLab has disabled it'],
      enabled: true,
    })
    expect(api.requests).toContain('POST /api/v4/projects/103/hooks/1/test/job_events')
  })

  test('stays so when the server does not answer, with the reason', async () => {
    const { api, install } = await setUp({ receiver: () => 503 })
    await install()
    if (api.hooks.all[0]) api.hooks.all[0].recentFailures = 5
    const report = await install()
    expect(report).toMatchObject({ enabled: false, disabled_until: '2026-11-02T08:00:00.000Z' })
    expect(hookInstalled(report)).toContain(
      'GitLab keeps it disabled until 2026-11-02T08:00:00.000Z. Its test delivery failed, "Hook execution failed with 503".',
    )
  })
})

test('says that GitLab before 19.0 does not sign, and the secret token serves', async () => {
  const { install } = await setUp({ version: 18 }, { GITLAB_WEBHOOK_SIGNING_TOKEN: SIGNING_TOKEN })
  await install()
  const report = await install()
  expect(report).toMatchObject({ action: 'unchanged', signed: false })
  expect(hookInstalled(report)).toContain('does not sign what it sends (it does from version 19.0)')
})

test('with a signing token alone gives GitLab no secret token, and says when nothing would be accepted', async () => {
  const api = await startPlayedApi({ day, version: 18 })
  const env = { GITLAB_URL: api.url, GITLAB_API_TOKEN: API_TOKEN, PUBLIC_URL }
  const signing = { GITLAB_WEBHOOK_TOKEN: undefined, GITLAB_WEBHOOK_SIGNING_TOKEN: SIGNING_TOKEN }
  const { deps } = await startServer({ ...env, ...signing })
  const report = await installHook(input, deps)
  expect(report).toMatchObject({ action: 'created', secret_token: false, signed: false })
  expect(api.hooks.all[0]?.token).toBeUndefined()
  expect(hookInstalled(report)).toContain('so this server refuses it: set GITLAB_WEBHOOK_TOKEN')
})

test('with --dry-run says what it would do, and writes nothing', async () => {
  const { api, install } = await setUp()
  const report = await install({ dryRun: true })
  expect(report).toMatchObject({ action: 'created', dry_run: true, hook_id: null, enabled: null })
  expect(hookInstalled(report)).toBe(`A webhook of example/crm to ${URL_OF_HOOK} would be created.`)
  expect(writes(api.requests)).toEqual([])
})

test('reports further webhooks of the same address, however it is written', async () => {
  const { api, install } = await setUp()
  await install()
  const copy = structuredClone(api.hooks.all[0])
  if (copy) api.hooks.all.push({ ...copy, id: 2, attributes: { ...copy.attributes, url: `${URL_OF_HOOK}/` } })
  if (copy)
    api.hooks.all.push({ ...copy, id: 3, attributes: { ...copy.attributes, url: 'https://other.example' } })
  const report = await install()
  expect(report).toMatchObject({ hook_id: 1, duplicates: [2] })
  expect(hookInstalled(report)).toContain('more than once: 2. Delete them in Settings > Webhooks.')
})

test.each([
  'http://localhost:8080',
  'http://127.0.0.1:8080',
  'http://127.1',
  'http://[::1]:8080',
  'http://[::ffff:127.0.0.1]',
  'http://0.0.0.0:8080',
  'https://bandit.localhost',
  'http://2130706433',
])('refuses the loopback address %s, and says how to do better', async (url) => {
  const { api, install } = await setUp()
  await expect(install({ url })).rejects.toThrow(/GitLab cannot reach .*--url or PUBLIC_URL/)
  expect(api.requests).toEqual([])
})

test.each(['bandit.example.com', 'ftp://bandit.example.com', `https://${'me:secret'}@bandit.example.com`])(
  'refuses %s',
  async (url) => {
    const { install } = await setUp()
    await expect(install({ url })).rejects.toThrow(/is no URL|is not an address/)
  },
)

test('needs an address', async () => {
  const api = await startPlayedApi({ day })
  const { deps } = await startServer({ GITLAB_URL: api.url, GITLAB_API_TOKEN: API_TOKEN })
  await expect(installHook(input, deps)).rejects.toThrow('Where GitLab reaches this server is not known.')
})

test('takes the whole address as well', async () => {
  const { install } = await setUp()
  const reports: HookReport[] = []
  for (const url of ['https://a.example', 'https://a.example/', 'https://a.example/webhooks/gitlab']) {
    reports.push(await install({ url }))
  }
  expect(new Set(reports.map(({ url }) => url))).toEqual(new Set(['https://a.example/webhooks/gitlab']))
  expect(reports.map(({ action }) => action)).toEqual(['created', 'unchanged', 'unchanged'])
})

test('says what to do about an address that GitLab refuses, and a token that may not', async () => {
  const { install } = await setUp()
  await expect(install({ url: 'http://192.168.1.5' })).rejects.toThrow(
    /422, "Invalid url given".*Outbound requests/,
  )
  const reader = await setUp({}, { GITLAB_API_TOKEN: READ_TOKEN })
  await expect(reader.install()).rejects.toThrow(/lacks the scope api/)
})
