/** Drawing an arm that a job is to be sent to: by the policy alone, or in canary by it for a share of the pipelines. */
import type { Canary, CanaryGroup } from './mode.ts'
import { type ChosenArm, drawArm, type Lottery } from './recommendation.ts'
import type { Draw } from './rng.ts'

/**
 * Of the group `policy` the policy draws, of the other chance alone. Which group a pipeline is in was drawn as well, so
 * the propensity is that of both draws: share · π(arm) + (1 − share) / arms.
 */
export function drawInCanary(
  lottery: Lottery,
  draw: Draw,
  { share }: Canary,
  group: CanaryGroup,
): ChosenArm | undefined {
  const { arms, probabilities } = lottery
  const uniform = 1 / arms.length
  const offered = group === 'policy' ? probabilities : arms.map(() => uniform)
  const chosen = drawArm({ ...lottery, probabilities: offered }, draw)
  if (chosen === undefined) return undefined
  const byPolicy = probabilities[arms.indexOf(chosen.arm)] as number
  return { ...chosen, propensity: share * byPolicy + (1 - share) * uniform }
}
