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
        const { feasible, refused } = feasibleSet(
          candidates,
          fleet,
          wanted,
          new Set(['arm 0', 'Z unmanaged']),
        )
        const named = [...feasible, ...refused.map(({ arm }) => arm)]
        expect(named.toSorted()).toEqual(candidates.toSorted())
        expect(feasible).toEqual(feasible.toSorted())
        expect(refused.map(({ arm }) => arm)).toEqual(refused.map(({ arm }) => arm).toSorted())
        for (const { reason } of refused) expect(reason).toMatch(/^[A-Z\p{L}"].{10,}\.$/u)
      }),
    )
  })

  test('does not contain an arm that fleet.yaml does not describe', () => {
    const job = { projectNames: ['app'], tags: [], refProtected: null }
    expect(feasibleSet(['stranger'], fleetWith(), job, new Set(['stranger'])).refused).toEqual([
      {
        arm: 'stranger',
        code: 'unmanaged',
        reason: '"stranger" is not described in fleet.yaml, so it is not known which tags it carries.',
      },
    ])
  })
})

test('known arms are those of the fleet and those that were observed', () => {
  const state = stateOf([finishedEvent({ arm: 'seen' }), finishedEvent({ arm: 'a', status: 'canceled' })])
  expect(knownArms(state, fleetWith(armOf({ name: 'a' }), armOf({ name: 'b' })))).toEqual(
    new Set(['a', 'b', 'seen']),
  )
})
