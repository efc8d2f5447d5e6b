/** A recommendation: one arm drawn from the probabilities a policy gives over the feasible set. */
import { confidencesOf } from './confidence.ts'
import { type JobRequirements, tagsMissing } from './constraint.ts'
import { feasibleSet, knownArms, provenFitFor, type Refusal } from './feasible.ts'
import type { Fleet } from './fleet.ts'
import { byCodeUnit, choiceOf, drawIndex, type Policy } from './policy.ts'
import type { Draw } from './rng.ts'
import type { BanditState } from './state.ts'

export type ScoredArm = {
  arm: string
  /** What the policy ranks by; null for an arm that goes first, or last, because it was never tried. */
  score: number | null
  probability: number
  observations: number
}

/** What may be drawn, by arm id; each list has one entry per arm. */
export type Lottery = {
  arms: readonly string[]
  /** The tag that routes to the arm. */
  tags: readonly string[]
  probabilities: readonly number[]
  confidences: ArrayLike<number>
}

/** All that a recommendation says before it is drawn: the same for every job of these requirements and this state. */
export type ChoiceSet = {
  lottery: Lottery
  /** Best score first; ties by arm id. */
  feasible: ScoredArm[]
  refused: Refusal[]
}

export type ChosenArm = { arm: string; tag: string; propensity: number; confidence: number }

export type RecommendationInput = {
  jobKey: string
  requirements: JobRequirements
  state: BanditState
  fleet: Fleet
  policy: Policy
}

/** An arm without a tag of its own is refused: a job cannot be sent to it. */
export function choiceSetFor(input: RecommendationInput): ChoiceSet {
  const { jobKey, requirements, state, fleet, policy } = input
  const provenFit = provenFitFor(state, fleet, jobKey)
  const split = feasibleSet(knownArms(state, fleet), fleet, requirements, provenFit)
  const routable: string[] = []
  const refused = [...split.refused]
  for (const arm of split.feasible) {
    const refusal = refusalToRoute(arm, fleet, requirements)
    if (refusal === undefined) routable.push(arm)
    else refused.push(refusal)
  }
  refused.sort((a, b) => byCodeUnit(a.arm, b.arm))

  const choice = choiceOf(state, routable)
  const probabilities = policy.probabilities(choice)
  const scores = policy.scores(choice)
  const feasible = choice.arms
    .map(({ arm, observations }, index) => {
      return {
        arm,
        score: scores[index] as number,
        probability: probabilities[index] as number,
        observations,
      }
    })
    .sort((a, b) => b.score - a.score || byCodeUnit(a.arm, b.arm))
    .map((scored): ScoredArm => ({ ...scored, score: Number.isFinite(scored.score) ? scored.score : null }))
  const lottery = {
    arms: choice.arms.map(({ arm }) => arm),
    tags: choice.arms.map(({ arm }) => fleet.arms.get(arm)?.tag as string),
    probabilities,
    confidences: confidencesOf(choice.arms),
  }
  return { lottery, feasible, refused }
}

/** Undefined when no arm is feasible. */
export function drawArm(
  { arms, tags, probabilities, confidences }: Lottery,
  draw: Draw,
): ChosenArm | undefined {
  const index = drawIndex(probabilities, draw)
  const arm = arms[index]
  if (arm === undefined) return undefined
  return {
    arm,
    tag: tags[index] as string,
    propensity: probabilities[index] as number,
    confidence: confidences[index] as number,
  }
}

/**
 * A routed job carries the arm's tag in the place of its own, so *every* runner with that tag may get it: each has
 * to carry what the job asks for, and the tag has to be the arm's alone.
 */
function refusalToRoute(id: string, fleet: Fleet, requirements: JobRequirements): Refusal | undefined {
  const arm = fleet.arms.get(id)
  if (arm?.tag == null) {
    const reason = `"${id}" has no tag in fleet.yaml that only it carries, so no job can be sent to it.`
    return { arm: id, code: 'no_routing_tag', reason }
  }
  for (const runner of arm.runners) {
    const reason = tagsMissing.refuses(runner, requirements)
    if (reason !== undefined) return { arm: id, code: tagsMissing.code, reason }
  }
  return undefined
}
