import { expect, test } from 'vitest'
import { uniform } from '../../../../shared/domain/policies/uniform.ts'
import { choiceOf } from '../../../../shared/domain/policy.ts'
import { EMPTY_STATE } from '../../../../shared/domain/state.ts'
import { finishedEvent, stateOf } from '../../../support/builders.ts'

test.each([1, 2, 3, 11])('uniform gives each of %i arms the same probability', (count) => {
  const arms = Array.from({ length: count }, (_, index) => `arm ${index}`)
  expect(uniform.probabilities(choiceOf(EMPTY_STATE, arms))).toEqual(arms.map(() => 1 / count))
})

test('uniform does not care what was learned', () => {
  const state = stateOf([
    finishedEvent({ arm: 'a', durationSeconds: 1 }),
    finishedEvent({ arm: 'b', status: 'failed' }),
  ])
  expect(uniform.probabilities(choiceOf(state, ['a', 'b', 'c', 'd']))).toEqual([0.25, 0.25, 0.25, 0.25])
})

test('uniform gives nothing where nothing is offered', () => {
  expect(uniform.probabilities(choiceOf(EMPTY_STATE, []))).toEqual([])
})
