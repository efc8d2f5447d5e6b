import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { feasibleSet, knownArms } from '../../../shared/domain/feasible.ts'
import { armOf, finishedEvent, fleetWith, stateOf } from '../../support/builders.ts'
import { fleetArb, jobArb } from '../arbitraries.ts'
import { mayTake } from '../gitlab-rule.ts'

describe('the feasible set of a job with known tags', () => {
  test('is what GitLab’s formula says, a pool being feasible when any of its runners is', () => {
    fc.assert(
      fc.property(fleetArb, jobArb, (fleet, job) => {
        const expected = [...fleet.arms.values()]
          .filter(({ runners }) => runners.some((runner) => mayTake(runner, job)))
          .map(({ id }) => id)
        expect(feasibleSet(fleet.arms.keys(), fleet, job).feasible).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  test('and the refused arms are the candidates, each once and in order of code units', () => {
    fc.assert(
      fc.property(fleetArb, jobArb, fc.boolean(), (fleet, job, tagsKnown) => {
        const candidates = [...fleet.arms.keys(), 'ä unmanaged', 'Z unmanaged']
        const wanted = { ...job, tags: tagsKnown ? job.tags : null }
        const { feasible, refused } = feasibleSet(candidates, fleet, wanted, {
          provenFit: new Set(['arm 0', 'Z unmanaged']),
        })
        const named = [...feasible, ...refused.map(({ arm }) => arm)]
        expect(named.toSorted()).toEqual(candidates.toSorted())
        expect(feasible).toEqual(feasible.toSorted())
        expect(refused.map(({ arm }) => arm)).toEqual(refused.map(({ arm }) => arm).toSorted())
        for (const { reason } of refused) expect(reason).toMatch(/^[A-Z\p{L}"].{10,}\.$/u)
      }),
    )
  })

  test('contains an arm that fleet.yaml does not describe only if it served the job before', () => {
    const job = { projectNames: ['app'], tags: ['docker'], refProtected: null }
    const seen = new Set(['seen'])
    expect(feasibleSet(['seen', 'stranger'], fleetWith(), job, { provenFit: seen })).toEqual({
      preferences: new Map(),
      feasible: ['seen'],
      refused: [
        {
          arm: 'stranger',
          code: 'unmanaged',
          reason:
            '"stranger" is not described in fleet.yaml and has not served this job before, so it is not known to carry its tags.',
        },
      ],
    })
  })
})

test('known arms are those of the fleet and those that were observed', () => {
  const state = stateOf([finishedEvent({ arm: 'seen' }), finishedEvent({ arm: 'a', status: 'canceled' })])
  expect(knownArms(state, fleetWith(armOf({ name: 'a' }), armOf({ name: 'b' })))).toEqual(
    new Set(['a', 'b', 'seen']),
  )
})
