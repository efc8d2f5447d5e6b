/** GitLab's matching, played in other code, and the feasible set: 10,000 fleets and jobs, arm by arm. */
import { describe, expect, test } from 'vitest'
import type { JobRequirements } from '../../../shared/domain/constraint.ts'
import { projectNamesOf } from '../../../shared/domain/decision.ts'
import { feasibleSet } from '../../../shared/domain/feasible.ts'
import { type Fleet, fleetOf } from '../../../shared/domain/fleet.ts'
import { createRng } from '../../../shared/played-gitlab/index.ts'
import { runnerOf } from '../../support/builders.ts'
import { type AnyCase, anyCase } from '../../support/played-gitlab/any-fleet.ts'
import type { CiProject, CiRunner } from '../../support/played-gitlab/ci-runner.ts'
import { requestJob } from '../../support/played-gitlab/pending-builds.ts'

const PAIRS = 10_000
/** Of which so many are enough for the other laws. */
const SOME = 1000
const rng = createRng('feasible', 'pairs')
const cases = Array.from({ length: PAIRS }, () => anyCase(rng))

/**
 * What fleet.yaml says of a runner of GitLab:
 *
 *   description → name     run_untagged → run_untagged     paused → paused
 *   tag_list → tags        access_level → ref_protected    its machine is down → online: false
 *   the projects that its type reaches → projects: none named for an instance runner that all projects may use;
 *   else the ids of those assigned to it, or in its groups, or that allow instance runners
 *
 * The executor and the slots are kept, and are no part of GitLab's rule; `locked` and `maximum_timeout` are nowhere.
 */
const described = (runner: CiRunner, projects: readonly CiProject[]) =>
  runnerOf({
    name: runner.description,
    id: runner.id,
    executor: runner.executor,
    tags: runner.tags,
    runUntagged: runner.runUntagged,
    refProtected: runner.accessLevel === 'ref_protected',
    paused: runner.paused,
    online: runner.up,
    projects: projectsOf(runner, projects),
    slots: runner.slots,
  })

function projectsOf(runner: CiRunner, projects: readonly CiProject[]): string[] | null {
  if (runner.type === 'instance_type') {
    const open = projects.filter((project) => project.instanceRunnersEnabled)
    return open.length === projects.length ? null : open.map(({ id }) => String(id))
  }
  const isIn = ({ path }: CiProject) => runner.groups.some((group) => path.startsWith(`${group}/`))
  // By id in one case and by path in the other, since fleet.yaml may say either.
  return runner.type === 'group_type'
    ? projects.filter((project) => project.groupRunnersEnabled && isIn(project)).map(({ path }) => path)
    : runner.projectIds.map(String)
}

const fleetIn = ({ arms, projects }: AnyCase): Fleet =>
  fleetOf(
    [...arms].map(([id, runners]) => ({
      id,
      tag: id,
      runners: runners.map((one) => described(one, projects)),
    })),
  )

const requirementsOf = ({ build }: AnyCase): JobRequirements => ({
  projectNames: projectNamesOf(build.project.id, build.project.path),
  tags: build.tags,
  refProtected: build.protected,
})

/** The arms that have a runner which GitLab gives the job to when it asks. */
const armsGiven = ({ arms }: AnyCase, build: AnyCase['build']) =>
  [...arms].filter(([, runners]) => runners.some((one) => requestJob(one, [build], []))).map(([arm]) => arm)

/** Each arm's runners carry its id as a tag, which is what `fleetIn` routes by. */
const withOwnTags = (one: AnyCase): AnyCase => ({
  ...one,
  arms: new Map(
    [...one.arms].map(([arm, runners]) => [
      arm,
      runners.map((runner) => ({ ...runner, tags: [...runner.tags, arm] })),
    ]),
  ),
})

const fleets = new Map(cases.map((one) => [one, fleetIn(one)]))

const split = (one: AnyCase, change: Partial<JobRequirements> = {}) =>
  feasibleSet(one.arms.keys(), fleets.get(one) ?? fleetIn(one), { ...requirementsOf(one), ...change })

describe(`for ${PAIRS} fleets and jobs`, () => {
  test('an arm is feasible exactly when GitLab gives the job to one of its runners', () => {
    const differing = cases.filter((one) => split(one).feasible.join() !== armsGiven(one, one.build).join())
    expect(differing.slice(0, 3)).toEqual([])
  })

  test('a ref of which it is not known whether it is protected counts as GitLab counts an unprotected one', () => {
    const differing = cases.filter((one) => {
      const expected = armsGiven(one, { ...one.build, protected: false })
      return split(one, { refProtected: null }).feasible.join() !== expected.join()
    })
    expect(differing.slice(0, 3)).toEqual([])
  })

  test('a job that is sent by a tag to an arm of its feasible set gets one of its runners, with all that it asked for', () => {
    for (const one of cases.slice(0, SOME).map(withOwnTags)) {
      const { feasible } = feasibleSet(one.arms.keys(), fleetIn(one), requirementsOf(one), { routed: true })
      for (const [arm, runners] of one.arms) {
        const isFit = runners.every((runner) => one.build.tags.every((tag) => runner.tags.includes(tag)))
        expect([arm, feasible.includes(arm)]).toEqual([arm, isFit && armsGiven(one, one.build).includes(arm)])
        if (feasible.includes(arm)) expect([arm]).toEqual(armsGiven(one, { ...one.build, tags: [arm] }))
      }
    }
  })

  test('locked, maximum_timeout, executor and slots decide nothing', () => {
    const differing = cases.slice(0, SOME).filter((one) => {
      const changed = [...one.arms].map(([arm, runners]): [string, CiRunner[]] => [
        arm,
        runners.map((runner) => ({
          ...runner,
          locked: !runner.locked,
          maximumTimeout: 1,
          executor: 'ssh',
          slots: 9,
        })),
      ])
      const again = { ...one, arms: new Map(changed) }
      return (
        armsGiven(again, one.build).join() !== armsGiven(one, one.build).join() ||
        split(again).feasible.join() !== split(one).feasible.join()
      )
    })
    expect(differing.slice(0, 3)).toEqual([])
  })

  test('every clause of the rule decides on its own in hundreds of them', () => {
    const counts: Record<string, number> = {}
    const count = (what: string) => {
      counts[what] = (counts[what] ?? 0) + 1
    }
    for (const one of cases) {
      for (const runners of one.arms.values())
        for (const runner of runners) for (const clause of decisive(runner, one)) count(clause)
      count(one.build.tags.length === 0 ? 'untagged' : 'tagged')
      if (armsGiven(one, one.build).length > 0) count('given')
    }
    for (const what of [
      'up',
      'unpaused',
      'open',
      'taken untagged',
      'tags',
      'reach',
      'untagged',
      'tagged',
      'given',
    ])
      expect([what, counts[what]]).toEqual([what, expect.toSatisfy((times) => times > 300)])
  })
})

/** What alone keeps the runner from the job: with it otherwise, GitLab would give it. */
function decisive(runner: CiRunner, { build }: AnyCase): string[] {
  const gives = (change: Partial<CiRunner>) => requestJob({ ...runner, ...change }, [build], []) !== undefined
  if (gives({})) return []
  const otherwise: Record<string, Partial<CiRunner>> = {
    up: { up: true },
    unpaused: { paused: false },
    open: { accessLevel: 'not_protected' },
    'taken untagged': { runUntagged: true },
    tags: { tags: build.tags },
    reach: { type: 'project_type', projectIds: [build.project.id] },
  }
  return Object.entries(otherwise).flatMap(([clause, change]) => (gives(change) ? [clause] : []))
}
