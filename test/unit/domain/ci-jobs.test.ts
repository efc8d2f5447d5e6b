import { expect, test } from 'vitest'
import { type AskingJob, judgeJobs } from '../../../shared/domain/ci-jobs.ts'
import { fleetOf } from '../../../shared/domain/fleet.ts'
import type { SiteRule } from '../../../shared/domain/site-rule.ts'
import { runnerOf } from '../../support/builders.ts'

const NO_NEEDS = { executors: null, architecture: null, gpu: null, memoryGb: null, zone: null }

const asking = (changes: Partial<AskingJob> = {}): AskingJob => ({
  name: 'build',
  stage: 'test',
  at: { file: '.gitlab-ci.yml', line: 3 },
  kind: 'job',
  tags: ['docker'],
  tagsFrom: 'job',
  image: null,
  services: [],
  needs: NO_NEEDS,
  unknown: [],
  ...changes,
})

const one = runnerOf({ name: 'one', tags: ['docker', 'pool'] })
const two = runnerOf({ name: 'two', tags: ['pool'] })
const shell = runnerOf({ name: 'shell', tags: ['shell'], executor: 'shell' })
const secret = runnerOf({ name: 'secret', tags: ['docker'], refProtected: true })
const own = runnerOf({ name: 'own', tags: ['docker'], projects: ['group/app'] })

const fleet = fleetOf(
  [
    { id: 'pool', tag: 'pool', runners: [one, two] },
    ...[shell, secret, own].map((single) => ({ id: single.name, tag: null, runners: [single] })),
  ],
  { deadTags: new Set(['old']) },
)

const UNASKED = { project: undefined, refProtected: null }

test('judges each runner by itself, also those of a pool', () => {
  const [answer] = judgeJobs([asking()], fleet, UNASKED)
  expect(answer).toMatchObject({ verdict: 'runners', runners: ['one'] })
})

test('groups the refused by what is said of them, the largest group first', () => {
  const [answer] = judgeJobs([asking()], fleet, UNASKED)
  expect(answer?.refused).toEqual([
    { code: 'tags_missing', says: 'does not carry the tag "docker".', runners: ['shell', 'two'] },
    { code: 'project_not_served', says: 'does not serve the project "unknown".', runners: ['own'] },
    {
      code: 'ref_not_protected',
      says: 'takes jobs of protected refs only, and it is not known that this one is.',
      runners: ['secret'],
    },
  ])
})

test('says of those that take no untagged jobs what it says of one', () => {
  const [answer] = judgeJobs([asking({ tags: [] })], fleet, UNASKED)
  const untagged = answer?.refused.filter(({ code }) => code === 'untagged_refused')
  expect(untagged).toEqual([
    {
      code: 'untagged_refused',
      says: 'takes only jobs with tags.',
      runners: ['one', 'own', 'secret', 'shell', 'two'],
    },
  ])
})

test('counts in the project and the protection of the ref', () => {
  const asked = { project: { named: 'group/app', id: 7 }, refProtected: true }
  expect(judgeJobs([asking()], fleet, asked)[0]?.runners).toEqual(['one', 'own', 'secret'])
})

test('says why nobody may take a job, and what would have to change', () => {
  const [answer] = judgeJobs([asking({ tags: ['old', 'pool'] })], fleet, UNASKED)
  expect(answer).toMatchObject({ verdict: 'nobody', dead_tags: ['old'], runners: [] })
  expect(answer?.reason).toBe('No runner can take this job: no runner carries the tag "old".')
  expect(answer?.relaxations).toContainEqual({ lifted: ['tags_missing'], arms: ['one', 'shell', 'two'] })
})

test('asks no runner about a trigger, nor where the tags are not known', () => {
  const answers = judgeJobs([asking({ kind: 'trigger', tags: [] }), asking({ tags: null })], fleet, UNASKED)
  expect(answers.map(({ verdict, runners, refused }) => [verdict, runners, refused])).toEqual([
    ['trigger', [], []],
    ['not told', [], []],
  ])
})

test('holds hard site rules against what the job itself asks for, for the jobs that they name', () => {
  const rule: SiteRule = {
    name: 'containers where an image is named',
    severity: 'hard',
    weight: 0,
    jobs: ['7/image*'],
    type: 'executor',
    allowed: null,
  }
  const ruled = fleetOf([...fleet.arms.values()], { rules: [rule] })
  const needs = { ...NO_NEEDS, executors: ['docker'] }
  const jobs = [
    asking({ name: 'image', tags: ['shell'], needs }),
    asking({ name: 'plain', tags: ['shell'], needs }),
  ]
  const asked = { project: { named: 'group/app', id: 7 }, refProtected: null }
  expect(judgeJobs(jobs, ruled, asked).map(({ verdict }) => verdict)).toEqual(['nobody', 'runners'])
})
