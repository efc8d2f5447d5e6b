import { describe, expect, test } from 'vitest'
import type { GitlabRunner } from '../../../shared/domain/gitlab-runner.ts'
import { ConfigError } from '../../../shared/errors.ts'
import { parseFleet } from '../../../shared/schema/fleet.ts'
import { followGitlab } from '../../../shared/schema/fleet-sync.ts'
import { gitlabRunner, managerOf, seenFleet } from '../../support/gitlab-runner.ts'

const sync = (text: string | undefined, ...runners: Partial<GitlabRunner>[]) =>
  followGitlab(text, seenFleet(runners.map((one) => gitlabRunner(one))), 'fleet.yaml')

const FILE = `# Ours.
machines:
  rack: { cost_per_hour_eur: 0.5 } # by the window

executors: [docker] # and no more
runners:
  # The old one.
  - name: a # as in GitLab
    id: 1
    machine: rack
    executor: docker
    tags: [ x, y ] # padded
    own_tag: y
    cost_per_hour_eur: 0.3
  - { name: b, machine: rack, executor: docker, tags: [x] }
`
const x = { id: 1, tags: ['x', 'y'], managers: [managerOf({ architecture: null })] }
const b = { id: 2, description: 'b', managers: [managerOf({ architecture: null })] }

/** The lines that are other than in FILE, with their sign. */
function changedLines(text: string): string[] {
  const [before, after] = [FILE.split('\n'), text.split('\n')]
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `-${line.trim()}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+${line.trim()}`),
  ]
}

describe('a fleet file that is synced', () => {
  test('changes in the lines that GitLab contradicts, and in no other', () => {
    const { text, drift } = sync(FILE, { ...x, tags: ['y', 'z', 'x'], paused: true }, b)
    expect(changedLines(text)).toEqual([
      '-tags: [ x, y ] # padded',
      '-- { name: b, machine: rack, executor: docker, tags: [x] }',
      '+tags: [ x, y, z ] # padded',
      '+paused: true',
      '+- { name: b, machine: rack, executor: docker, tags: [x], id: 2 }',
    ])
    expect(drift.changes).toEqual([
      { kind: 'changed', runner: 'a', key: 'tags', from: ['x', 'y'], to: ['x', 'y', 'z'] },
      { kind: 'changed', runner: 'a', key: 'paused', from: false, to: true },
      { kind: 'changed', runner: 'b', key: 'id', from: null, to: 2 },
    ])
    expect(sync(text, { ...x, tags: ['y', 'z', 'x'], paused: true }, b).text).toBe(text)
  })

  test.each([
    ['with lists that are not indented', FILE.replaceAll(/^ {2}(?=[ #-])/gm, '')],
    ['with the ends of lines of Windows', FILE.replaceAll('\n', '\r\n')],
  ])('stays as it is written: %s', (_, before) => {
    const { text } = sync(before, { ...x, paused: true }, b)
    const expected = before
      .replace(/( +)cost_per_hour_eur: 0.3(\r?\n)/, '$&$1paused: true$2')
      .replace('tags: [x] }', 'tags: [x], id: 2 }')
    expect(text).toBe(expected)
  })

  test('is not touched, however it is written, when GitLab says the same', () => {
    const odd = FILE.replace('id: 1', 'id:    1   # one').replace(
      'machine: rack, ',
      '"machine":   \'rack\', id: 2, ',
    )
    expect(sync(odd, x, b)).toEqual({ text: odd, drift: { changes: [], notes: [] } })
  })

  test('keeps what is said of single tags', () => {
    const list = FILE.replace('[ x, y ] # padded', '\n      - x # for all\n      # Its own.\n      - y')
    const { text } = sync(list, { ...x, tags: ['z', 'y', 'x'] }, b)
    expect(text).toContain('\n      - x # for all\n      # Its own.\n      - y\n      - z\n')
  })

  test('says nothing of untagged jobs where no tags say it already', () => {
    const { text, drift } = sync(
      FILE.replace('    own_tag: y\n', ''),
      { ...x, tags: [], runUntagged: true },
      b,
    )
    expect(drift.changes.filter(({ kind }) => kind === 'changed')).toMatchObject([
      { key: 'tags' },
      { key: 'id' },
    ])
    expect(parseFleet(text).runnersById.get(1)?.runner.runUntagged).toBe(true)
  })

  test('has new runners at its end, on the machine that the file knows by another runner of it', () => {
    const known = managerOf({ systemId: 's_rack', architecture: null })
    const other = managerOf({ systemId: 's_other', executor: 'shell', architecture: 'arm64' })
    const { text } = sync(
      FILE,
      { ...x, managers: [known] },
      b,
      { id: 3, description: 'c', tags: ['q'], managers: [{ ...known, executor: 'kubernetes' }] },
      { id: 4, description: 'd', tags: [], runUntagged: true, refProtected: true, managers: [other] },
      { id: 5, description: 'e', paused: true, managers: [other, managerOf({ systemId: 's_third' })] },
    )
    const fleet = parseFleet(text)
    expect([...fleet.arms.keys()]).toEqual(['a', 'b', 'c', 'd', 'e'])
    const runnerOf = (arm: string) => fleet.arms.get(arm)?.runners[0]
    expect(runnerOf('c')).toMatchObject({
      id: 3,
      machine: 'rack',
      executor: 'kubernetes',
      tags: new Set(['q']),
    })
    expect(runnerOf('d')).toMatchObject({
      machine: 's_other',
      executor: 'shell',
      architecture: 'arm64',
      runUntagged: true,
      refProtected: true,
      paused: false,
    })
    // Its machines are several, so that it is one of its own; nor do they agree.
    expect(runnerOf('e')).toMatchObject({
      machine: 'e',
      executor: 'unknown',
      architecture: null,
      paused: true,
    })
    expect(text).toContain('executor: unknown # GitLab does not say; fill it in')
    expect(text).toContain('executors: [docker, kubernetes, shell, unknown] # and no more')
  })

  test('leaves the executor that a person filled in, and fills in an unknown one when GitLab tells it', () => {
    const unknown = sync(undefined, { managers: [] })
    expect(unknown.drift.notes).toEqual([expect.stringMatching(/what executor.*: a\.$/)])
    const person = unknown.text
      .replace(/executor: unknown #.*/, 'executor: shell')
      .replace('[unknown]', '[shell]')
    expect(sync(person, {}).text).not.toContain('executor: docker')
    const { text } = sync(unknown.text, {})
    expect(text).toMatch(/executor: docker\n/)
  })

  test('says of a runner that is gone that it is offline, and takes it back when it is there again', () => {
    const { text, drift } = sync(FILE, b)
    expect(drift.changes.at(-1)).toEqual({ kind: 'gone', runner: 'a' })
    expect(text).toContain('    online: false # GitLab no longer has it\n')
    expect(parseFleet(text).arms.get('a')?.runners[0]?.online).toBe(false)
    expect(sync(text, b).text).toBe(text)
    const back = sync(text, x, b)
    expect(back.drift.changes).toEqual([{ kind: 'returned', runner: 'a' }])
    expect(back.text).not.toContain('online')
  })

  test('keeps what a person said of being offline', () => {
    const person = FILE.replace('    id: 1\n', '    id: 1\n    online: false # in the attic\n')
    expect(sync(person, x, b).text).toContain('online: false # in the attic')
    expect(sync(person, b).text).toContain('online: false # in the attic')
  })

  test('keeps the name of a runner that was renamed, since what was learned is kept under it', () => {
    const { text, drift } = sync(FILE, { ...x, description: 'a new name' }, b)
    expect(parseFleet(text).runnersById.get(1)?.runner.name).toBe('a')
    expect(drift.notes).toEqual([expect.stringContaining('"a" is called "a new name" in GitLab')])
  })

  test('knows a runner that was registered anew by its name', () => {
    const { text, drift } = sync(FILE, { ...x, id: 77 }, b)
    expect(drift.changes[0]).toEqual({ kind: 'changed', runner: 'a', key: 'id', from: 1, to: 77 })
    expect(parseFleet(text).runnersById.get(77)?.arm).toBe('a')
    expect(parseFleet(text).runnersById.get(1)).toBeUndefined()
  })

  test('tells runners of one description apart', () => {
    const twins = [7, 8, 9].map((id) => ({
      id,
      description: 'runner',
      tags: [`t${id}`],
      contactedAt: id === 8 ? 9 : 1,
    }))
    const { text } = sync(undefined, ...twins, { id: 10, description: '' })
    const names = () => [...parseFleet(text).runnersById].map(([id, { runner }]) => [id, runner.name])
    expect(names()).toEqual([
      [7, 'runner'],
      [8, 'runner #8'],
      [9, 'runner #9'],
      [10, 'runner 10'],
    ])
    const noIds = FILE.replace('name: a #', 'name: runner #').replace('    id: 1\n', '')
    // The one in contact last is the likeliest.
    expect(parseFleet(sync(noIds, ...twins, b).text).runnersByName.get('runner')?.runner.id).toBe(8)
  })

  test('gives one alias a list of its own where only one of its runners changed', () => {
    const shared = FILE.replace('[ x, y ]', '&both [ x, y ]')
      .replace('tags: [x] }', 'tags: *both, id: 2 }')
      .replace('    own_tag: y\n', '')
    const { text } = sync(shared, { ...x, tags: ['x'] }, { ...b, tags: ['x', 'y'] })
    expect(parseFleet(text).arms.get('a')?.runners[0]?.tags).toEqual(new Set(['x']))
    expect(parseFleet(text).arms.get('b')?.runners[0]?.tags).toEqual(new Set(['x', 'y']))
  })
})

describe('what GitLab contradicts of what a person said', () => {
  const withTags = `${FILE}tags:
  x: any
  y: the first
dead_tags: [old]
fallback_tag: y
`
  test('is given up, and said', () => {
    const { text, drift } = sync(withTags, { ...x, tags: ['x', 'old', 'new'] }, b)
    expect(drift.notes.toSorted()).toEqual(
      [
        'A runner carries "old" in GitLab, so it is no dead tag; it was taken out of dead_tags.',
        'No runner carries the tag "y" any more; it was moved from tags to dead_tags.',
        'fallback_tag "y" was taken out: no runner carries the tag "y".',
        'own_tag "y" was taken out: "a" does not carry "y" itself.',
      ].toSorted(),
    )
    const fleet = parseFleet(text)
    expect(fleet.deadTags).toEqual(new Set(['y']))
    expect(fleet.fallbackTag).toBeNull()
    expect(fleet.arms.get('a')?.tag).toBe('old')
    expect(text).toContain('new: new in GitLab; say what it promises')
    expect(sync(text, { ...x, tags: ['x', 'old', 'new'] }, b).text).toBe(text)
  })

  test('is refused as a whole where no fleet would come of it', () => {
    const tags = Array.from({ length: 51 }, (_, index) => `t${index}`)
    expect(() => sync(FILE, { ...x, tags }, b)).toThrow(ConfigError)
    expect(() => sync(FILE, { ...x, tags }, b)).toThrow(/was not written.*\n.*runners\.0\.tags/)
  })
})

describe('what GitLab does not tell', () => {
  const untold = { tags: null, runUntagged: null, refProtected: null, managers: [], untold: ['No scope.'] }

  test('stays what the file says, with the reason said once', () => {
    const { text, drift } = sync(FILE, { ...x, ...untold }, { ...b, ...untold })
    expect(text).toBe(FILE.replace('tags: [x] }', 'tags: [x], id: 2 }'))
    expect(drift.notes).toEqual(['No scope.'])
  })

  test('is not made up of a new runner: it is not added', () => {
    const { text, drift } = sync(FILE, x, b, { id: 9, description: 'new', ...untold })
    expect(parseFleet(text).runnersById.has(9)).toBe(false)
    expect(drift.notes).toContain('"new" (runner 9) was not added: its tags are not known.')
    expect(() => sync(undefined, { id: 9, description: 'new', ...untold })).toThrow(
      /nothing to build.*\n.*tags are not known/,
    )
  })

  test('of runners that never get a job nothing is written', () => {
    const never = { tags: [], runUntagged: false }
    const { text, drift } = sync(FILE, { ...x, ...never }, b, { id: 9, description: 'new', ...never })
    expect(text).toBe(FILE.replace('tags: [x] }', 'tags: [x], id: 2 }'))
    expect(drift.notes).toHaveLength(2)
  })
})

describe('projects', () => {
  const app = { id: 101, path: 'g/app' }
  const crm = { id: 102, path: 'g/crm' }
  const asked = (ids: Record<number, number[]>) =>
    [app, crm].filter(({ id }) => id in ids).map((one) => ({ ...one, runners: new Set(ids[one.id]) }))

  test('are found by id, path or bare name, and a runner of all of them needs no list', () => {
    const file = `${FILE}projects: [{ name: app }, { name: customers, path: g/crm }]\n`
    const runners = [gitlabRunner(x), gitlabRunner(b)]
    const seen = seenFleet(runners, { scope: 'projects', asked: asked({ 101: [1, 2], 102: [1] }) })
    const { text } = followGitlab(file, seen, 'fleet.yaml')
    const fleet = parseFleet(text)
    expect(fleet.projectIds).toEqual(
      new Map([
        ['app', 101],
        ['g/app', 101],
        ['customers', 102],
        ['g/crm', 102],
      ]),
    )
    expect(fleet.runnersById.get(1)?.runner.projects).toBeNull()
    expect(fleet.runnersById.get(2)?.runner.projects).toEqual(new Set(['g/app', '101']))
    expect(followGitlab(text, seen, 'fleet.yaml').text).toBe(text)
  })

  test('that nobody asked for stay those of a runner', () => {
    const file = FILE.replace('    own_tag', '    projects: [app, other]\n    own_tag')
    const text = `${file}projects: [{ name: app, id: 101 }, { name: other, id: 7 }]\n`
    const seen = seenFleet([gitlabRunner(x), gitlabRunner(b)], {
      scope: 'projects',
      asked: asked({ 101: [2], 102: [1, 2] }),
    })
    const synced = parseFleet(followGitlab(text, seen, 'fleet.yaml').text)
    expect(synced.runnersById.get(1)?.runner.projects).toEqual(new Set(['7', 'g/crm', '102']))
  })

  test('of a project runner are the ones that GitLab says', () => {
    const { text } = sync(
      undefined,
      { kind: 'project', projects: [app, crm] },
      { id: 2, description: 'b', tags: ['q'], kind: 'project', projects: [crm] },
    )
    const fleet = parseFleet(text)
    expect(fleet.runnersById.get(2)?.runner.projects).toEqual(new Set(['g/crm', '102']))
    expect(fleet.runnersById.get(1)?.runner.projects).toEqual(new Set(['g/app', '101', 'g/crm', '102']))
  })

  test('that were not asked for say nothing of a runner that is missing', () => {
    const file = `${FILE}projects: [{ name: app, id: 101 }, { name: crm, id: 102 }]\n`.replace(
      '    own_tag',
      '    projects: [crm]\n    own_tag',
    )
    const runners = [gitlabRunner(b)]
    const sees = (exists: boolean | null, ids: Record<number, number[]>) =>
      followGitlab(
        file,
        seenFleet(runners, { scope: 'projects', asked: asked(ids), exists: new Map([[1, exists]]) }),
        'f',
      )
    const isGone = ({ text }: { text: string }) =>
      parseFleet(text).arms.get('a')?.runners[0]?.online === false
    expect(isGone(sees(null, { 101: [2] }))).toBe(false)
    expect(isGone(sees(null, { 102: [2] }))).toBe(true)
    // Whether GitLab has it is known better than where it was listed.
    expect(isGone(sees(false, { 101: [2] }))).toBe(true)
    const elsewhere = sees(true, { 102: [2] })
    expect(isGone(elsewhere)).toBe(false)
    expect(elsewhere.drift.notes).toEqual([
      '"a" is in GitLab, but none of the projects asked for may use it.',
    ])
    const ofGroup = seenFleet(runners, { scope: 'group', exists: new Map([[1, null]]) })
    expect(followGitlab(file, ofGroup, 'f').drift.notes).toEqual([
      expect.stringContaining('is not of this group'),
    ])
  })
})
