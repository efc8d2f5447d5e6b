import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { thompson } from '../../../../shared/domain/policies/thompson.ts'
import { type ArmStatistics, type Choice, choiceOf } from '../../../../shared/domain/policy.ts'
import { EMPTY_STATE } from '../../../../shared/domain/state.ts'
import { createRng } from '../../../../shared/played-gitlab/rng.ts'
import { finishedEvent, stateOf } from '../../../support/builders.ts'
import { finishesArb } from '../../arbitraries.ts'

const UNTRIED = choiceOf(EMPTY_STATE, ['any']).arms[0] as ArmStatistics

/** Log speeds of successes, and the number of failures that are the runner's. */
type History = { speeds: readonly number[]; failures: number }

function choiceOfHistories(histories: readonly History[]): Choice {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const arms = histories.map(({ speeds, failures }, index): ArmStatistics => {
    const tried = { ...UNTRIED, arm: `arm ${index}`, runnerFailures: failures, observations: failures }
    if (speeds.length === 0) return tried
    return {
      ...tried,
      observations: failures + speeds.length,
      successes: speeds.length,
      comparedSuccesses: speeds.length,
      meanLogSpeed: mean(speeds),
      meanSquaredLogSpeed: mean(speeds.map((speed) => speed * speed)),
    }
  })
  return { arms, totalObservations: 1000 }
}

const probabilities = (...histories: History[]) => thompson.probabilities(choiceOfHistories(histories))
/** Without the hundredth that is the uniform policy's. */
const sampled = (...histories: History[]) =>
  probabilities(...histories).map((probability) => (probability - 0.01 / histories.length) / 0.99)

describe('Thompson sampling', () => {
  // One job key, durations e⁴ s three times and e⁵ s once: (17 + 5 ln 120)/9 = 4.548607 for all, 4.415893 for the
  // project, ln b = 4.342163 for the key. So y = 0.342163 three times for a and −0.657837 once for b.
  // Of a's successes each counts 1/(1 + 5), since b has one, of b's 3/(3 + 5): n = 1/2 and 3/8.
  //   a: s = 3, f = 1 (the runner's; a failed script is noise): κ = 2.5, m = 0.342163/2/2.5 = 0.068433,
  //      index (1 + 3)/(2 + 3 + 1) · e^0.068433 = 0.713886
  //   b: s = 1, f = 0: κ = 2.375, m = −0.657837 · 3/8/2.375 = −0.103869, index 2/3 · e^−0.103869 = 0.600896
  const state = stateOf([
    ...[1, 2, 3].map(() => finishedEvent({ arm: 'a', durationSeconds: Math.exp(4) })),
    finishedEvent({ arm: 'a', status: 'failed', failureReason: 'runner_system_failure' }),
    finishedEvent({ arm: 'b', durationSeconds: Math.exp(5) }),
    finishedEvent({ arm: 'b', status: 'failed', failureReason: 'script_failure' }),
  ])

  test('expects of an arm the chance of success times its speed: a case by hand', () => {
    const scores = thompson.scores(choiceOf(state, ['a', 'b', 'c']))
    expect(scores).toEqual([expect.closeTo(0.713886, 5), expect.closeTo(0.600896, 5), 0.5])
  })

  // The posteriors of a and b: p ~ Beta(4, 2) and Beta(2, 1); y Student-t of 5 degrees of freedom around 0.068433 with
  // scale 0.227478, and of 4 around −0.103869 with 0.278465 (n as a whole number 1 and 0). 20 million draws from them
  // (NumPy) have a ahead in 0.60730, so 0.99 · 0.60730 + 0.01/2 = 0.60623.
  test('takes an arm as often as it is likely to be the best: the same case', () => {
    const [a = 0, b = 0] = thompson.probabilities(choiceOf(state, ['a', 'b']))
    expect(Math.abs(a - 0.60623)).toBeLessThan(2e-3)
    expect(a + b).toBeCloseTo(1, 12)
  })

  test('is uniform among arms that are alike, tried or not', () => {
    for (const probability of probabilities(
      ...Array.from({ length: 7 }, () => ({ speeds: [], failures: 0 })),
    )) {
      expect(probability).toBeCloseTo(1 / 7, 12)
    }
    const tried = { speeds: [0.3, -0.1, 0.4], failures: 2 }
    const [one, two, other] = probabilities(tried, tried, { speeds: [0.5], failures: 0 })
    expect(one).toBe(two)
    expect(one).not.toBe(other)
  })

  test('keeps every arm possible, and no more than that where one is surely the best', () => {
    const sure = (speed: number) => Array.from({ length: 500 }, (_, index) => speed + (index % 2) / 10)
    const histories = [-1, 1, -2, -3].map((speed) => ({ speeds: sure(speed), failures: 0 }))
    const expected = [0.0025, 0.9925, 0.0025, 0.0025]
    for (const [index, probability] of probabilities(...histories).entries()) {
      expect(Math.abs(probability - (expected[index] ?? 0))).toBeLessThan(1e-3)
      expect(probability).toBeGreaterThanOrEqual(0.0025)
    }
  })

  test('lies in (0, 1], adds up to 1 and is the same for the same sums, whatever order they came in', () => {
    fc.assert(
      fc.property(finishesArb, (events) => {
        const arms = [...new Set(events.map(({ arm }) => arm ?? 'none'))]
        const found = thompson.probabilities(choiceOf(stateOf(events), arms))
        for (const probability of found) {
          expect(probability).toBeGreaterThan(0)
          expect(probability).toBeLessThanOrEqual(1)
        }
        if (arms.length > 0) {
          expect(Math.abs(found.reduce((sum, one) => sum + one, 0) - 1)).toBeLessThan(1e-12)
        }
        expect(thompson.probabilities(choiceOf(stateOf(events.toReversed()), arms))).toEqual(found)
      }),
    )
  })

  test('goes to whoever is faster, and away from who fails', () => {
    const usual = { speeds: [0, 0.1, -0.1], failures: 0 }
    const [faster = 0, plain = 0] = probabilities({ speeds: [0.5, 0.6, 0.4], failures: 0 }, usual)
    expect(faster).toBeGreaterThan(2 * plain)
    const [failing = 0, sound = 0] = probabilities({ ...usual, failures: 5 }, usual)
    expect(sound).toBeGreaterThan(2 * failing)
  })

  // Most of 300 arms cannot be the best, and are not even looked at closely; the others share as if alone.
  test('gives the best of many arms what they have among themselves', () => {
    const best: History[] = [4, 9, 30].map((n) => ({
      speeds: Array.from({ length: n }, () => 1),
      failures: 0,
    }))
    const slow = Array.from({ length: 297 }, (_, index) => {
      return { speeds: Array.from({ length: 300 }, () => -2 - index / 1000), failures: 0 }
    })
    const alone = sampled(...best)
    const beside = sampled(...best, ...slow)
    for (const [index, probability] of alone.entries()) {
      expect(Math.abs((beside[index] ?? 0) - probability)).toBeLessThan(2e-3)
    }
  })
})

/** How often each arm has the highest p · exp(y), by drawing as evaluation.md 1.2 and 1.4 say it. */
function drawn(histories: readonly History[], draws: number, seed: string): number[] {
  const rng = createRng(seed, 'thompson')
  const normal = () => Math.log(rng.logNormal(1, 1))
  const gamma = (shape: number) => {
    let sum = 0
    for (let part = 0; part < shape; part += 1) sum -= Math.log(1 - rng.uniform())
    return sum
  }
  const posteriors = histories.map(({ speeds, failures }) => {
    const n = speeds.length
    const total = speeds.reduce((sum, speed) => sum + speed, 0)
    const squares = speeds.reduce((sum, speed) => sum + speed * speed, 0)
    const k = 2 + n
    const m = total / k
    const a = 2 + n / 2
    const b = 0.3 + (squares - k * m * m) / 2
    return () => {
      const worked = gamma(1 + n)
      const p = worked / (worked + gamma(1 + failures))
      let chiSquare = 0
      for (let degree = 0; degree < 2 * a; degree += 1) chiSquare += normal() ** 2
      const y = m + (Math.sqrt(b / (a * k)) * normal()) / Math.sqrt(chiSquare / (2 * a))
      return p * Math.exp(y)
    }
  })
  const wins = histories.map(() => 0)
  for (let draw = 0; draw < draws; draw += 1) {
    const values = posteriors.map((sample) => sample())
    const best = values.indexOf(Math.max(...values))
    wins[best] = (wins[best] ?? 0) + 1
  }
  return wins.map((count) => count / draws)
}

// Of 30,000 draws a share has a standard error of at most 0.5 / sqrt(30,000) = 0.0029; four of those, and 0.002.
test.each<[string, History[]]>([
  [
    'arms never tried, one of them failing',
    [
      { speeds: [], failures: 0 },
      { speeds: [], failures: 3 },
    ],
  ],
  [
    'few successes and many failures',
    [
      { speeds: [0.9, 0.1], failures: 20 },
      { speeds: [-1.5], failures: 1 },
      { speeds: [], failures: 30 },
    ],
  ],
  [
    'a sure arm beside unsure ones',
    [
      { speeds: Array.from({ length: 40 }, (_, index) => 0.2 + (index % 5) / 10), failures: 1 },
      { speeds: [0.8, 0.4], failures: 0 },
      { speeds: [], failures: 0 },
      { speeds: [2, -1, 0.5], failures: 0 },
    ],
  ],
])('its probabilities are what sampling from the posteriors says: %s', (name, histories) => {
  const estimates = drawn(histories, 30_000, name)
  for (const [index, probability] of sampled(...histories).entries()) {
    expect(Math.abs(probability - (estimates[index] ?? 0)), `arm ${index}`).toBeLessThan(0.0135)
  }
})
