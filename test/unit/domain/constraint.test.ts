import { describe, expect, test } from 'vitest'
import { gitlabRule, type JobRequirements } from '../../../shared/domain/constraint.ts'
import type { Runner } from '../../../shared/domain/fleet.ts'
import { runnerOf } from '../../support/builders.ts'

const job = (overrides: Partial<JobRequirements> = {}): JobRequirements => ({
  projectNames: ['group/app', '42', 'app'],
  tags: ['docker'],
  refProtected: false,
  ...overrides,
})
const able = runnerOf({ name: 'Mac', tags: ['docker', 'linux'] })

/** Code and sentence of every clause of GitLab's rule that speaks against the runner. */
function refusals(runner: Runner, wanted: JobRequirements) {
  return gitlabRule.flatMap(({ code, demandOf }) => {
    const demand = demandOf(wanted)
    return demand === undefined || demand.isMetBy(runner) ? [] : [`${code}: ${demand.sentence(runner)}`]
  })
}

describe('GitLab’s matching rule, clause by clause', () => {
  test('has nothing against a runner that fits', () => {
    expect(refusals(able, job())).toEqual([])
    expect(refusals(able, job({ tags: ['linux', 'docker'] }))).toEqual([])
  })

  test.each<[string, Runner, JobRequirements]>([
    ['tags_missing: Mac does not carry the tag "gpu".', able, job({ tags: ['docker', 'gpu'] })],
    [
      'tags_missing: Mac does not carry the tags "gpu", "arm".',
      able,
      job({ tags: ['gpu', 'docker', 'arm'] }),
    ],
    ['tags_missing: Mac does not carry the tag "Docker".', able, job({ tags: ['Docker'] })],
    ['untagged_refused: The job has no tags, and Mac takes only jobs with tags.', able, job({ tags: [] })],
    [
      'ref_not_protected: Mac takes jobs of protected refs only, and this one is not.',
      { ...able, refProtected: true },
      job(),
    ],
    [
      'ref_not_protected: Mac takes jobs of protected refs only, and it is not known that this one is.',
      { ...able, refProtected: true },
      job({ refProtected: null }),
    ],
    [
      'project_not_served: Mac does not serve the project "group/app".',
      { ...able, projects: new Set(['portal']) },
      job(),
    ],
    ['paused: Mac is paused.', { ...able, paused: true }, job()],
    ['offline: Mac is described as offline.', { ...able, online: false }, job()],
  ])('%s', (expected, runner, wanted) => {
    expect(refusals(runner, wanted)).toEqual([expected])
  })

  test('takes jobs of protected refs, of untagged jobs and of served projects from runners that want them', () => {
    expect(refusals({ ...able, refProtected: true }, job({ refProtected: true }))).toEqual([])
    expect(refusals({ ...able, runUntagged: true }, job({ tags: [] }))).toEqual([])
    for (const name of ['group/app', '42', 'app']) {
      expect(refusals({ ...able, projects: new Set(['x', name]) }, job())).toEqual([])
    }
  })

  test('does not know of executor, machine or cost', () => {
    expect(refusals({ ...able, executor: 'shell', machine: 'attic', costPerHourEur: 99 }, job())).toEqual([])
  })

  test('says nothing of tags that are not known', () => {
    expect(refusals(runnerOf({ name: 'bare', runUntagged: false }), job({ tags: null }))).toEqual([])
  })
})
