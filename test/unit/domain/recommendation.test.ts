import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JobRequirements } from '../../../shared/domain/constraint.ts'
import { greedy } from '../../../shared/domain/policies/greedy.ts'
import { policies } from '../../../shared/domain/policies/index.ts'
import { ucb1 } from '../../../shared/domain/policies/ucb1.ts'
import { uniform } from '../../../shared/domain/policies/uniform.ts'
import { choiceOf } from '../../../shared/domain/policy.ts'
import { choiceSetFor, drawArm, type RecommendationInput } from '../../../shared/domain/recommendation.ts'
import { type Draw, seededDraws } from '../../../shared/domain/rng.ts'
import { EMPTY_STATE } from '../../../shared/domain/state.ts'
import { armOf, finishedEvent, fleetWith, stateOf } from '../../support/builders.ts'
import { finishesArb, fleetArb, jobArb } from '../arbitraries.ts'

const docker: JobRequirements = { projectNames: ['group/app', '42'], tags: ['docker'], refProtected: false }
const names = ['a', 'b', 'c', 'd', 'e']
const fleet = fleetWith(...names.map((name) => armOf({ name, tags: ['docker', `own-${name}`] })))

const recommend = (overrides: Partial<RecommendationInput & { draw: Draw }> = {}) => {
  const { draw = seededDraws('seed'), ...input } = overrides
  const { lottery, feasible, refused } = choiceSetFor({
    jobKey: '42/unit',
    requirements: docker,
    state: EMPTY_STATE,
    fleet,
    policy: ucb1,
    ...input,
  })
  return { chosen: drawArm(lottery, draw), feasible, refused }
}

describe('a recommendation', () => {
  // t = 4, ln 4 = 1.386294. a: 1 + 2 sqrt(ln 4 / 2) = 2.665109; b: 2 + 2 sqrt(ln 4 / 1) = 4.354820; c: failed,
  // 0 + 2 sqrt(ln 4 / 1) = 2.354820.
  const state = stateOf([
    finishedEvent({ arm: 'a', durationSeconds: 54 }),
    finishedEvent({ arm: 'a', durationSeconds: 54 }),
    finishedEvent({ arm: 'b', durationSeconds: 24 }),
    finishedEvent({ arm: 'c', status: 'failed' }),
  ])
  const three = fleetWith(...[...fleet.arms.values()].slice(0, 3))

  test('names the arm, the tag that routes to it, its propensity and how sure the state is', () => {
    const { chosen } = recommend({ state, fleet: three })
    expect(chosen).toMatchObject({ arm: 'b', tag: 'own-b', propensity: 1 })
    expect(chosen?.confidence).toBeGreaterThan(0.5)
    expect(chosen?.confidence).toBeLessThan(1)
  })

  test('lists the feasible arms, best score first', () => {
    const { feasible } = recommend({ state, fleet: three })
    expect(feasible.map(({ arm, observations, probability }) => [arm, observations, probability])).toEqual([
      ['b', 1, 1],
      ['a', 2, 0],
      ['c', 1, 0],
    ])
    for (const [index, score] of [4.35482, 2.665109, 2.35482].entries()) {
      expect(feasible[index]?.score).toBeCloseTo(score, 5)
    }
  })

  test('lists arms never tried before all others, without a score, and picks the first by id', () => {
    const { chosen, feasible } = recommend({ state })
    expect(chosen?.arm).toBe('d')
    expect(feasible.map(({ arm, score }) => [arm, score === null])).toEqual([
      ['d', true],
      ['e', true],
      ['b', false],
      ['a', false],
      ['c', false],
    ])
  })

  test('by the pessimist lists arms never tried after all others', () => {
    const { chosen, feasible } = recommend({ state, policy: greedy })
    expect(chosen?.arm).toBe(feasible[0]?.arm)
    expect(feasible.slice(3).map(({ arm, score }) => [arm, score])).toEqual([
      ['d', null],
      ['e', null],
    ])
  })

  test('has no arm when none is feasible, and says why for each', () => {
    const { chosen, feasible, refused } = recommend({ requirements: { ...docker, tags: ['gpu'] } })
    expect(chosen).toBeUndefined()
    expect(feasible).toEqual([])
    expect(refused.map(({ arm, code }) => [arm, code])).toEqual(names.map((name) => [name, 'tags_missing']))
    expect(recommend({ fleet: fleetWith() })).toEqual({ chosen: undefined, feasible: [], refused: [] })
  })

  test('refuses each arm for the reason that stands against it', () => {
    const tags = ['docker']
    const mixed = fleetWith(
      armOf({ name: 'fits', tags }),
      armOf({ name: 'offline', tags, online: false }),
      armOf({ name: 'paused', tags, paused: true }),
      armOf({ name: 'project_not_served', tags, projects: ['portal'] }),
      armOf({ name: 'ref_not_protected', tags, refProtected: true }),
      armOf({ name: 'tags_missing', tags: ['shell'] }),
      armOf({ name: 'no_routing_tag', tags, routingTag: null }),
    )
    const seen = stateOf([finishedEvent({ arm: 'unmanaged', jobName: 'other' })])
    const { chosen, refused } = recommend({ fleet: mixed, state: seen })
    expect(chosen?.arm).toBe('fits')
    expect(refused.map(({ arm, code }) => [arm, code])).toEqual(
      refused.map(({ code }) => [code, code]).toSorted(),
    )
    expect(refused).toHaveLength(7)
    for (const { reason } of refused) expect(reason).toMatch(/\.$/)
    const untagged = recommend({ fleet: mixed, requirements: { ...docker, tags: [] } })
    expect(new Set(untagged.refused.map(({ code }) => code))).toContain('untagged_refused')
  })

  test('without known tags comes from the arms that served the job before', () => {
    const requirements = { ...docker, tags: null }
    expect(recommend({ requirements }).chosen).toBeUndefined()
    expect(
      recommend({ requirements, state })
        .feasible.map(({ arm }) => arm)
        .toSorted(),
    ).toEqual(['a', 'b', 'c'])
    expect(new Set(recommend({ requirements }).refused.map(({ code }) => code))).toEqual(
      new Set(['tags_unknown']),
    )
  })

  test('is drawn with the probability that it says, which is the policy’s own', () => {
    fc.assert(
      fc.property(
        finishesArb,
        fleetArb,
        jobArb,
        fc.constantFrom(...policies),
        fc.string(),
        (events, fleet, job, policy, seed) => {
          const learned = stateOf(events)
          const { chosen, feasible } = recommend({
            state: learned,
            fleet,
            requirements: job,
            policy,
            draw: seededDraws(seed),
          })
          const choice = choiceOf(
            learned,
            feasible.map(({ arm }) => arm),
          )
          const index = choice.arms.findIndex(({ arm }) => arm === chosen?.arm)
          expect(chosen?.propensity).toBe(policy.probabilities(choice)[index])
          expect(chosen === undefined).toBe(feasible.length === 0)
          if (chosen !== undefined) expect(chosen.propensity).toBeGreaterThan(0)
        },
      ),
    )
  })

  // 4 degrees of freedom: chi-square exceeds 23.5 in one of 10,000 cases.
  test('by the uniform policy comes out as often as its propensity says', () => {
    const counts = new Map<string, number>()
    for (let request = 0; request < 5000; request += 1) {
      const { chosen } = recommend({ policy: uniform, draw: seededDraws(`request ${request}`) })
      expect(chosen?.propensity).toBe(0.2)
      counts.set(chosen?.arm ?? '', (counts.get(chosen?.arm ?? '') ?? 0) + 1)
    }
    const chiSquare = names.reduce((sum, name) => sum + ((counts.get(name) ?? 0) - 1000) ** 2 / 1000, 0)
    expect(chiSquare).toBeLessThan(23.5)
  })
})
