import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { policies, policyNamed } from '../../../shared/domain/policies/index.ts'
import { byCodeUnit, choiceOf, drawIndex } from '../../../shared/domain/policy.ts'
import { finishedEvent, stateOf } from '../../support/builders.ts'
import { finishesArb, nameArb } from '../arbitraries.ts'

const armIdsArb = fc.uniqueArray(nameArb, { maxLength: 12 })

describe('what a policy sees', () => {
  test('is the statistics of the arms offered, in the order of their code units', () => {
    // Free successes of 54 s and 24 s: rewards 1 and 2, mean 1.5, mean square (1 + 4) / 2 = 2.5.
    // Log speed: all jobs are of one key, so with L = ln 54 + ln 24 + ln 36 = 10.750557 and the weight of 5 the baselines
    //   are all (L + 5 ln 120) / 8 = 4.336002, project (L + 5 · 4.336002) / 8 = 4.053821, key 3.877458;
    //   y = 3.877458 − ln 54 = −0.111526 and 3.877458 − ln 24 = 0.699404: mean 0.293939, mean square 0.250802.
    //   One success elsewhere is what they are compared with: 2 · 1/(1 + 5).
    const state = stateOf([
      finishedEvent({ arm: 'b', durationSeconds: 54 }),
      finishedEvent({ arm: 'b', durationSeconds: 24 }),
      finishedEvent({ arm: 'elsewhere', durationSeconds: 36 }),
      finishedEvent({
        arm: 'B',
        status: 'failed',
        failureReason: 'runner_system_failure',
        durationSeconds: 10,
      }),
    ])
    const untried = {
      observations: 0,
      successes: 0,
      meanReward: 0,
      meanSquaredReward: 0,
      comparedSuccesses: 0,
      meanLogSpeed: 0,
      meanSquaredLogSpeed: 0,
      runnerFailures: 0,
      penalty: 0,
    }
    const preferences = new Map([['b', { penalty: 0.5 }]])
    expect(choiceOf(state, ['ä', 'b', 'a', 'B'], preferences)).toEqual({
      totalObservations: 4,
      arms: [
        { ...untried, arm: 'B', observations: 1, runnerFailures: 1, exposureMs: 10_000 },
        { ...untried, arm: 'a', exposureMs: 0 },
        {
          arm: 'b',
          observations: 2,
          successes: 2,
          runnerFailures: 0,
          meanReward: 1.5,
          meanSquaredReward: 2.5,
          comparedSuccesses: expect.closeTo(1 / 3, 6),
          meanLogSpeed: expect.closeTo(0.293939, 5),
          meanSquaredLogSpeed: expect.closeTo(0.250802, 5),
          exposureMs: 78_000,
          penalty: 0.5,
        },
        { ...untried, arm: 'ä', exposureMs: 0 },
      ],
    })
  })

  test('counts the observations of all arms, also of those not offered', () => {
    fc.assert(
      fc.property(finishesArb, armIdsArb, (events, armIds) => {
        const observed = events.filter(
          ({ arm, status, durationSeconds }) =>
            arm !== null && status !== 'canceled' && durationSeconds !== null,
        )
        expect(choiceOf(stateOf(events), armIds).totalObservations).toBe(observed.length)
      }),
    )
  })
})

describe.each(policies.map((policy) => ({ name: policy.name, policy })))(
  'the policy $name',
  ({ name, policy }) => {
    test('gives every arm offered a probability in [0, 1], and all of them together 1', () => {
      fc.assert(
        fc.property(finishesArb, armIdsArb, (events, armIds) => {
          const choice = choiceOf(stateOf(events), armIds)
          const probabilities = policy.probabilities(choice)
          expect(probabilities).toHaveLength(armIds.length)
          expect(policy.scores(choice)).toHaveLength(armIds.length)
          for (const probability of probabilities) {
            expect(probability).toBeGreaterThanOrEqual(0)
            expect(probability).toBeLessThanOrEqual(1)
          }
          const total = probabilities.reduce((sum, probability) => sum + probability, 0)
          expect(total).toBeCloseTo(armIds.length === 0 ? 0 : 1, 12)
        }),
      )
    })

    test('has no score that is no number', () => {
      fc.assert(
        fc.property(finishesArb, armIdsArb, (events, armIds) => {
          expect(policy.scores(choiceOf(stateOf(events), armIds)).some(Number.isNaN)).toBe(false)
        }),
      )
    })

    test('is not moved by the order of the state, nor by what is not offered', () => {
      fc.assert(
        fc.property(finishesArb, armIdsArb, (events, armIds) => {
          const inOrder = choiceOf(stateOf(events), armIds)
          const reversed = choiceOf(stateOf(events.toReversed()), armIds.toReversed())
          expect(policy.probabilities(reversed)).toEqual(policy.probabilities(inOrder))
        }),
      )
    })

    test('treats arms of equal statistics and any names alike, up to ties', () => {
      fc.assert(
        fc.property(finishesArb, armIdsArb, (events, armIds) => {
          const choice = choiceOf(stateOf(events), armIds)
          const turned = { ...choice, arms: choice.arms.toReversed() }
          const scores = policy.scores(choice)
          expect(policy.scores(turned).toReversed()).toEqual(scores)
          if (new Set(scores).size < scores.length) return
          const probabilities = policy.probabilities(turned).toReversed()
          for (const [index, probability] of policy.probabilities(choice).entries()) {
            expect(probabilities[index]).toBeCloseTo(probability, 9)
          }
        }),
      )
    })

    test('names every constant that it decides by', () => {
      for (const value of Object.values(policy.parameters)) expect(Number.isFinite(value)).toBe(true)
    })

    test('is found by its name', () => {
      expect(policyNamed(name)).toBe(policy)
      expect(policyNamed(`${name}2`)).toBeUndefined()
    })
  },
)

describe('a draw from probabilities', () => {
  const drawn = (probabilities: number[], value: number) => drawIndex(probabilities, () => value)

  test('takes the arm in whose share of [0, 1) the drawn number lies', () => {
    expect([0, 0.24, 0.25, 0.74, 0.75, 0.99].map((value) => drawn([0.25, 0.5, 0.25], value))).toEqual([
      0, 0, 1, 1, 2, 2,
    ])
  })

  test('never takes an arm of probability 0, not even where rounding leaves a rest', () => {
    expect(drawn([0, 1, 0], 0)).toBe(1)
    expect(drawn([0, 0.1, 0.2, 0], 0.999_999)).toBe(2)
    const share = 1 / 3
    expect(drawn([share, share, share, 0], 1 - Number.EPSILON / 2)).toBe(2)
  })

  test('takes none when there is none', () => {
    expect(drawn([], 0.5)).toBe(-1)
    expect(drawn([0, 0], 0.5)).toBe(-1)
  })
})

test('arm ids are ordered by UTF-16 code units, as the same everywhere', () => {
  const ids = ['ä', 'a', 'Z', '10', '9', '_', '😀', '\uffee']
  // The surrogates of 😀 are smaller code units than U+FFEE, though its code point is larger.
  expect(ids.toSorted(byCodeUnit)).toEqual(['10', '9', 'Z', '_', 'a', 'ä', '😀', '\uffee'])
  expect(byCodeUnit('a', 'a')).toBe(0)
})
