/** What the state says of every arm, ranked as a policy would rank them without constraints. */
import { knownArms } from './feasible.ts'
import type { Fleet } from './fleet.ts'
import { type ArmStatistics, byCodeUnit, choiceOf, type Policy } from './policy.ts'
import type { BanditState } from './state.ts'

/** `index` is null for an arm that goes first because it was never tried. Rank 1 is the best. */
export type RankedArm = ArmStatistics & { managed: boolean; index: number | null; rank: number }

export function rankArms(state: BanditState, fleet: Fleet, policy: Policy): RankedArm[] {
  const choice = choiceOf(state, knownArms(state, fleet))
  const scores = policy.scores(choice)
  return choice.arms
    .map((arm, position) => ({ ...arm, score: scores[position] as number }))
    .sort((a, b) => b.score - a.score || byCodeUnit(a.arm, b.arm))
    .map(({ score, ...arm }, position) => ({
      ...arm,
      managed: fleet.arms.has(arm.arm),
      index: Number.isFinite(score) ? score : null,
      rank: position + 1,
    }))
}
