/** The rules of a site in the feasible set, against their statement in other words. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { armsByCode, feasibleSet } from '../../../shared/domain/feasible.ts'
import { type Fleet, fleetOf } from '../../../shared/domain/fleet.ts'
import type { SiteRule } from '../../../shared/domain/site-rule.ts'
import { runnerOf } from '../../support/builders.ts'
import { siteFactsArb, siteFleetArb, siteJobArb } from '../site-arbitraries.ts'
import { fulfils, isArmFeasible } from '../site-rule.ts'

const runs = { numRuns: 400 }
const withRules = (fleet: Fleet, rules: readonly SiteRule[]): Fleet => ({ ...fleet, rules })
const feasibleIn = (
  fleet: Fleet,
  ...rest: [Parameters<typeof feasibleSet>[2], Parameters<typeof feasibleSet>[3]]
) => feasibleSet(fleet.arms.keys(), fleet, ...rest).feasible

describe('with rules of the site', () => {
  test('an arm is feasible when one of its runners fits, and none breaks what GitLab cannot know to keep', () => {
    let feasibleCount = 0
    fc.assert(
      fc.property(siteFleetArb, siteJobArb, siteFactsArb, (fleet, job, site) => {
        const expected = [...fleet.arms.values()]
          .filter((arm) => isArmFeasible(arm, fleet.rules, job, site))
          .map(({ id }) => id)
        feasibleCount += expected.length
        expect(feasibleIn(fleet, job, { site })).toEqual(expected)
      }),
      { numRuns: 1500 },
    )
    expect(feasibleCount).toBeGreaterThan(300)
  })

  test('a refused arm names every rule of every runner that refused it, and stands under each of their codes', () => {
    fc.assert(
      fc.property(siteFleetArb, siteJobArb, siteFactsArb, (fleet, job, site) => {
        const { refused } = feasibleSet(fleet.arms.keys(), fleet, job, { site })
        const byCode = armsByCode(refused)
        for (const { arm, code, reason, rules, codes } of refused) {
          const ofSite = (fleet.arms.get(arm)?.runners ?? []).flatMap((runner) =>
            fleet.rules
              .filter((rule) => rule.severity === 'hard' && !fulfils(runner, rule, job, site))
              .map((rule) => [runner.name, `rule:${rule.name}`]),
          )
          const named = rules.map((one) => [one.runner, one.code])
          expect(named.filter(([, one]) => one?.startsWith('rule:'))).toEqual(ofSite)
          expect(rules[0]).toMatchObject({ code, reason })
          expect(new Set(codes)).toEqual(new Set(rules.map((one) => one.code)))
          for (const one of codes) expect(byCode[one]).toContain(arm)
        }
        const pairs = refused.flatMap(({ arm, codes }) => codes.map((code) => `${code} ${arm}`))
        const recorded = Object.entries(byCode).flatMap(([code, arms]) => arms.map((arm) => `${code} ${arm}`))
        expect(recorded.toSorted()).toEqual(pairs.toSorted())
      }),
      runs,
    )
  })

  test('switching a rule off never shrinks the feasible set', () => {
    fc.assert(
      fc.property(siteFleetArb, siteJobArb, siteFactsArb, fc.nat(), (fleet, job, site, which) => {
        const fewer = fleet.rules.filter((_, index) => index !== which % Math.max(1, fleet.rules.length))
        const after = feasibleIn(withRules(fleet, fewer), job, { site })
        expect(after).toEqual(expect.arrayContaining(feasibleIn(fleet, job, { site })))
      }),
      runs,
    )
  })

  test('a preference never changes the feasible set, and costs an arm the weights of what it leaves unmet', () => {
    fc.assert(
      fc.property(siteFleetArb, siteJobArb, siteFactsArb, (fleet, job, site) => {
        const hard = fleet.rules.filter(({ severity }) => severity === 'hard')
        const { feasible, preferences } = feasibleSet(fleet.arms.keys(), fleet, job, { site })
        expect(feasibleIn(withRules(fleet, hard), job, { site })).toEqual(feasible)
        expect(feasible).toEqual(expect.arrayContaining([...preferences.keys()]))
        for (const id of feasible) {
          const [only, ...others] = fleet.arms.get(id)?.runners ?? []
          if (only === undefined || others.length > 0) continue
          const unmet = fleet.rules.filter(
            (rule) => rule.severity === 'soft' && !fulfils(only, rule, job, site),
          )
          const penalty = unmet.reduce((sum, { weight }) => sum + weight, 0)
          const expected = unmet.length === 0 ? undefined : { penalty, unmet: unmet.map(({ name }) => name) }
          expect(preferences.get(id)).toEqual(expected)
        }
      }),
      runs,
    )
  })
})

// Runners that are alike are judged once; of these hundreds no two are.
test('hundreds of runners are each judged by what they are', () => {
  const job = { projectNames: ['app'], tags: ['docker'], refProtected: null }
  const runners = Array.from({ length: 300 }, (_, index) =>
    runnerOf({
      name: `r${String(index).padStart(3, '0')}`,
      tags: index % 3 === 0 ? [`t${index}`] : ['docker', `t${index}`],
      costPerHourEur: index / 100,
    }),
  )
  const rule = { name: 'cheap', severity: 'hard', weight: 0, jobs: null } as const
  const fleet = fleetOf(
    runners.map((runner) => ({ id: runner.name, tag: null, runners: [runner] })),
    { rules: [{ ...rule, type: 'cost_ceiling', eurPerHour: 1.5 }] },
  )
  const expected = runners.filter((_, index) => index % 3 !== 0 && index <= 150).map(({ name }) => name)
  const { feasible, refused } = feasibleSet(fleet.arms.keys(), fleet, job)
  expect(feasible).toEqual(expected)
  const byCode = armsByCode(refused)
  expect(byCode.tags_missing).toHaveLength(100)
  expect(byCode['rule:cheap']).toEqual(runners.slice(151).map(({ name }) => name))
})

describe('a pool', () => {
  const job = { projectNames: ['app'], tags: ['docker'], refProtected: null }
  const rule = (demand: Pick<SiteRule, 'severity'> & Partial<SiteRule>) =>
    ({ name: 'r', weight: 2, jobs: null, ...demand }) as SiteRule
  const pool = (...runners: Parameters<typeof runnerOf>[0][]) => [
    {
      id: 'pool',
      tag: 'own',
      runners: runners.map((words, index) => runnerOf({ name: `r${index}`, tags: ['docker'], ...words })),
    },
  ]
  const split = (arms: ReturnType<typeof pool>, ...rules: SiteRule[]) => {
    const facts = { lastSeenAt: null, running: 1 }
    const site = { at: 0, runners: new Map([['r0', facts]]) }
    return feasibleSet(['pool'], fleetOf(arms, { rules }), job, { site })
  }

  test('with one runner that breaks a hard rule is refused, since GitLab may give the job to that one', () => {
    const [refusal] = split(
      pool({ executor: 'docker' }, { executor: 'shell' }),
      rule({ severity: 'hard', type: 'executor', allowed: ['docker'] }),
    ).refused
    expect(refusal?.rules.map(({ runner, code }) => [runner, code])).toEqual([['r1', 'rule:r']])
    expect(refusal?.obstacles).toEqual([['rule:r'], ['rule:r']])
  })

  test('with one runner that is full is not: another takes the job', () => {
    const full = pool({ slots: 1 }, {})
    expect(split(full, rule({ severity: 'hard', type: 'free_slots' })).feasible).toEqual(['pool'])
    expect(split(full, rule({ severity: 'soft', type: 'free_slots' })).preferences).toEqual(new Map())
    const allFull = split(
      pool({ slots: 1 }, { paused: true }),
      rule({ severity: 'soft', type: 'free_slots' }),
    )
    expect(allFull.preferences).toEqual(new Map([['pool', { penalty: 2, unmet: ['r'] }]]))
  })

  test('that is dearer in one runner leaves a soft ceiling unmet', () => {
    const dear = pool({ costPerHourEur: 3 }, {})
    const soft = rule({ severity: 'soft', type: 'cost_ceiling', eurPerHour: 1 })
    expect(split(dear, soft).preferences.get('pool')).toEqual({ penalty: 2, unmet: ['r'] })
  })

  test('a job is routed to only when each runner carries the tags that it asks for', () => {
    const fleet = fleetOf(pool({}, { tags: ['linux'] }))
    expect(feasibleSet(['pool'], fleet, job).feasible).toEqual(['pool'])
    expect(feasibleSet(['pool'], fleet, job, { routed: true }).refused[0]?.rules).toEqual([
      { runner: 'r1', code: 'tags_missing', reason: 'r1 does not carry the tag "docker".' },
    ])
  })
})
