/** What to lift when no arm is feasible, against all subsets of the rules; and the sentence about it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JobRequirements } from '../../../shared/domain/constraint.ts'
import { feasibleSet } from '../../../shared/domain/feasible.ts'
import { type Fleet, fleetOf, type Runner } from '../../../shared/domain/fleet.ts'
import { relaxationsOf } from '../../../shared/domain/relaxation.ts'
import { whyNone } from '../../../shared/domain/why-none.ts'
import { armOf, fleetWith, runnerOf } from '../../support/builders.ts'
import { siteFactsArb, siteFleetArb, siteJobArb } from '../site-arbitraries.ts'
import { isArmFeasible } from '../site-rule.ts'

/** The world in which a rule is lifted: of GitLab's, what would have to be otherwise. */
const lifted = (codes: ReadonlySet<string>, fleet: Fleet, job: Parameters<typeof isArmFeasible>[2]) => {
  const otherwise = (runner: Runner): Runner => ({
    ...runner,
    ...(codes.has('tags_missing') ? { tags: new Set([...runner.tags, ...job.tags]) } : {}),
    ...(codes.has('untagged_refused') ? { runUntagged: true } : {}),
    ...(codes.has('ref_not_protected') ? { refProtected: false } : {}),
    ...(codes.has('project_not_served') ? { projects: null } : {}),
    ...(codes.has('paused') ? { paused: false } : {}),
    ...(codes.has('offline') ? { online: true } : {}),
  })
  const rules = fleet.rules.filter(({ name }) => !codes.has(`rule:${name}`))
  return (site: Parameters<typeof isArmFeasible>[3]) =>
    [...fleet.arms.values()]
      .map((arm) => ({ ...arm, runners: arm.runners.map(otherwise) }))
      .filter((arm) => isArmFeasible(arm, rules, job, site))
      .map(({ id }) => id)
}

const GITLAB = [
  'tags_missing',
  'untagged_refused',
  'ref_not_protected',
  'project_not_served',
  'paused',
  'offline',
]

const subsets = (items: readonly string[]): string[][] =>
  Array.from({ length: 2 ** items.length }, (_, bits) =>
    items.filter((_item, index) => Math.floor(bits / 2 ** index) % 2 === 1),
  )

describe('when no arm is feasible', () => {
  test('the relaxations are the smallest sets of rules without which one would be, and no part of them would do', () => {
    let count = 0
    fc.assert(
      fc.property(siteFleetArb, siteJobArb, siteFactsArb, (whole, job, site) => {
        const fleet = { ...whole, rules: whole.rules.slice(0, 4) }
        const { feasible, refused } = feasibleSet(fleet.arms.keys(), fleet, job, { site })
        fc.pre(feasible.length === 0)
        const involved = [...new Set(refused.flatMap(({ codes }) => [...codes]))]
        fc.pre(involved.length <= 7)
        const codes = [...GITLAB, ...fleet.rules.map(({ name }) => `rule:${name}`)]
        expect(codes).toEqual(expect.arrayContaining(involved))
        const freeing = subsets(involved)
          .map((set) => ({ set, arms: lifted(new Set(set), fleet, job)(site) }))
          .filter(({ arms }) => arms.length > 0)
        const minimal = freeing.filter(
          ({ set }) =>
            !freeing.some(
              (other) => other.set.length < set.length && other.set.every((code) => set.includes(code)),
            ),
        )
        const wanted = minimal.map(({ set, arms }) => [set.toSorted().join(), arms.toSorted().join()])
        const found = relaxationsOf(refused, 1000).map((one) => [
          one.lifted.toSorted().join(),
          one.arms.toSorted().join(),
        ])
        expect(found.toSorted()).toEqual(wanted.toSorted())
        const few = relaxationsOf(refused)
        expect(few.length).toBe(Math.min(5, wanted.length))
        const sizes = relaxationsOf(refused, 1000).map((one) => one.lifted.length)
        expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
        count += few.length
      }),
      { numRuns: 250 },
    )
    expect(count).toBeGreaterThan(100)
  })

  test('none is offered for what no rule says: tags that are not known, arms that are not described or have no tag', () => {
    const job = { projectNames: ['app'], tags: ['docker'], refProtected: null }
    const fleet = fleetWith(
      armOf({ name: 'a', tags: ['docker'], routingTag: null }),
      armOf({ name: 'b', tags: ['docker'], paused: true, routingTag: null }),
      armOf({ name: 'c', tags: ['docker'], paused: true, online: false }),
    )
    const { refused } = feasibleSet(['a', 'b', 'c', 'stranger'], fleet, job, { routed: true })
    expect(refused.map(({ codes }) => codes.join())).toEqual([
      'no_routing_tag',
      'paused,no_routing_tag',
      'paused,offline',
      'unmanaged',
    ])
    expect(relaxationsOf(refused)).toEqual([{ lifted: ['paused', 'offline'], arms: ['c'] }])
    const unknown = feasibleSet(['a', 'b', 'c'], fleet, { ...job, tags: null })
    expect(relaxationsOf(unknown.refused)).toEqual([])
  })
})

describe('the sentence about a job that no runner can take', () => {
  const job: JobRequirements = { projectNames: ['group/app'], tags: ['gpu'], refProtected: false }
  const tags = ['gpu', 'linux']
  const sentence = (fleet: Fleet, wanted: Partial<JobRequirements> = {}, routed = false) => {
    const whole = { ...job, ...wanted }
    const provenFit = new Set(['known'])
    const { feasible, refused } = feasibleSet(fleet.arms.keys(), fleet, whole, { provenFit, routed })
    expect(feasible).toEqual([])
    return whyNone(refused, whole, fleet).replace('No runner can take this job: ', '')
  }
  const bare = armOf({ name: 'z', tags: ['docker'] })

  test('says of all that come closest what stands against them', () => {
    const paused = ['a', 'b', 'c'].map((name) => armOf({ name, tags, paused: true, online: name !== 'b' }))
    expect(sentence(fleetWith(...paused, bare))).toBe('3 runners carry the tag "gpu", and all are paused.')
    expect(sentence(fleetWith(armOf({ name: 'a', tags, refProtected: true }), bare), { tags })).toBe(
      '1 runner carries the tags "gpu", "linux", and it takes jobs of protected refs only.',
    )
  })

  test('and counts them where different things do', () => {
    const fleet = fleetWith(
      ...paired('paused', { paused: true }),
      armOf({ name: 'off', tags, online: false }),
      armOf({ name: 'other', tags, projects: ['crm'] }),
    )
    expect(sentence(fleet)).toBe(
      '4 runners carry the tag "gpu": 1 is described as offline, 1 does not serve the project "group/app" and 2 are paused.',
    )
  })

  test('names the rule of the site, and arms without a tag of their own', () => {
    const rules = [
      {
        name: 'cheap',
        severity: 'hard',
        weight: 0,
        jobs: null,
        type: 'cost_ceiling',
        eurPerHour: 0,
      } as const,
    ]
    expect(sentence(fleetOf(paired('a', { costPerHourEur: 1 }), { rules }))).toBe(
      '2 runners carry the tag "gpu", and all are refused by the rule "cheap".',
    )
    expect(sentence(fleetWith(armOf({ name: 'a', tags, routingTag: null })), {}, true)).toBe(
      '1 runner carries the tag "gpu", and it has no tag of its own to be sent to.',
    )
  })

  test('says so when no runner carries the tags, or none all of them, or only with others in a pool', () => {
    expect(sentence(fleetWith(bare))).toBe('no runner carries the tag "gpu".')
    expect(sentence(fleetWith(bare), { tags: ['docker', 'gpu', 'arm'] })).toBe(
      'no runner carries the tags "gpu", "arm".',
    )
    expect(sentence(fleetWith(bare, armOf({ name: 'a', tags })), { tags: ['docker', 'gpu'] })).toBe(
      'no runner carries the tags "docker", "gpu" all at once.',
    )
    const mixed = { id: 'pool', tag: 'own', runners: [runnerOf({ tags }), runnerOf({ name: 'b' })] }
    expect(sentence(fleetOf([mixed]), {}, true)).toBe(
      'who carries the tag "gpu" is in a pool with a runner that does not.',
    )
  })

  test('speaks of jobs without tags, of tags that are not known, and of a fleet without runners', () => {
    expect(sentence(fleetWith(bare), { tags: [] })).toBe('no runner takes jobs without tags.')
    expect(sentence(fleetWith(armOf({ name: 'a', paused: true })), { tags: [] })).toBe(
      '1 runner takes jobs without tags, and it is paused.',
    )
    expect(sentence(fleetWith(bare), { tags: null })).toBe(
      'its tags are not known, and no runner is known to have served it before.',
    )
    expect(sentence(fleetWith(bare, armOf({ name: 'known', tags, online: false })), { tags: null })).toBe(
      '1 runner is known to have served it before, and it is described as offline.',
    )
    expect(sentence(fleetWith())).toBe('fleet.yaml describes none.')
  })

  function paired(name: string, words: Parameters<typeof armOf>[0]) {
    return [1, 2].map((index) => armOf({ name: `${name} ${index}`, tags, ...words }))
  }
})
