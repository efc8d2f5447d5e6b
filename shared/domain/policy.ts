/**
 * Policies: (statistics of the arms it may choose from) → a probability per arm.
 *
 * A policy neither draws nor remembers. Whoever asks draws the arm *from the probabilities it records*, so the
 * recorded propensity is exact by construction.
 */

import { logSpeedOf } from './baseline.ts'
import { fromMicros } from './reward.ts'
import type { Draw } from './rng.ts'
import { type BanditState, NO_ARM_SUMS, totalObservations } from './state.ts'

/** What a policy sees of one arm. */
export type ArmStatistics = {
  arm: string
  observations: number
  successes: number
  runnerFailures: number
  /** In [0, 10]; 0 while there are no observations. */
  meanReward: number
  /** Mean of reward²; 0 while there are no observations. */
  meanSquaredReward: number
  /** The successes, each by how far others did the same job key, see baseline.ts: so many the log speed rests on. */
  comparedSuccesses: number
  /** Mean over them of ln(baseline of the job key / duration), see baseline.ts; 0 while there are none. */
  meanLogSpeed: number
  /** Mean of its square; 0 while there are none. */
  meanSquaredLogSpeed: number
  exposureMs: number
  /** What the soft rules that it leaves unmet cost it, in reward, >= 0. */
  penalty: number
}

/** `arms` is sorted by id in code units; `totalObservations` counts all arms, also those not offered. */
export type Choice = { arms: readonly ArmStatistics[]; totalObservations: number }

export type Policy = {
  name: string
  /** Changes whenever the same input could give another distribution. */
  version: string
  parameters: Readonly<Record<string, number>>
  /** What the policy ranks by, one per arm; `Infinity` for an arm that goes first because it was never tried, `-Infinity` for one that goes last because of it. */
  scores(choice: Choice): number[]
  /** One per arm, in [0, 1], summing to 1; empty when no arm is offered. */
  probabilities(choice: Choice): number[]
}

/**
 * Gathers what the state knows of these arms, sorted by id in code units.
 * @param preferences the penalties of those that have one.
 */
export function choiceOf(
  state: BanditState,
  armIds: Iterable<string>,
  preferences?: ReadonlyMap<string, { penalty: number }>,
): Choice {
  const speedOf = logSpeedOf(state)
  const arms = [...armIds].sort(byCodeUnit).map((arm): ArmStatistics => {
    const sums = state.arms.get(arm) ?? NO_ARM_SUMS
    const speed = speedOf(arm)
    return {
      arm,
      observations: sums.n,
      successes: sums.successes,
      runnerFailures: sums.runnerFailures,
      meanReward: sums.n === 0 ? 0 : fromMicros(sums.rewardMicros) / sums.n,
      meanSquaredReward: sums.n === 0 ? 0 : fromMicros(sums.rewardSquaredMicros) / sums.n,
      comparedSuccesses: speed.compared,
      meanLogSpeed: speed.compared === 0 ? 0 : speed.sum / speed.compared,
      meanSquaredLogSpeed: speed.compared === 0 ? 0 : speed.sumOfSquares / speed.compared,
      exposureMs: sums.exposureMs,
      penalty: preferences?.get(arm)?.penalty ?? 0,
    }
  })
  return { arms, totalObservations: totalObservations(state) }
}

/** A distribution over arms, without saying the same number a thousand times. */
export type Distribution = {
  /** The probability of every arm that is not listed, in [0, 1]. */
  rest: number
  /** The arms that have more. */
  probabilities: { arm: string; probability: number }[]
}

/** @param probabilities one per arm, as a policy gives them. */
export function distributionOf(
  arms: readonly Pick<ArmStatistics, 'arm'>[],
  probabilities: readonly number[],
): Distribution {
  const rest = arms.length === 0 ? 0 : probabilities.reduce((least, one) => Math.min(least, one), 1)
  return {
    rest,
    probabilities: arms.flatMap(({ arm }, index) => {
      const probability = probabilities[index] as number
      return probability > rest ? [{ arm, probability }] : []
    }),
  }
}

/** Draws an index from a distribution; the last arm with a probability above zero takes what rounding leaves. */
export function drawIndex(probabilities: readonly number[], draw: Draw): number {
  let left = draw()
  let last = -1
  for (let index = 0; index < probabilities.length; index += 1) {
    const probability = probabilities[index] as number
    if (probability <= 0) continue
    last = index
    left -= probability
    if (left < 0) return index
  }
  return last
}

/**
 * All probability on the highest score; ties, such as between arms never tried, go to the smallest penalty where the
 * arms are given, then to the first, which is the smallest arm id.
 */
export function allOnTheBest(
  scores: readonly number[],
  arms?: readonly Pick<ArmStatistics, 'penalty'>[],
): number[] {
  let best = 0
  for (let index = 1; index < scores.length; index += 1) {
    const score = scores[index] as number
    const most = scores[best] as number
    if (score > most || (score === most && penaltyAt(arms, index) < penaltyAt(arms, best))) best = index
  }
  const probabilities = new Array<number>(scores.length).fill(0)
  if (scores.length > 0) probabilities[best] = 1
  return probabilities
}

function penaltyAt(arms: readonly Pick<ArmStatistics, 'penalty'>[] | undefined, index: number): number {
  return arms?.[index]?.penalty ?? 0
}

/** Order by UTF-16 code units: the same on every machine, unlike a locale's. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
