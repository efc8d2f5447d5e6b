import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  canaryGroupOf,
  DEFAULT_CANARY,
  effectiveMode,
  MODES,
  type ModeRule,
  wantedMode,
} from '../../../shared/domain/mode.ts'
import type { Lottery } from '../../../shared/domain/recommendation.ts'
import { seededDraws } from '../../../shared/domain/rng.ts'
import { drawInCanary } from '../../../shared/domain/routing.ts'

const rule = (mode: ModeRule['mode']): ModeRule => ({ mode, canary: DEFAULT_CANARY })

describe('the mode that is wanted', () => {
  const modes = {
    byDefault: rule('shadow'),
    ofProjects: new Map([
      ['42', rule('canary')],
      ['app', rule('off')],
    ]),
  }

  test('is that of the first name that fleet.yaml knows, else that of all', () => {
    expect(wantedMode(modes, ['42', 'group/app', 'app']).mode).toBe('canary')
    expect(wantedMode(modes, ['43', 'group/app', 'app']).mode).toBe('off')
    expect(wantedMode(modes, ['43', 'group/other', 'other']).mode).toBe('shadow')
  })
})

test('what forbids to route makes advisory of the modes that route, and of no other', () => {
  const inEffect = MODES.map((mode) => effectiveMode(rule(mode), 'It broke.').mode)
  expect(inEffect).toEqual(['off', 'shadow', 'advisory', 'advisory', 'advisory'])
  expect(effectiveMode(rule('canary'), 'It broke.')).toMatchObject({ wanted: 'canary', reason: 'It broke.' })
  expect(effectiveMode(rule('canary'), undefined)).toEqual({ ...rule('canary'), wanted: 'canary' })
})

describe('a canary', () => {
  test('takes about its share of the pipelines, the same whenever it is asked, and others with another seed', () => {
    const groups = (seed: string) =>
      Array.from({ length: 10_000 }, (_, pipeline) =>
        canaryGroupOf({ share: 0.2, seed }, '42', String(pipeline)),
      )
    const taken = groups('a').filter((group) => group === 'policy').length
    // Binomial: 2,000 ± 4 · 40.
    expect(taken).toBeGreaterThan(1840)
    expect(taken).toBeLessThan(2160)
    expect(groups('a')).toEqual(groups('a'))
    expect(groups('b')).not.toEqual(groups('a'))
  })

  const lotteries = fc
    .array(fc.nat(100), { minLength: 1, maxLength: 8 })
    .filter((weights) => weights.some((weight) => weight > 0))
    .map((weights): Lottery => {
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      const arms = weights.map((_, index) => `arm ${index}`)
      return {
        arms,
        tags: arms.map((arm) => `${arm}'s tag`),
        probabilities: weights.map((weight) => weight / total),
        confidences: weights.map(() => 0.5),
      }
    })

  test('says of every arm the probability of both draws, and these sum to one', () => {
    fc.assert(
      fc.property(lotteries, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (lottery, share) => {
        // Every arm comes out of the uniform group at the middle of its part of [0, 1).
        const k = lottery.arms.length
        const propensities = lottery.arms.map((arm, index) => {
          const chosen = drawInCanary(lottery, () => (index + 0.5) / k, { share, seed: 's' }, 'uniform')
          expect(chosen?.arm).toBe(arm)
          return chosen?.propensity ?? 0
        })
        expect(propensities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9)
        for (const p of propensities) expect(p).toBeGreaterThan(0)
      }),
    )
  })

  test('says the same of an arm, whichever group drew it', () => {
    const lottery: Lottery = {
      arms: ['a', 'b'],
      tags: ['a', 'b'],
      probabilities: [1, 0],
      confidences: [1, 0],
    }
    const canary = { share: 0.25, seed: 's' }
    // By hand: a is drawn with 0.25 · 1 + 0.75 / 2 = 0.625, b with 0.375.
    expect(drawInCanary(lottery, () => 0.1, canary, 'policy')).toMatchObject({ arm: 'a', propensity: 0.625 })
    expect(drawInCanary(lottery, () => 0.1, canary, 'uniform')).toMatchObject({ arm: 'a', propensity: 0.625 })
    expect(drawInCanary(lottery, () => 0.9, canary, 'uniform')).toMatchObject({ arm: 'b', propensity: 0.375 })
    expect(
      drawInCanary({ ...lottery, arms: [], tags: [], probabilities: [] }, seededDraws('x'), canary, 'policy'),
    ).toBe(undefined)
  })
})
