/** Policies that act, in worlds whose truth is known, against values that come from elsewhere; the long form is `npm run validate`. */
import { describe, expect, test } from 'vitest'
import { greedy } from '../../shared/domain/policies/greedy.ts'
import { thompson, thompsonWith } from '../../shared/domain/policies/thompson.ts'
import { ucb1, ucb1With } from '../../shared/domain/policies/ucb1.ts'
import { ucb1Tuned, ucb1TunedWith } from '../../shared/domain/policies/ucb1-tuned.ts'
import { choiceOf, type Policy } from '../../shared/domain/policy.ts'
import { AUER, atOnce, byHundredths, regretOf } from '../validate/bernoulli.ts'
import { LEAST_RATIO, sharesClosed } from '../validate/closing.ts'
import { estimateOf, ratioOf } from '../validate/estimate.ts'
import { betaThompson, type MakePlayer, playerOf } from '../validate/player.ts'
import { samplerOf } from '../validate/sampling.ts'
import { loggedByChance, shareOfB } from '../validate/simpson.ts'

const PLAYS = 10_000
const RUNS = 6

const regret = (number: number, make: MakePlayer, isTold = atOnce, runCount = RUNS) => {
  const chances = AUER[number] as readonly number[]
  const runs = Array.from({ length: runCount }, (_, run) =>
    regretOf(make, chances, PLAYS, samplerOf(`${number}/${run}`), isTold),
  )
  return estimateOf(runs).mean
}

describe.each([2, 14])("on Auer's distribution %i", (number) => {
  const chances = AUER[number] as readonly number[]
  const best = Math.max(...chances)
  const gaps = chances.filter((chance) => chance < best).map((chance) => best - chance)
  const spec = regret(number, playerOf(ucb1With({ c: 2 })))
  const textbook = regret(number, playerOf(ucb1With({ c: Math.SQRT2 })))
  const tuned = regret(number, playerOf(ucb1TunedWith({ range: 1 })))
  const sampled = regret(number, betaThompson)

  test('the more a policy explores than it has to, the more it loses', () => {
    expect(tuned).toBeLessThan(textbook / 2)
    expect(textbook).toBeLessThan(spec)
  })

  // Auer, Cesa-Bianchi, Fischer (2002), theorem 1: at most 8 Σ ln n / Δ + (1 + π²/3) Σ Δ for c = √2.
  test('UCB1 keeps its bound, and loses no less than a fifth of what its bonus asks for', () => {
    const lnPlays = Math.log(PLAYS)
    const bound = gaps.reduce((sum, gap) => sum + (8 * lnPlays) / gap + (1 + Math.PI ** 2 / 3) * gap, 0)
    expect(textbook).toBeLessThan(bound)
    // An arm stays in play until its bonus √(2 ln n / plays) is below the gap: 2 ln n / Δ² plays, that of the best being small.
    const asked = gaps.reduce((sum, gap) => sum + (2 * lnPlays) / gap, 0)
    expect(textbook).toBeGreaterThan(asked / 5)
    expect(textbook).toBeLessThan(asked)
  })

  // Lai and Robbins (1985): no consistent policy's regret grows slower than Σ Δ / KL per ln n; from the second tenth on.
  test('Thompson sampling loses what Lai and Robbins say one must, and not much more', () => {
    const divergence = (p: number, q: number) => p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q))
    const slope = chances
      .filter((chance) => chance < best)
      .reduce((sum, chance) => sum + (best - chance) / divergence(chance, best), 0)
    expect(sampled).toBeLessThan(slope * Math.log(PLAYS))
    expect(sampled).toBeGreaterThan((slope * Math.log(PLAYS)) / 10)
  })

  test("the product's Thompson sampling, which integrates and knows of speed, loses less than half of what UCB1 does", () => {
    const integrated = regret(number, playerOf(thompsonWith({ uniformShare: 0 })), byHundredths, 3)
    expect(integrated).toBeGreaterThan(0)
    expect(integrated).toBeLessThan(textbook / 2)
  })
})

// evaluation.md has 72 % against 54 %, a ratio of 1.33, in another world; 60 seeds of 4,000 jobs belong to the long form.
test('on eleven runners Thompson sampling closes 1.3 times as much of the gap to the best arm as UCB1', () => {
  const shares = sharesClosed([ucb1, thompson], 6, 2000)
  const closed = (policy: Policy) => shares.get(policy) as number[]
  expect(ratioOf(closed(thompson), closed(ucb1)).mean).toBeGreaterThan(LEAST_RATIO)
  expect(estimateOf(closed(thompson)).mean).toBeLessThan(1)
})

describe("in Simpson's case, where B is 1.5 times as fast and has the lower mean", () => {
  const choice = choiceOf(loggedByChance(500), ['A', 'B'])
  const [a, b] = choice.arms

  // tiny/expected.json, "simpson".
  test('the raw means are 5/3 and 330/403, and whoever goes by them chooses A', () => {
    expect(a?.meanReward).toBeCloseTo(5 / 3, 6)
    expect(b?.meanReward).toBeCloseTo(330 / 403, 6)
    for (const policy of [ucb1, ucb1Tuned, greedy]) expect(policy.probabilities(choice)).toEqual([1, 0])
  })

  test('Thompson sampling goes by what both did, and chooses B', () => {
    expect(thompson.probabilities(choice)[1]).toBeGreaterThan(0.99)
  })

  test.each(['one', 'two', 'three'])('comes to choose B by its own picks: seed %s', (seed) => {
    expect(shareOfB(thompson, 600, seed)).toBeGreaterThan(0.9)
    expect(shareOfB(ucb1, 600, seed)).toBeLessThan(0.1)
  })
})
