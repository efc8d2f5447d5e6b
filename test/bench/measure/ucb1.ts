/** What UCB1 costs beside a look at each arm. */
import { ucb1 } from '../../../shared/domain/policies/ucb1.ts'
import { choiceOf } from '../../../shared/domain/policy.ts'
import type { ArmSums, BanditState } from '../../../shared/domain/state.ts'
import { EMPTY_STATE } from '../../../shared/domain/state.ts'
import { ratios } from '../figures.ts'
import { armName } from '../learned.ts'
import { type Alone, alone, type Values } from '../measurement.ts'
import { interleave, nsPerUnit } from '../rounds.ts'

export const measure = alone(import.meta.filename)

export async function inside({ rounds }: Alone): Promise<Values> {
  const values: Values = {}
  for (const size of [11, 1000, 100_000]) {
    const choice = choiceOf(
      stateOf(size),
      Array.from({ length: size }, (_, index) => armName(index)),
    )
    const scores = Float64Array.from(ucb1.scores(choice))
    const ns = await interleave(rounds, {
      ucb1: nsPerUnit(size, () => ucb1.probabilities(choice)),
      objects: nsPerUnit(size, () => largestMean(choice.arms)),
      numbers: nsPerUnit(size, () => largest(scores)),
    })
    const arms = size.toLocaleString('en')
    values[`UCB1, ${arms} arms`] = ratios(ns.ucb1, ns.objects)
    values[`UCB1, ${arms} arms, against bare numbers`] = ratios(ns.ucb1, ns.numbers)
    values[`UCB1, ${arms} arms, time an arm`] = ns.ucb1
  }
  return values
}

/** The plain scan: one number of each arm, where the policy reads it, too. */
function largestMean(arms: readonly { meanReward: number }[]): number {
  let best = 0
  for (let index = 1; index < arms.length; index += 1) {
    if ((arms[index]?.meanReward as number) > (arms[best]?.meanReward as number)) best = index
  }
  return best
}

/** The least that a machine can do: the same over numbers that lie side by side. */
function largest(scores: Float64Array): number {
  let best = 0
  for (let index = 1; index < scores.length; index += 1) {
    if ((scores[index] as number) > (scores[best] as number)) best = index
  }
  return best
}

function stateOf(arms: number): BanditState {
  const sums = (index: number): ArmSums => {
    const n = 1 + (index % 50)
    const meanMicros = 1000 * ((index * 7919) % 1000)
    return {
      n,
      successes: n,
      runnerFailures: 0,
      rewardMicros: n * meanMicros,
      rewardSquaredMicros: n * meanMicros,
      exposureMs: n * 60_000,
    }
  }
  return {
    ...EMPTY_STATE,
    arms: new Map(Array.from({ length: arms }, (_, index) => [armName(index), sums(index)])),
  }
}
