import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { feasibleSet, provenFitFor } from '../../../shared/domain/feasible.ts'
import { fleetOf, type Runner } from '../../../shared/domain/fleet.ts'
import { EMPTY_STATE } from '../../../shared/domain/state.ts'
import { armOf, finishedEvent, fleetWith, runnerOf, stateOf } from '../../support/builders.ts'
import { jobArb, runnerArb } from '../arbitraries.ts'
import { mayTake } from '../gitlab-rule.ts'

describe('the feasible set of a job whose tags are not known', () => {
  const unknown = { projectNames: ['group/app'], tags: null, refProtected: null }

  test('contains only arms known to fit', () => {
    const fleet = fleetWith(armOf({ name: 'a' }), armOf({ name: 'b' }))
    const { feasible, refused } = feasibleSet(['a', 'b', 'stranger'], fleet, unknown, {
      provenFit: new Set(['b', 'stranger']),
    })
    expect(feasible).toEqual(['b', 'stranger'])
    expect(refused).toEqual([
      {
        arm: 'a',
        code: 'tags_unknown',
        reason: 'The job\'s tags are not known, and "a" is not known to have served this job before.',
      },
    ])
  })

  test('does not contain an arm that is known to fit and cannot take a job now', () => {
    const fleet = fleetWith(armOf({ name: 'a', paused: true }), armOf({ name: 'b', online: false }))
    const { refused } = feasibleSet(['a', 'b'], fleet, unknown, { provenFit: new Set(['a', 'b']) })
    expect(refused.map(({ code }) => code)).toEqual(['paused', 'offline'])
  })

  test('grows by the arms that served the job before, whatever came of it', () => {
    const state = stateOf([
      finishedEvent({ arm: 'success' }),
      finishedEvent({ arm: 'failure', status: 'failed' }),
      finishedEvent({ arm: 'cancellation', status: 'canceled' }),
      finishedEvent({ arm: 'elsewhere', jobName: 'lint' }),
    ])
    expect(provenFitFor(state, fleetWith(), '42/unit')).toEqual(
      new Set(['success', 'failure', 'cancellation']),
    )
    expect(provenFitFor(state, fleetWith(), '42/new')).toEqual(new Set())
  })

  test('grows by the actual arm and those with all tags of the actual runner', () => {
    const fleet = fleetWith(
      armOf({ name: 'same', tags: ['docker', 'linux'] }),
      armOf({ name: 'more', tags: ['docker', 'linux', 'gpu'] }),
      armOf({ name: 'less', tags: ['docker'] }),
    )
    const actual = { arm: 'stranger', tags: ['docker', 'linux'] }
    expect(provenFitFor(EMPTY_STATE, fleet, '42/unit', actual)).toEqual(new Set(['stranger', 'same', 'more']))
    const untagged = { arm: 'stranger', tags: [] }
    expect(provenFitFor(EMPTY_STATE, fleet, '42/unit', untagged)).toEqual(new Set(['stranger']))
  })

  // The tags of a job are some of its runner's; they may be none when the runner takes untagged jobs.
  test('contains no arm but the actual one that GitLab’s formula would refuse the job', () => {
    const runners = fc.array(runnerArb, { minLength: 2, maxLength: 6 })
    fc.assert(
      fc.property(runners, jobArb, (list, job) => {
        const arms = list.map((runner, index) => ({ ...armOf({ name: `arm ${index}` }), runners: [runner] }))
        const [first] = list
        fc.pre(first !== undefined && mayTake(first, job))
        const fleet = fleetWith(...arms)
        const actual = { arm: 'arm 0', tags: [...(first?.tags ?? [])] }
        const fit = provenFitFor(EMPTY_STATE, fleet, '42/unit', actual)
        const { feasible } = feasibleSet(fleet.arms.keys(), fleet, { ...job, tags: null }, { provenFit: fit })
        const wrong = feasible.filter(
          (id) => !fleet.arms.get(id)?.runners.some((runner) => mayTake(runner, job)),
        )
        expect(wrong).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('contains no arm that refuses untagged jobs when the actual runner takes them', () => {
    const takesAny = armOf({ name: 'takes any', tags: ['docker'], runUntagged: true })
    const fleet = fleetWith(takesAny, armOf({ name: 'tagged only', tags: ['docker'], runUntagged: false }))
    const fit = provenFitFor(EMPTY_STATE, fleet, '42/unit', { arm: 'takes any', tags: ['docker'] })
    expect(feasibleSet(fleet.arms.keys(), fleet, unknown, { provenFit: fit }).feasible).toEqual(['takes any'])
  })

  test('contains a pool only when a runner of it has the tags and can take the job, both at once', () => {
    const pool = (...runners: Runner[]) => ({ id: 'pool', tag: 'own', runners })
    const resting = runnerOf({ name: 'resting', tags: ['docker'], paused: true })
    const bare = runnerOf({ name: 'bare', tags: ['shell'] })
    const fleet = fleetOf([pool(resting, bare), armOf({ name: 'a', tags: ['docker'] })])
    const fit = provenFitFor(EMPTY_STATE, fleet, '42/unit', { arm: 'a', tags: ['docker'] })
    expect(feasibleSet(['a', 'pool'], fleet, unknown, { provenFit: fit }).feasible).toEqual(['a'])
  })
})
