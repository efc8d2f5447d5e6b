/** Penalties of soft rules in the policies, and their absence. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { greedy } from '../../../../shared/domain/policies/greedy.ts'
import { policies } from '../../../../shared/domain/policies/index.ts'
import { thompson } from '../../../../shared/domain/policies/thompson.ts'
import { ucb1 } from '../../../../shared/domain/policies/ucb1.ts'
import { ucb1Tuned } from '../../../../shared/domain/policies/ucb1-tuned.ts'
import { uniform } from '../../../../shared/domain/policies/uniform.ts'
import { type Choice, choiceOf } from '../../../../shared/domain/policy.ts'
import { finishedEvent, stateOf } from '../../../support/builders.ts'
import { finishesArb, nameArb } from '../../arbitraries.ts'

const penalised = ({ arms, totalObservations }: Choice, ...penalties: number[]): Choice => ({
  totalObservations,
  arms: arms.map((arm, index) => ({ ...arm, penalty: penalties[index % penalties.length] as number })),
})
const armIdsArb = fc.uniqueArray(nameArb, { minLength: 1, maxLength: 12 })
const penaltiesArb = fc.array(fc.constantFrom(0, 0.25, 1, 12), { minLength: 1, maxLength: 5 })

describe('a penalty', () => {
  // Free successes of 54 s and 24 s earn 1 and 2: a has 1.5 of two, b has 1 of one. t = 3.
  const choice = choiceOf(
    stateOf([
      finishedEvent({ arm: 'a', durationSeconds: 54 }),
      finishedEvent({ arm: 'a', durationSeconds: 24 }),
      finishedEvent({ arm: 'b', durationSeconds: 54 }),
    ]),
    ['a', 'b'],
  )
  // ln 3 = 1.098612. UCB1: a 1.5 + 2 sqrt(ln 3 / 2) = 2.982303; b 1 + 2 sqrt(ln 3) = 3.096294, and 2.596294 without 0.5.
  test('is subtracted from the score of UCB1', () => {
    expect(ucb1.probabilities(choice)).toEqual([0, 1])
    const scores = ucb1.scores(penalised(choice, 0, 0.5))
    expect(scores[0]).toBeCloseTo(2.982303, 5)
    expect(scores[1]).toBeCloseTo(2.596294, 5)
    expect(ucb1.probabilities(penalised(choice, 0, 0.5))).toEqual([1, 0])
  })

  test.each([ucb1Tuned, greedy])('and of $name', (policy) => {
    const before = policy.scores(choice)
    const after = policy.scores(penalised(choice, 0.25, 4))
    expect(after[0]).toBeCloseTo((before[0] as number) - 0.25, 12)
    expect(after[1]).toBeCloseTo((before[1] as number) - 4, 12)
    const worst = before.map((score) => score + 100)
    expect(
      policy.probabilities(penalised(choice, ...worst.map((_, index) => (index === 0 ? 50 : 0)))),
    ).toEqual([0, 1])
  })

  test.each([ucb1, ucb1Tuned, greedy])(
    'decides by $name between arms never tried, then the id does',
    (policy) => {
      const untried = choiceOf(stateOf([]), ['a', 'b', 'c'])
      expect(policy.probabilities(untried)).toEqual([1, 0, 0])
      expect(policy.probabilities(penalised(untried, 1, 0.5, 0.5))).toEqual([0, 1, 0])
      expect(new Set(policy.scores(penalised(untried, 1, 0, 0))).size).toBe(1)
    },
  )

  test('does not keep UCB1 from an arm never tried, nor brings greedy to it', () => {
    const three = choiceOf(stateOf([finishedEvent({ arm: 'a' })]), ['a', 'b'])
    expect(ucb1.probabilities(penalised(three, 0, 99))).toEqual([0, 1])
    expect(greedy.probabilities(penalised(three, 99, 0))).toEqual([1, 0])
  })

  test('tilts the probabilities of Thompson sampling by exp(−penalty), before every arm gets its share of chance', () => {
    const [a, b] = thompson.probabilities(choice)
    const best = [a, b].map((share) => ((share as number) - 0.005) / 0.99)
    const weights = [(best[0] as number) * Math.exp(-2), (best[1] as number) * Math.exp(-0.5)]
    const sum = (weights[0] as number) + (weights[1] as number)
    const tilted = thompson.probabilities(penalised(choice, 2, 0.5))
    for (const [index, weight] of weights.entries())
      expect(tilted[index]).toBeCloseTo(0.005 + (0.99 * weight) / sum, 10)
  })

  test('of every arm the same, or so large that nothing is left, leaves Thompson sampling a distribution', () => {
    expect(thompson.probabilities(penalised(choice, 3))).toEqual(thompson.probabilities(choice))
    expect(thompson.probabilities(penalised(choice, 2000, 1000))[1]).toBeCloseTo(0.995, 10)
  })

  // Twenty arms, one far better: the others count for so little that they are not looked at, until it is penalised.
  test('on the only arm that could be the best brings Thompson sampling to the others', () => {
    const names = Array.from({ length: 20 }, (_, index) => `arm ${String(index).padStart(2, '0')}`)
    const events = names.flatMap((arm, index) =>
      Array.from({ length: 60 }, () => finishedEvent({ arm, durationSeconds: index === 0 ? 1 : 600 })),
    )
    const fast = choiceOf(stateOf(events), names)
    expect(thompson.probabilities(fast)[0]).toBeGreaterThan(0.98)
    const shares = thompson.probabilities(penalised(fast, 1000, ...new Array<number>(19).fill(0)))
    expect(shares[0]).toBeCloseTo(0.01 / 20, 10)
    expect(Math.min(...shares.slice(1))).toBeGreaterThan(0.04)
  })

  test('means nothing to the uniform policy', () => {
    expect(uniform.probabilities(penalised(choice, 7, 0))).toEqual([0.5, 0.5])
  })

  test('leaves every policy a distribution that does not depend on anything but its input', () => {
    fc.assert(
      fc.property(
        finishesArb,
        armIdsArb,
        penaltiesArb,
        fc.constantFrom(...policies),
        (events, ids, penalties, policy) => {
          const choice = penalised(choiceOf(stateOf(events), ids), ...penalties)
          const probabilities = policy.probabilities(choice)
          const sum = probabilities.reduce((total, share) => total + share, 0)
          expect(Math.abs(sum - 1)).toBeLessThan(1e-9)
          for (const share of probabilities) expect(share).toBeGreaterThanOrEqual(0)
        },
      ),
    )
  })
})

// What each policy computes without penalties, to the last bit: of another version it may be something else.
test.each([
  ['ucb1', [2.7982813073675112, 2.619936337742213, 2.86552514793641, Infinity], [0, 0, 0, 1]],
  ['ucb1-tuned', [2.096184237949979, 2.069733027069854, 2.2787154428737075, Infinity], [0, 0, 0, 1]],
  [
    'thompson',
    [0.8559683802283399, 0.604979347982935, 0.7051613885645974, 0.5],
    [0.45386920878473247, 0.1472179477164547, 0.2630999694775228, 0.13581287402129005],
  ],
  ['greedy', [0.5357707620500209, -0.25309436040318756, -0.7402534428737075, -Infinity], [1, 0, 0, 0]],
  ['uniform', [0.25, 0.25, 0.25, 0.25], [0.25, 0.25, 0.25, 0.25]],
])('without a penalty %s computes what it always did', (name, scores, probabilities) => {
  const runnerFailure = { status: 'failed', failureReason: 'runner_system_failure' } as const
  const choice = choiceOf(
    stateOf([
      ...[30, 42, 55, 38].map((durationSeconds) => finishedEvent({ arm: 'a', durationSeconds })),
      ...[25, 70].map((durationSeconds) => finishedEvent({ arm: 'b', durationSeconds })),
      finishedEvent({ arm: 'b', ...runnerFailure, durationSeconds: 9 }),
      finishedEvent({ arm: 'c', status: 'failed', durationSeconds: 90 }),
      finishedEvent({ arm: 'c', durationSeconds: 33 }),
    ]),
    ['a', 'b', 'c', 'd'],
  )
  const policy = policies.find((one) => one.name === name)
  expect(policy?.scores(choice)).toEqual(scores)
  expect(policy?.probabilities(choice)).toEqual(probabilities)
  expect(policy?.version).toBe(name === 'thompson' ? '2' : '1')
})
