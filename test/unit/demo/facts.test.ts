import { expect, test } from 'vitest'
import { armFacts, policyFacts } from '../../../functions/local/demo/facts.ts'
import type { SeenJob } from '../../../functions/local/demo/tally.ts'
import { policyNames } from '../../../shared/domain/policies/index.ts'
import { EMPTY_STATE } from '../../../shared/domain/state.ts'
import { armOf, finishedEvent, fleetWith, stateOf } from '../../support/builders.ts'

const fleet = fleetWith(
  armOf({ name: 'a', tags: ['docker-any'] }),
  armOf({ name: 'b', tags: ['docker-any', 'k8s-any'] }),
  armOf({ name: 'c', tags: ['docker-any'], online: false }),
)

const job = (words: Partial<SeenJob>): SeenJob => ({
  project: 'crm',
  name: 'unit',
  arm: 'a',
  picks: new Map(),
  status: 'success',
  runnerFailure: false,
  seconds: 60,
  finishedAt: 0,
  ...words,
})

// Rewards by hand: a success of 54 s earns 1 / (0.9 + 0.1) = 1, one of 114 s 1 / (1.9 + 0.1) = 0.5, a failure 0.
const state = stateOf([
  finishedEvent({ arm: 'a', durationSeconds: 54 }),
  finishedEvent({ arm: 'a', durationSeconds: 54, status: 'failed' }),
  finishedEvent({ arm: 'b', durationSeconds: 114 }),
])

test('of each arm of the fleet: jobs, successes and mean reward of the state, and the median of the newest successes', () => {
  const newest = [
    job({ seconds: 10 }),
    job({ seconds: 40 }),
    job({ seconds: 90, status: 'failed' }),
    job({ seconds: null }),
    job({ arm: 'b', seconds: 70 }),
  ]
  expect(armFacts(state, fleet, newest)).toEqual([
    // Mean 0.5 with two jobs, 0.5 with one: UCB1 prefers what it knows less.
    {
      arm: 'a',
      tag: 'own-a',
      online: true,
      jobs: 2,
      successRate: 0.5,
      medianSeconds: 25,
      meanReward: 0.5,
      rank: 2,
    },
    {
      arm: 'b',
      tag: 'own-b',
      online: true,
      jobs: 1,
      successRate: 1,
      medianSeconds: 70,
      meanReward: 0.5,
      rank: 1,
    },
    {
      arm: 'c',
      tag: 'own-c',
      online: false,
      jobs: 0,
      successRate: null,
      medianSeconds: null,
      meanReward: null,
      rank: null,
    },
  ])
})

test('of each policy: how often it picked as GitLab did, where a runner had the job', () => {
  const picks = (arm: string) => new Map([['ucb1', arm]])
  const newest = [
    job({ arm: 'a', picks: picks('a') }),
    job({ arm: 'a', picks: picks('b') }),
    job({ arm: 'b', picks: picks('b') }),
    job({ arm: 'b', picks: picks('b') }),
    job({ arm: null, picks: picks('b') }),
  ]
  const facts = policyFacts(state, fleet, newest)
  expect(facts.map(({ policy }) => policy)).toEqual(policyNames)
  expect(facts.find(({ policy }) => policy === 'ucb1')?.agreement).toBe(0.75)
  expect(policyFacts(state, fleet, []).map(({ agreement }) => agreement)).toEqual(policyNames.map(() => null))
})

test('of each policy and tag: what it would pick among the arms that are online and carry the tag', () => {
  const of = (name: string) => policyFacts(state, fleet, []).find(({ policy }) => policy === name)?.favourites
  expect(of('ucb1')).toEqual([
    { tag: 'docker-any', offered: ['a', 'b'], arms: ['b'], probability: 1 },
    { tag: 'shell-any', offered: [], arms: [], probability: 0 },
    { tag: 'k8s-any', offered: ['b'], arms: ['b'], probability: 1 },
  ])
  expect(of('uniform')?.[0]).toEqual({
    tag: 'docker-any',
    offered: ['a', 'b'],
    arms: ['a', 'b'],
    probability: 0.5,
  })
})

test('of an empty state there is nothing to tell', () => {
  for (const { jobs, rank, meanReward } of armFacts(EMPTY_STATE, fleet, []))
    expect([jobs, rank, meanReward]).toEqual([0, null, null])
})
