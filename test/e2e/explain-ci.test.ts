/** explain --ci: a whole configuration against the fleet, read here or merged by a played GitLab. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { gatherFiles } from '../../functions/cli/explain-ci.ts'
import { type ExplainCiAnswer, explainCi } from '../../functions/explain-ci.ts'
import { explainedCi } from '../../functions/local/say-ci.ts'
import { openGitlab } from '../../shared/adapters/gitlab.ts'
import { InvalidInputError } from '../../shared/errors.ts'
import { playDay } from '../../shared/played-gitlab/index.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { loadFleet } from '../../shared/runtime/deps.ts'
import type { PlayedCi } from '../support/played-api/ci.ts'
import { API_TOKEN, READ_TOKEN, startPlayedApi } from '../support/played-api/index.ts'
import { dataFolder, runCommand, silent } from '../support/server.ts'

const TEXTS = {
  '.gitlab-ci.yml': `include:
  - local: ci/*.yml
  - template: Security/SAST.gitlab-ci.yml
test: { script: x, tags: [docker-any], parallel: 2 }
arm: { script: x, tags: [docker-any, arm64] }
old: { script: x, tags: [gcp-docker] }
pool: { script: x, tags: ["$POOL"] }
down: { trigger: example/other }
`,
  'ci/shell.yml': 'mac: { script: x, tags: [shell-any, mac-any] }\n',
  'elsewhere.txt': 'no part of it',
}
/** As GitLab would merge it, with the jobs of the template. */
const MERGED = `---
mac:
  script: x
  tags: [shell-any, mac-any]
sast:
  script: scan
  tags: [k8s-any]
`
const MAY_DOCKER = [
  'Linux Yoga Docker Runner',
  'Mac Docker Runner',
  'Mac2 Docker Runner',
  'gitlab-runner-nordic',
]

let folder = ''
beforeAll(() => {
  folder = join(dataFolder(), 'copy')
  mkdirSync(join(folder, '.git'), { recursive: true })
  for (const [path, text] of Object.entries(TEXTS)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
})

const day = playDay({ seed: 3, jobs: 5, startAt: Date.UTC(2026, 9, 1) })

async function explained(
  given: {
    project?: string
    token?: string
    ci?: PlayedCi
    file?: string
    variables?: Record<string, string>
  } = {},
): Promise<{ answer: ExplainCiAnswer; requests: string[] }> {
  const api = await startPlayedApi({
    day,
    ci: given.ci ?? { ofContent: () => ({ valid: true, mergedYaml: MERGED }) },
  })
  const { token, project, variables = {} } = given
  const signal = new AbortController().signal
  const deps = {
    fleet: loadFleet(undefined),
    settings: loadConfig({}),
    gitlab: (apiToken = '') => openGitlab({ baseUrl: api.url, token: apiToken, log: silent, signal }),
  }
  const gathered = gatherFiles(join(folder, given.file ?? '.gitlab-ci.yml'), variables)
  const input = { ...gathered, variables, apiToken: token, ...(project !== undefined && { project }) }
  return { answer: await explainCi(input, deps), requests: api.requests }
}

const byJob = ({ jobs }: ExplainCiAnswer) => Object.fromEntries(jobs.map((job) => [job.job, job]))

describe('without a token', () => {
  test('the files of the working copy are read, and no other', () => {
    const { path, files, lists } = gatherFiles(join(folder, '.gitlab-ci.yml'))
    expect(path).toBe('.gitlab-ci.yml')
    expect(Object.keys(files).sort()).toEqual(['.gitlab-ci.yml', 'ci/shell.yml'])
    expect(lists).toEqual({ 'ci/*.yml': ['ci/shell.yml'] })
  })

  test('nothing outside of it is read', () => {
    writeFileSync(join(folder, '../outside.yml'), 'job: { script: x }\n')
    writeFileSync(join(folder, 'leaving.yml'), 'include: { local: ../outside.yml }\n')
    const { files } = gatherFiles(join(folder, 'leaving.yml'))
    expect(Object.keys(files)).toEqual(['leaving.yml'])
  })

  test('each job has the runners that may take it, or why there is none', async () => {
    const { answer, requests } = await explained()
    const jobs = byJob(answer)
    expect(answer).toMatchObject({ read_by: 'here', why_here: 'GITLAB_API_TOKEN is not set' })
    expect(jobs['test 1/2']).toMatchObject({ verdict: 'runners', runners: MAY_DOCKER })
    expect(jobs.mac).toMatchObject({ file: 'ci/shell.yml', line: 1, runners: ['Mac Shell Runner'] })
    expect(jobs.arm).toMatchObject({
      verdict: 'nobody',
      reason: expect.stringContaining('no runner carries the tag "arm64"'),
    })
    expect(jobs.old).toMatchObject({ verdict: 'nobody', dead_tags: ['gcp-docker'] })
    expect(jobs.pool).toMatchObject({ verdict: 'not told', tags: null })
    expect(jobs.down).toMatchObject({ verdict: 'trigger' })
    expect(answer).toMatchObject({ without_runner: 2, not_told: 1 })
    expect(answer.gaps).toEqual([
      { include: 'template "Security/SAST.gitlab-ci.yml"', file: '.gitlab-ci.yml', line: 3 },
    ])
    expect(requests).toEqual([])
  })

  test('others of the process are answered while a long configuration is read', async () => {
    const name = 'long.yml'
    const text = Array.from({ length: 1_000 }, (_, n) => `j${n}: { script: x, tags: [docker-any] }\n`).join(
      '',
    )
    const deps = {
      fleet: loadFleet(undefined),
      settings: loadConfig({}),
      gitlab: () => {
        throw new Error('not to be asked')
      },
    }
    const input = { path: name, files: { [name]: text }, lists: {}, variables: {}, apiToken: undefined }
    let answered = 0
    const others = setInterval(() => {
      answered += 1
    })
    const { jobs } = await explainCi(input, deps)
    clearInterval(others)
    expect(jobs).toHaveLength(1_000)
    expect(answered).toBeGreaterThan(0)
  })

  test('a variable that is given makes its tags known', async () => {
    const { answer } = await explained({ variables: { POOL: 'k8s-any' } })
    expect(byJob(answer).pool).toMatchObject({ verdict: 'runners', tags: ['k8s-any'] })
  })
})

describe('with a token and a project', () => {
  test("GitLab's merged configuration counts", async () => {
    const { answer } = await explained({ token: API_TOKEN, project: 'example/backoffice' })
    expect(answer).toMatchObject({ read_by: 'gitlab', why_here: null, gaps: [] })
    expect(answer.jobs.map(({ job, verdict }) => [job, verdict])).toEqual([
      ['mac', 'runners'],
      ['sast', 'runners'],
    ])
    const told = explainedCi(answer)
    expect(told).toContain('as GitLab merges it for example/backoffice: lines are of the merged text.')
    expect(told).toMatch(/^mac +merged:\d+ /m)
  })

  test('the own reading serves where GitLab refuses, and says so', async () => {
    const { answer } = await explained({ token: READ_TOKEN, project: '101' })
    expect(answer.read_by).toBe('here')
    expect(answer.why_here).toContain('lacks the scope api')
  })

  test('what GitLab finds wrong is told as it says it', async () => {
    const ci = { ofContent: () => ({ valid: false, errors: ['jobs:arm unknown stage'] }) }
    const refused = explained({ token: API_TOKEN, project: '101', ci })
    await expect(refused).rejects.toThrow(InvalidInputError)
    await expect(refused).rejects.toThrow('GitLab finds .gitlab-ci.yml invalid:\n  - jobs:arm unknown stage')
  })
})

test('people are told in a table, and then in groups', async () => {
  const told = explainedCi((await explained()).answer)
  expect(told).toContain('read here (GITLAB_API_TOKEN is not set)')
  expect(told).toMatch(/^arm +\.gitlab-ci\.yml:5 +arm64, docker-any +NONE$/m)
  expect(told).toContain(
    '  refused: 4 runners do not carry the tag "arm64": Linux Yoga Docker Runner, Mac Docker Runner,',
  )
  expect(told).toContain(
    'test 1/2, test 2/2\n  asks for: tags docker-any\n  may take it: Linux Yoga Docker Runner,',
  )
  expect(told).toContain('  not told: its tags hold $POOL, which is set nowhere in the file')
  expect(told.trimEnd()).toMatch(
    /7 jobs, 2 without a runner, 1 of which it cannot be told\.\nMaintenance windows, heartbeats .* not looked at here\.$/,
  )
})

test('the command ends with 1 when a job has no runner, and with 0 when all have one', async () => {
  const env = { RUNNER_BANDIT_DATA: dataFolder() }
  const none = await runCommand(['explain', '--ci', join(folder, '.gitlab-ci.yml'), '--json'], env)
  expect(none).toMatchObject({ code: 1, stderr: '' })
  expect(JSON.parse(none.stdout)).toMatchObject({ without_runner: 2, path: '.gitlab-ci.yml' })
  const all = await runCommand(['explain', '--ci', join(folder, 'ci/shell.yml')], env)
  expect(all).toMatchObject({ code: 0, stderr: '' })
})
