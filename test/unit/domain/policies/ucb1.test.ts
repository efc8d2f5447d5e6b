import { describe, expect, test } from 'vitest'
import { fold } from '../../../../shared/domain/fold.ts'
import { ucb1, ucb1With } from '../../../../shared/domain/policies/ucb1.ts'
import { choiceOf } from '../../../../shared/domain/policy.ts'
import { type BanditState, EMPTY_STATE } from '../../../../shared/domain/state.ts'
import { createRng } from '../../../../shared/played-gitlab/rng.ts'
import { finishedEvent, stateOf, WINDOW } from '../../../support/builders.ts'

const pick = (state: BanditState, arms: readonly string[]) => {
  const choice = choiceOf(state, arms)
  return choice.arms[ucb1.probabilities(choice).indexOf(1)]?.arm
}

/** `seconds` of one success each; 54 s earn 1, 114 s 0.5, 24 s 2. */
const successes = (arm: string, ...seconds: number[]) =>
  seconds.map((durationSeconds) => finishedEvent({ arm, durationSeconds }))

describe('UCB1', () => {
  test('scores mean reward + 2 sqrt(ln t / n): a case by hand', () => {
    // t = 4 + 1 + 5 = 10, ln 10 = 2.302585.
    //   a: n = 4, mean 1.0: 1.0 + 2 sqrt(2.302585 / 4) = 1.0 + 2 * 0.758714 = 2.517427
    //   b: n = 1, mean 0.5: 0.5 + 2 sqrt(2.302585)     = 0.5 + 2 * 1.517427 = 3.534854
    //   c: n = 5, mean 2.0: 2.0 + 2 sqrt(2.302585 / 5) = 2.0 + 2 * 0.678614 = 3.357228
    const state = stateOf([
      ...successes('a', 54, 54, 54, 54),
      ...successes('b', 114),
      ...successes('c', 24, 24, 24, 24, 24),
    ])
    const [a, b, c] = ucb1.scores(choiceOf(state, ['a', 'b', 'c']))
    expect(a).toBeCloseTo(2.517427, 5)
    expect(b).toBeCloseTo(3.534854, 5)
    expect(c).toBeCloseTo(3.357228, 5)
    expect(pick(state, ['a', 'b', 'c'])).toBe('b')
    // t stays 10 though b is not offered: with t = 9 the score of c would be 3.325772.
    expect(ucb1.scores(choiceOf(state, ['a', 'c']))[1]).toBeCloseTo(3.357228, 5)
    expect(pick(state, ['a', 'c'])).toBe('c')
  })

  test('explores with another c as much as that says', () => {
    // t = 4 and 1, ln 5 = 1.609438: 1 + sqrt(1.609438 / 4) / 2 = 1.317159, and 0.5 + sqrt(1.609438) / 2 = 1.134318.
    const half = ucb1With({ c: 0.5 })
    const choice = choiceOf(stateOf([...successes('a', 54, 54, 54, 54), ...successes('b', 114)]), ['a', 'b'])
    expect(half.scores(choice)).toEqual([expect.closeTo(1.317159, 5), expect.closeTo(1.134318, 5)])
    expect([half.parameters, ucb1.parameters]).toEqual([{ c: 0.5 }, { c: 2 }])
  })

  test('lets an arm never tried go first', () => {
    const state = stateOf(successes('a', 1, 1, 1))
    expect(pick(state, ['a', 'z'])).toBe('z')
    expect(ucb1.scores(choiceOf(state, ['a', 'z']))[1]).toBe(Number.POSITIVE_INFINITY)
    const canceled = fold(state, [finishedEvent({ arm: 'z', status: 'canceled' })], WINDOW)
    expect(pick(canceled, ['a', 'z'])).toBe('z')
  })

  test('gives a tie to the smallest arm id by code unit', () => {
    expect(pick(EMPTY_STATE, ['b', 'a', 'B', 'ä'])).toBe('B')
    expect(
      pick(stateOf([...successes('b', 54), ...successes('ä', 54), ...successes('10', 54)]), ['ä', 'b', '10']),
    ).toBe('10')
  })

  test('picks nothing where nothing is offered', () => {
    expect(ucb1.probabilities(choiceOf(EMPTY_STATE, []))).toEqual([])
  })
})

/** UCB1 as in the textbook: rewards as floating-point sums, nothing shared with the product. */
class TextbookUcb1 {
  readonly counts = new Map<string, number>()
  readonly sums = new Map<string, number>()

  observe(arm: string, reward: number): void {
    this.counts.set(arm, (this.counts.get(arm) ?? 0) + 1)
    this.sums.set(arm, (this.sums.get(arm) ?? 0) + reward)
  }

  pick(offered: readonly string[]): string | undefined {
    let t = 0
    for (const count of this.counts.values()) t += count
    let best: { arm: string; score: number } | undefined
    for (const arm of offered) {
      const n = this.counts.get(arm) ?? 0
      const score = n === 0 ? Infinity : (this.sums.get(arm) ?? 0) / n + 2 * Math.sqrt(Math.log(t) / n)
      const isBetter = best === undefined || score > best.score || (score === best.score && arm < best.arm)
      if (isBetter) best = { arm, score }
    }
    return best?.arm
  }
}

const ELEVEN = [
  'gitlab-runner-nordic',
  'Mac Docker Runner',
  'Zeta',
  'alpha',
  'Ärger',
  '10',
  '9',
  '_',
  'b',
  'a',
  '380',
]
const STEPS = 1000

// The integer state of the product against floating point, as they learn side by side.
describe.each(['one', 'two', 'three'])(
  'over 1,000 steps with 11 arms and the random rewards of seed %s',
  (seed) => {
    test.each([
      ['all arms are offered', 1],
      ['half of the arms are offered', 0.5],
    ])('when %s, every pick is that of a textbook UCB1', (_, share) => {
      const rng = createRng(seed, `offers ${share}`)
      const textbook = new TextbookUcb1()
      let state = EMPTY_STATE
      let equal = 0
      for (let step = 0; step < STEPS; step += 1) {
        const drawn = ELEVEN.filter(() => rng.chance(share))
        const offered = drawn.length === 0 ? ELEVEN : drawn
        const picked = pick(state, offered)
        if (picked !== undefined && picked === textbook.pick(offered.toReversed())) equal += 1

        const arm = picked ?? 'a'
        const durationSeconds = rng.logNormal(20 + 10 * ELEVEN.indexOf(arm), 0.8)
        const costPerHourEur = ELEVEN.indexOf(arm) / 10
        const success = rng.chance(0.9)
        const event = finishedEvent({
          arm,
          durationSeconds,
          costPerHourEur,
          status: success ? 'success' : 'failed',
        })
        state = fold(state, [event], WINDOW)
        const minutes = durationSeconds / 60
        const cost = (costPerHourEur * durationSeconds) / 3600
        textbook.observe(arm, success ? 1 / (minutes + cost + 0.1) : 0)
      }
      expect(equal).toBe(STEPS)
    })
  },
)
