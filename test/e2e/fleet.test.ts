/** The fleet commands on a played GitLab: a file is built, kept up to date, compared and looked through. */
import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { backfill } from '../../functions/backfill.ts'
import { diffFleet, type FleetScope, syncFleet } from '../../functions/fleet.ts'
import { askedTags, lint } from '../../functions/fleet-lint.ts'
import { readFleetFile, writeFleetFile } from '../../functions/local/fleet-file.ts'
import { fleetDiffered, fleetLinted, fleetSynced } from '../../functions/local/say-fleet.ts'
import { openGitlab } from '../../shared/adapters/gitlab.ts'
import { feasibleSet } from '../../shared/domain/feasible.ts'
import { mayTake, playDay, playedRunners } from '../../shared/played-gitlab/index.ts'
import { parseFleet } from '../../shared/schema/fleet.ts'
import {
  API_TOKEN,
  MAINTAINER_TOKEN,
  type PlayedApiOptions,
  READ_TOKEN,
  startPlayedApi,
} from '../support/played-api/index.ts'
import { firstFleet } from '../support/played-api/runners.ts'
import { runCommand, silent, startServer } from '../support/server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const HOUR_MS = 3_600_000
const day = playDay({ seed: 1, jobs: 40, startAt: Date.now() - 25 * HOUR_MS })
const example = readFileSync(join(import.meta.dirname, '../../shared/fleet.example.yaml'), 'utf8')
const group: FleetScope = { projects: [], group: 'example', instance: false }
const projects: FleetScope = { projects: ['101', 'example/crm'], instance: false }

async function setUp({ token = API_TOKEN, ...options }: Partial<PlayedApiOptions> & { token?: string } = {}) {
  const api = await startPlayedApi({ day, ...options })
  const { signal } = new AbortController()
  const gitlab = openGitlab({ baseUrl: api.url, token, log: silent, signal, wait: async () => {} })
  const sync = (text: string | undefined, scope = group) =>
    syncFleet({ name: 'fleet.yaml', text }, scope, gitlab)
  const diff = (text: string, scope = group) => diffFleet({ name: 'fleet.yaml', text }, scope, gitlab)
  return { api, gitlab, sync, diff }
}

describe('a fleet file that is built from GitLab', () => {
  test('has its runners, and lets take a job whom GitLab lets', async () => {
    const { sync, diff } = await setUp()
    const { text, report } = await sync(undefined)
    expect(report).toMatchObject({ action: 'created', runners: 11 })
    const fleet = parseFleet(text)
    for (const job of day.jobs) {
      const names = [String(job.project.id), job.project.path]
      const requirements = { projectNames: names, tags: job.tags, refProtected: job.protectedRef }
      const allowed = playedRunners
        .filter((runner) => mayTake(runner, job))
        .map(({ description }) => description)
      expect(feasibleSet(fleet.arms.keys(), fleet, requirements).feasible.toSorted()).toEqual(
        allowed.toSorted(),
      )
    }
    // Four machines, as their configurations say.
    expect(new Set([...fleet.runnersById.values()].map(({ runner }) => runner.machine)).size).toBe(4)
    expect(await diff(text)).toMatchObject({ drift: [] })
    expect(await sync(text)).toMatchObject({ text, report: { action: 'unchanged', drift: [] } })
  })

  test('is the same by the projects of it, by its group and for the instance', async () => {
    const { sync } = await setUp()
    const built = await Promise.all(
      [group, { projects: [], instance: true }].map(async (of) => (await sync(undefined, of)).text),
    )
    expect(built[0]).toBe(built[1])
    const { text } = await sync(undefined, projects)
    expect(parseFleet(text).arms).toEqual(parseFleet(built[0] ?? '').arms)
    expect(parseFleet(text).projectIds.get('example/crm')).toBe(103)
    // From now on the file itself says of which projects.
    expect((await sync(text, { projects: [], instance: false })).report).toMatchObject({
      action: 'unchanged',
    })
  })

  test('by a token that may only read is the same, with a note', async () => {
    const { sync } = await setUp()
    const reader = await setUp({ token: READ_TOKEN })
    const { text, report } = await reader.sync(undefined)
    expect(text).toBe((await sync(undefined)).text)
    expect(report.notes).toContainEqual(expect.stringContaining('lacks the scope manage_runner'))
  })

  test('is not built of nothing', async () => {
    const { sync } = await setUp({ token: MAINTAINER_TOKEN })
    await expect(sync(undefined)).rejects.toThrow(/role Owner in the group/)
    await expect(sync(undefined, projects)).rejects.toThrow(/nothing to build fleet\.yaml of/)
    await expect(sync(undefined, { projects: [], instance: false })).rejects.toThrow(/Whose runners\?/)
    const empty = await setUp({ runners: [] })
    await expect(empty.sync(example)).rejects.toThrow('GitLab lists no runners there')
  })
})

describe('the example fleet', () => {
  test('learns its ids and keeps all else', async () => {
    const { sync, diff } = await setUp()
    const { text, report } = await sync(example, projects)
    const added = text.split('\n').filter((line) => !example.includes(`${line}\n`))
    expect(
      added.filter((line) => !/^ +(id: \d+|path: \S+|[\w-]+: \{.*architecture: a\w+64 \}.*)$/.test(line)),
    ).toEqual([])
    expect(parseFleet(text).runnersById.get(11)?.runner).toMatchObject({
      name: 'Nordic K8s Runner',
      online: false,
    })
    expect(fleetSynced({ ...report, dry_run: true }, true)).toMatch(
      /^fleet\.yaml would be updated \(11 runners in GitLab\)\.\n\nwhat +of/,
    )
    expect(await diff(text)).toMatchObject({ drift: [], notes: [] })
    expect(fleetDiffered(await diff(text))).toBe('fleet.yaml says what GitLab says (11 runners in GitLab).')
  })

  test('drifts as people change GitLab, and follows', async () => {
    const { api, sync, diff } = await setUp()
    const { text } = await sync(example, projects)
    const [nordic, mac, mac2] = api.runners
    if (nordic) nordic.tags = nordic.tags.filter((tag) => tag !== 'shell-any')
    if (mac) Object.assign(mac, { paused: true, protected: true, description: 'Renamed' })
    if (mac2) Object.assign(mac2, { type: 'project_type', projectIds: [101] })
    api.runners.splice(3, 1)
    const [first] = firstFleet()
    if (first) api.runners.push({ ...first, id: 50, description: 'New', tags: ['new'] })
    const { drift, notes } = await diff(text, projects)
    expect(drift.map(({ change, of, key, to }) => [change, of, key, key === null ? null : to])).toEqual([
      ['changed', 'gitlab-runner-nordic', 'tags', ['any-runner', 'docker-any', 'gcp-any', 'nordic']],
      ['changed', 'Mac Docker Runner', 'ref_protected', true],
      ['changed', 'Mac Docker Runner', 'paused', true],
      ['changed', 'Mac2 Docker Runner', 'projects', ['backoffice']],
      ['added', 'New', null, null],
      ['gone', 'Linux Yoga Docker Runner', 'online', false],
    ])
    expect(notes).toEqual([expect.stringContaining('"Mac Docker Runner" is called "Renamed" in GitLab')])
    const followed = await sync(text, projects)
    expect((await diff(followed.text, projects)).drift).toEqual([])
    expect((await sync(followed.text, projects)).text).toBe(followed.text)
    const fleet = parseFleet(followed.text)
    expect([...fleet.arms.keys()].at(-1)).toBe('New')
    expect(fleet.runnersById.get(4)?.runner).toMatchObject({ online: false, costPerHourEur: 0.01 })
    // It runs where gitlab-runner-nordic does, by what both tell of their machine.
    expect(fleet.runnersById.get(50)?.runner).toMatchObject({ machine: 'nordic', executor: 'docker' })
    // By the group a runner of single projects is not seen, and yet not taken for gone.
    expect((await diff(followed.text, group)).drift).toEqual([])
  })
})

describe('lint', () => {
  test('knows the tags that jobs asked for from the data folder and from GitLab, and what is wrong with them', async () => {
    const asking = playDay({ seed: 2, jobs: 40, startAt: Date.now() - 25 * HOUR_MS })
    const odd = asking.jobs.find(({ status }) => status === 'success')
    if (odd) Object.assign(odd, { tags: ['local-shell'], name: 'old job' })
    const api = await startPlayedApi({ day: asking })
    const { deps } = await startServer({ GITLAB_URL: api.url, GITLAB_API_TOKEN: API_TOKEN })
    await backfill(
      { projects: asking.projects.map(({ id }) => String(id)), since: '30d', restart: false },
      deps,
    )
    const seen = await askedTags(deps)
    expect(new Set(seen.map(({ project_id: id, job_name: name, tags }) => `${id} ${name} ${tags}`))).toEqual(
      new Set(asking.jobs.map(({ project, name, tags }) => `${project.id} ${name} ${tags.toSorted()}`)),
    )
    const fleet = parseFleet(example)
    const error = {
      severity: 'error',
      code: 'dead_tag_asked_for',
      about: 'local-shell',
      message: expect.stringContaining('old job asks for the dead tag'),
    }
    const fromFolder = await lint('fleet.yaml', fleet, { askedTags: async () => seen, gitlab: undefined })
    expect(fromFolder).toMatchObject({ ok: false, jobs: seen.length, notes: [] })
    expect(fromFolder.findings.filter(({ severity }) => severity === 'error')).toEqual([error])

    const gitlab = deps.gitlab()
    const unknown = await lint('fleet.yaml', fleet, { askedTags: undefined, gitlab })
    expect(unknown).toMatchObject({
      ok: true,
      jobs: null,
      notes: [expect.stringContaining('No jobs were looked at')],
    })
    const withIds = parseFleet(
      (
        await syncFleet(
          { name: 'f', text: example },
          { projects: asking.projects.map(({ id }) => String(id)), instance: false },
          gitlab,
        )
      ).text,
    )
    const fromGitlab = await lint('fleet.yaml', withIds, { askedTags: undefined, gitlab })
    expect(fromGitlab.findings).toEqual(fromFolder.findings)
    expect(fleetLinted(fromGitlab)).toMatch(
      /: 1 error, 0 warnings, 3 notes\.\n {2}error {4}dead_tag_asked_for: The job/,
    )
  })
})

describe('the file', () => {
  test('is replaced as a whole, with its mode, through a link, and leaves nothing beside it', async () => {
    const folder = temporaryFolder()
    const [target, link] = [join(folder, 'real.yaml'), join(folder, 'fleet.yaml')]
    writeFileSync(target, 'before')
    chmodSync(target, 0o640)
    symlinkSync('real.yaml', link)
    await writeFleetFile(await readFleetFile(link), 'after')
    expect(readFileSync(target, 'utf8')).toBe('after')
    expect(statSync(target).mode & 0o777).toBe(0o640)
    expect(readdirSync(folder).toSorted()).toEqual(['fleet.yaml', 'real.yaml'])
  })

  test('that somebody changed meanwhile is left alone', async () => {
    const name = join(temporaryFolder(), 'fleet.yaml')
    const none = await readFleetFile(name)
    writeFileSync(name, 'by another')
    await expect(writeFleetFile(none, 'ours')).rejects.toThrow('was changed meanwhile')
    expect(readFileSync(name, 'utf8')).toBe('by another')
  })

  test('that cannot be written is told of, and nothing is left', async () => {
    const folder = temporaryFolder()
    const name = join(folder, 'nowhere', 'fleet.yaml')
    await expect(writeFleetFile(await readFleetFile(name), 'x')).rejects.toThrow(/cannot be written: ENOENT/)
    expect(readdirSync(folder)).toEqual([])
  })
})

test('the commands build the file, say when it differs by their exit code, and write nothing in a dry run', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'fleet.yaml')
  const { api } = await setUp()
  const env = { GITLAB_URL: api.url, GITLAB_API_TOKEN: API_TOKEN, RUNNER_BANDIT_DATA: join(folder, 'none') }
  const run = (...args: string[]) => runCommand(['fleet', ...args, '--file', file], env)
  const dry = await run('sync', '--group', 'example', '--dry-run')
  expect([dry.code, dry.stderr, readdirSync(folder)]).toEqual([0, '', []])
  expect(dry.stdout).toContain('would be built')
  expect(await run('sync', '--project', '101', '--project', '103')).toMatchObject({ code: 0, stderr: '' })
  api.runners.pop()
  const [diff, linted] = await Promise.all([run('diff', '--json'), run('lint')])
  expect(diff.code).toBe(1)
  expect(JSON.parse(diff.stdout).drift).toMatchObject([{ change: 'gone', of: 'Nordic K8s Runner' }])
  expect(linted).toMatchObject({ code: 0, stderr: '' })
  expect(linted.stdout).toMatch(/, with \d+ jobs: 0 errors/)
  expect(readdirSync(folder)).toEqual(['fleet.yaml'])
})
