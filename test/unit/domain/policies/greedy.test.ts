import { describe, expect, test } from 'vitest'
import { greedy } from '../../../../shared/domain/policies/greedy.ts'
import { type Choice, choiceOf } from '../../../../shared/domain/policy.ts'
import { EMPTY_STATE } from '../../../../shared/domain/state.ts'
import { finishedEvent, stateOf } from '../../../support/builders.ts'

const pick = (choice: Choice) => choice.arms[greedy.probabilities(choice).indexOf(1)]?.arm

// That it picks as the rewards themselves say over random states is in ucb1-tuned.test.ts, beside the same width.
describe('the pessimist', () => {
  // t = 6, ln 6 = 1.791759, width = sqrt((ln t / n) · (V + sqrt(2 ln t / n))); 54 s earn 1, 24 s earn 2.
  //   a: rewards 1, 1, 1, 1: V = 0,           sqrt(0.447940 · 0.946509) = 0.651137
  //   c: rewards 0, 2:       V = 4/2 − 1 = 1, sqrt(0.895880 · 2.338566) = 1.447437
  test('scores mean reward − the width of UCB1-Tuned: a case by hand', () => {
    const state = stateOf([
      ...[1, 2, 3, 4].map(() => finishedEvent({ arm: 'a', durationSeconds: 54 })),
      finishedEvent({ arm: 'c', durationSeconds: 24 }),
      finishedEvent({ arm: 'c', status: 'failed' }),
    ])
    const [a, c] = greedy.scores(choiceOf(state, ['a', 'c']))
    expect(a).toBeCloseTo(0.348863, 5)
    expect(c).toBeCloseTo(-0.447437, 5)
    expect(pick(choiceOf(state, ['a', 'c']))).toBe('a')
  })

  test('takes an arm never tried for worse than one that always failed', () => {
    const failing = stateOf([finishedEvent({ arm: 'z', status: 'failed' })])
    expect(pick(choiceOf(failing, ['a', 'z']))).toBe('z')
    expect(greedy.scores(choiceOf(failing, ['a', 'z']))).toEqual([-Infinity, 0])
  })

  test('picks the smallest arm id while nothing is known, and nothing where nothing is offered', () => {
    expect(pick(choiceOf(EMPTY_STATE, ['b', 'a', 'B']))).toBe('B')
    expect(greedy.probabilities(choiceOf(EMPTY_STATE, []))).toEqual([])
  })
})
