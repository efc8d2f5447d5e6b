/** What holds of any fleet file and any GitLab. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { feasibleSet } from '../../../shared/domain/feasible.ts'
import type { SeenFleet } from '../../../shared/domain/fleet-match.ts'
import type { GitlabRunner } from '../../../shared/domain/gitlab-runner.ts'
import { parseFleet } from '../../../shared/schema/fleet.ts'
import { followGitlab } from '../../../shared/schema/fleet-sync.ts'
import { gitlabRunner, managerOf } from '../../support/gitlab-runner.ts'

const RUNS = 40
const TAGS = ['docker', 'Docker', 'with space', 'ä☕', '380', 'a/b']
const PROJECTS = [
  { id: 101, path: 'g/app' },
  { id: 102, path: 'g/crm' },
  { id: 103, path: 'h/app' },
]

const runnerArb: fc.Arbitrary<GitlabRunner> = fc
  .record({
    description: fc.constantFrom('a', 'b', 'Läufer ☕', '', '380', 'true', '# no comment', 'x: y', "it's"),
    kind: fc.constantFrom('instance', 'group', 'project'),
    tags: fc.subarray(TAGS),
    runUntagged: fc.boolean(),
    refProtected: fc.boolean(),
    paused: fc.boolean(),
    projects: fc.subarray(PROJECTS, { minLength: 1 }),
    systems: fc.subarray(['s_1', 's_2', '']),
    executor: fc.constantFrom('docker', 'shell', null),
    architecture: fc.constantFrom('amd64', 'arm64', null),
  })
  .map(({ systems, executor, architecture, tags, runUntagged, kind, projects, ...rest }) =>
    gitlabRunner({
      ...rest,
      kind,
      tags,
      runUntagged: runUntagged || tags.length === 0,
      projects: kind === 'project' ? projects : null,
      managers: systems.map((systemId) => managerOf({ systemId, executor, architecture })),
    }),
  )

/** What GitLab has of ten ids, listed for three projects. */
const listedArb: fc.Arbitrary<SeenFleet> = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 10 }), runnerArb), { minLength: 1, maxLength: 6 })
  .map((entries) => {
    const runners = [...new Map(entries)]
      .map(([id, runner]) => ({ ...runner, id }))
      .sort((a, b) => a.id - b.id)
    const mayUse = (project: number) =>
      runners.filter(({ projects }) => projects?.some(({ id }) => id === project) ?? true).map(({ id }) => id)
    const asked = PROJECTS.map((one) => ({ ...one, runners: new Set(mayUse(one.id)) }))
    return { scope: 'projects', runners, asked, exists: new Map() }
  })
/** As above, or for the whole instance, of which it is not told whom a group's runners serve. */
const seenArb = fc.oneof(
  listedArb,
  listedArb.map((seen): SeenFleet => ({ ...seen, scope: 'instance', asked: [] })),
)

const follow = (text: string | undefined, seen: SeenFleet) => followGitlab(text, seen, 'fleet.yaml')

/** The file with what a person adds: a comment to each line, and what GitLab does not know. */
function annotated(text: string): { text: string; marks: string[] } {
  const lines = text
    .replaceAll(/^( +)executor: .*$/gm, '$&\n$1cost_per_hour_eur: 0.25\n$1slots: 3')
    .split('\n')
    .map((line, index) => (line === '' || line.includes('#') ? line : `${line} # mark-${index}-`))
  return { text: lines.join('\n'), marks: lines.flatMap((line) => /mark-\d+-/.exec(line) ?? []) }
}

test('a second sync changes no byte, finds no drift, and what it wrote is a fleet', () => {
  fc.assert(
    fc.property(seenArb, seenArb, (first, then) => {
      for (const seen of [first, then]) {
        const { text } = follow(seen === first ? undefined : follow(undefined, first).text, seen)
        const again = follow(text, seen)
        expect(again.text).toBe(text)
        expect(again.drift.changes).toEqual([])
        parseFleet(text)
      }
    }),
    { numRuns: RUNS },
  )
})

test('what a person wrote survives: comments, order, costs, slots', () => {
  fc.assert(
    fc.property(seenArb, seenArb, (first, then) => {
      const before = annotated(follow(undefined, first).text)
      const after = follow(before.text, then).text
      for (const mark of before.marks) expect(after).toContain(mark)
      const runnersOf = (text: string) =>
        [...parseFleet(text).runnersByName.values()].map(({ runner }) => runner)
      const names = runnersOf(before.text).map(({ name }) => name)
      const kept = runnersOf(after).slice(0, names.length)
      expect(kept.map(({ name }) => name)).toEqual(names)
      for (const runner of kept) expect(runner).toMatchObject({ costPerHourEur: 0.25, slots: 3 })
    }),
    { numRuns: RUNS },
  )
})

/** gitlab.md 2, said of GitLab's own words. */
const takes = (runner: GitlabRunner, job: { tags: string[]; project: number; refProtected: boolean }) =>
  !runner.paused &&
  (job.tags.length > 0 || runner.runUntagged === true) &&
  job.tags.every((tag) => runner.tags?.includes(tag)) &&
  (job.refProtected || !runner.refProtected) &&
  (runner.projects?.some(({ id }) => id === job.project) ?? true)

test('the runners that may take a job are those that GitLab would let take it', () => {
  const jobArb = fc.record({
    tags: fc.subarray(TAGS, { maxLength: 2 }),
    project: fc.constantFrom(101, 102, 103),
    refProtected: fc.boolean(),
  })
  fc.assert(
    fc.property(seenArb, listedArb, fc.array(jobArb, { minLength: 1, maxLength: 5 }), (first, then, jobs) => {
      const fleet = parseFleet(follow(annotated(follow(undefined, first).text).text, then).text)
      for (const job of jobs) {
        const { feasible } = feasibleSet(fleet.arms.keys(), fleet, {
          ...job,
          projectNames: [String(job.project)],
        })
        const ids = feasible.map((arm) => fleet.arms.get(arm)?.runners[0]?.id ?? 0)
        const expected = then.runners.filter((runner) => takes(runner, job)).map(({ id }) => id)
        expect(ids.sort((a, b) => a - b)).toEqual(expected)
      }
    }),
    { numRuns: RUNS },
  )
})
