import { expect, test } from 'vitest'
import { ucb1 } from '../../../shared/domain/policies/ucb1.ts'
import { rankArms } from '../../../shared/domain/statistics.ts'
import { armOf, finishedEvent, fleetWith, stateOf } from '../../support/builders.ts'

test('every known arm is ranked: untried ones first, then by index', () => {
  // t = 3, ln 3 = 1.098612. a: 1 + 2 sqrt(ln 3 / 2) = 2.482304; stranger: 2 + 2 sqrt(ln 3 / 1) = 4.096294.
  const state = stateOf([
    finishedEvent({ arm: 'a', durationSeconds: 54 }),
    finishedEvent({ arm: 'a', durationSeconds: 54 }),
    finishedEvent({ arm: 'stranger', durationSeconds: 24 }),
  ])
  const ranked = rankArms(
    state,
    fleetWith(armOf({ name: 'z' }), armOf({ name: 'b' }), armOf({ name: 'a' })),
    ucb1,
  )
  expect(ranked.map(({ arm, rank, managed, observations }) => [arm, rank, managed, observations])).toEqual([
    ['b', 1, true, 0],
    ['z', 2, true, 0],
    ['stranger', 3, false, 1],
    ['a', 4, true, 2],
  ])
  expect(ranked.map(({ index }) => index)).toEqual([
    null,
    null,
    expect.closeTo(4.096294, 5),
    expect.closeTo(2.482304, 5),
  ])
  expect(ranked.map(({ meanReward }) => meanReward)).toEqual([0, 0, 2, 1])
})
