import { describe, expect, test } from 'vitest'
import { fold } from '../../../../shared/domain/fold.ts'
import { greedy } from '../../../../shared/domain/policies/greedy.ts'
import { ucb1Tuned, ucb1TunedWith } from '../../../../shared/domain/policies/ucb1-tuned.ts'
import { type Choice, choiceOf, type Policy } from '../../../../shared/domain/policy.ts'
import { EMPTY_STATE } from '../../../../shared/domain/state.ts'
import { createRng } from '../../../../shared/played-gitlab/rng.ts'
import { finishedEvent, stateOf, WINDOW } from '../../../support/builders.ts'

const pick = (policy: Policy, choice: Choice) => choice.arms[policy.probabilities(choice).indexOf(1)]?.arm

/** `seconds` of one success each; 54 s earn 1, 114 s 0.5, 24 s 2. */
const successes = (arm: string, ...seconds: number[]) =>
  seconds.map((durationSeconds) => finishedEvent({ arm, durationSeconds }))

// t = 8, ln 8 = 2.079442, width = sqrt((ln t / n) · (V + sqrt(2 ln t / n))), below the bound of R²/4 = 25.
//   a: rewards 1, 1, 1, 1: V = 0,                  sqrt(0.519860 · 1.019667) = 0.728069
//   b: rewards 0.5, 2:     V = 4.25/2 − 1.25² = 0.5625, sqrt(1.039721 · 2.004527) = 1.443658
//   c: rewards 0, 2:       V = 4/2 − 1 = 1,        sqrt(1.039721 · 2.442027) = 1.593432
const state = stateOf([
  ...successes('a', 54, 54, 54, 54),
  ...successes('b', 114, 24),
  ...successes('c', 24),
  finishedEvent({ arm: 'c', status: 'failed' }),
])

describe('UCB1-Tuned', () => {
  test('scores mean reward + a width by the arm’s own variance: a case by hand', () => {
    const [a, b, c] = ucb1Tuned.scores(choiceOf(state, ['a', 'b', 'c']))
    expect(a).toBeCloseTo(1.728069, 5)
    expect(b).toBeCloseTo(2.693658, 5)
    expect(c).toBeCloseTo(2.593432, 5)
    expect(pick(ucb1Tuned, choiceOf(state, ['a', 'b', 'c']))).toBe('b')
  })

  // R = 1, so R²/4 = 0.25 is less than either V + …: sqrt(0.519860 · 0.25) = 0.360507, sqrt(1.039721 · 0.25) = 0.509833.
  test('knows the range of the reward, and says which it is', () => {
    const narrow = ucb1TunedWith({ range: 1 })
    const [a, b] = narrow.scores(choiceOf(state, ['a', 'b']))
    expect(a).toBeCloseTo(1.360507, 5)
    expect(b).toBeCloseTo(1.759833, 5)
    expect([narrow.parameters, ucb1Tuned.parameters]).toEqual([{ range: 1 }, { range: 10 }])
  })

  // Rewards 0 and 10 by turns: V = 50 − 25 = 25, the most there is; so the width is sqrt((ln 100 / 4) · 25) = 5.364915.
  test('takes no variance for larger than the range of the reward allows', () => {
    const [arm] = choiceOf(EMPTY_STATE, ['a']).arms
    if (arm === undefined) throw new Error('no arm')
    const extreme = { ...arm, observations: 4, meanReward: 5, meanSquaredReward: 50 }
    const [score] = ucb1Tuned.scores({ arms: [extreme], totalObservations: 100 })
    expect(score).toBeCloseTo(10.364915, 5)
  })

  test('lets an arm never tried go first, and gives a tie to the smallest arm id', () => {
    expect(pick(ucb1Tuned, choiceOf(state, ['a', 'b', 'z', 'y']))).toBe('y')
    expect(pick(ucb1Tuned, choiceOf(EMPTY_STATE, ['b', 'a', 'B']))).toBe('B')
  })
})

/** From the list of rewards itself: nothing shared with the product but the formula of evaluation.md 1.4. */
function boundsOf(rewards: readonly number[], t: number): { upper: number; lower: number } {
  const n = rewards.length
  if (n === 0) return { upper: Infinity, lower: -Infinity }
  const mean = rewards.reduce((sum, reward) => sum + reward, 0) / n
  const variance = rewards.reduce((sum, reward) => sum + (reward - mean) ** 2, 0) / n
  const width = Math.sqrt((Math.log(t) / n) * Math.min(25, variance + Math.sqrt((2 * Math.log(t)) / n)))
  return { upper: mean + width, lower: mean - width }
}

const ARMS = [
  'Zeta',
  'alpha',
  'Ärger',
  '10',
  '9',
  '_',
  'b',
  'a',
  '380',
  'gitlab-runner-nordic',
  'Mac',
].toSorted()
const STEPS = 1000

test.each(['one', 'two'])(
  'over 1,000 random states of seed %s both pick as the rewards themselves say',
  (seed) => {
    const rng = createRng(seed, 'tuned')
    const rewards = new Map(ARMS.map((arm): [string, number[]] => [arm, []]))
    let learned = EMPTY_STATE
    let equal = 0
    for (let step = 0; step < STEPS; step += 1) {
      const offered = ARMS.filter(() => rng.chance(0.6))
      const bounds = offered.map((arm) => boundsOf(rewards.get(arm) ?? [], step))
      const best = (side: 'upper' | 'lower') => {
        const values = bounds.map((bound) => bound[side])
        return offered[values.indexOf(Math.max(...values))]
      }
      const choice = choiceOf(learned, offered.toReversed())
      if (pick(ucb1Tuned, choice) === best('upper') && pick(greedy, choice) === best('lower')) equal += 1

      const arm = ARMS[rng.index(ARMS.length)] as string
      const durationSeconds = rng.logNormal(20 + 10 * ARMS.indexOf(arm), 0.8)
      const success = rng.chance(0.9)
      const status = success ? 'success' : 'failed'
      learned = fold(learned, [finishedEvent({ arm, durationSeconds, status })], WINDOW)
      rewards.get(arm)?.push(success ? 1 / (durationSeconds / 60 + 0.1) : 0)
    }
    expect(equal).toBe(STEPS)
  },
)
