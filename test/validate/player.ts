/** Who plays a bandit with arms that win or lose: a policy of the product, or Thompson sampling as the papers have it. */
import { COMPARED_WEIGHT } from '../../shared/domain/baseline.ts'
import { type ArmStatistics, choiceOf, drawIndex, type Policy } from '../../shared/domain/policy.ts'
import { EMPTY_STATE } from '../../shared/domain/state.ts'
import type { Sampler } from './sampling.ts'

export type Player = {
  /** The place of an arm. */
  pick(): number
  learn(arm: number, won: boolean): void
  /** Another arm stands in this place from now on, of which nothing is known. */
  forget(arm: number): void
}

export type MakePlayer = (arms: number, sampler: Sampler) => Player

/**
 * Of arms that win or lose a policy sees the reward 1 of a win. To Thompson sampling, which reads speed and failures, a
 * win is a success of just the usual duration, and a loss a failure of the runner's doing.
 */
export function playerOf(policy: Policy): MakePlayer {
  return (count, { uniform }) => {
    const names = Array.from({ length: count }, (_, place) => String(place).padStart(4, '0'))
    const [untried] = choiceOf(EMPTY_STATE, ['any']).arms as [ArmStatistics]
    const arms = choiceOf(EMPTY_STATE, names).arms.map((arm) => ({ ...arm }))
    let totalObservations = 0
    let known: number[] | undefined
    return {
      pick() {
        known ??= policy.probabilities({ arms: compared(arms), totalObservations })
        return drawIndex(known, uniform)
      },
      learn(place, won) {
        known = undefined
        totalObservations += 1
        const arm = arms[place] as ArmStatistics
        arm.observations += 1
        if (won) arm.successes += 1
        else arm.runnerFailures += 1
        arm.meanReward = arm.successes / arm.observations
        arm.meanSquaredReward = arm.meanReward
      },
      forget(place) {
        known = undefined
        totalObservations -= (arms[place] as ArmStatistics).observations
        arms[place] = { ...untried, arm: names[place] as string }
      },
    }
  }
}

/** As if all were of one job key: a success tells as much as other arms' successes let it (baseline.ts). */
function compared(arms: readonly ArmStatistics[]): ArmStatistics[] {
  const wins = arms.reduce((sum, { successes }) => sum + successes, 0)
  return arms.map((arm) => {
    const others = wins - arm.successes
    return { ...arm, comparedSuccesses: (arm.successes * others) / (others + COMPARED_WEIGHT) }
  })
}

/** Thompson sampling by sampling, with Beta(1, 1) before the first play. Source: Chapelle, Li (2011), algorithm 2. */
export const betaThompson: MakePlayer = (count, { beta }) => {
  const wins = new Float64Array(count)
  const losses = new Float64Array(count)
  return {
    pick() {
      let best = -1
      let most = -1
      for (let arm = 0; arm < count; arm += 1) {
        const drawn = beta(1 + (wins[arm] as number), 1 + (losses[arm] as number))
        if (drawn <= most) continue
        most = drawn
        best = arm
      }
      return best
    },
    learn(arm, won) {
      const counts = won ? wins : losses
      counts[arm] = (counts[arm] as number) + 1
    },
    forget(arm) {
      wins[arm] = 0
      losses[arm] = 0
    },
  }
}

/**
 * Thompson sampling of the product by sampling: p · exp(y) from its posteriors (evaluation.md 1.4), written down once more.
 * y is what is known of the speed of arms that are all as fast.
 */
export const betaTimesSpeed: MakePlayer = (count, sampler) => {
  const wins = new Float64Array(count)
  const losses = new Float64Array(count)
  let won = 0
  return {
    pick() {
      let best = -1
      let most = -1
      for (let arm = 0; arm < count; arm += 1) {
        const own = wins[arm] as number
        const compared = (own * (won - own)) / (won - own + 5)
        const shape = 2 + Math.round(compared) / 2
        const scale = Math.sqrt(0.3 / (shape * (2 + compared)))
        const y = (scale * sampler.normal()) / Math.sqrt(sampler.gamma(shape) / shape)
        const drawn = sampler.beta(1 + own, 1 + (losses[arm] as number)) * Math.exp(y)
        if (drawn <= most) continue
        most = drawn
        best = arm
      }
      return best
    },
    learn(arm, isWon) {
      const counts = isWon ? wins : losses
      counts[arm] = (counts[arm] as number) + 1
      if (isWon) won += 1
    },
    forget(arm) {
      won -= wins[arm] as number
      wins[arm] = 0
      losses[arm] = 0
    },
  }
}
