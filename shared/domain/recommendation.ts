/** A recommendation: one arm drawn from the probabilities a policy gives over the feasible set. */
import { probabilityOfBest } from './confidence.ts'
import { type JobRequirements, tagsMissing } from './constraint.ts'
import { feasibleSet, knownArms, provenFitFor, type Refusal } from './feasible.ts'
import type { Fleet } from './fleet.ts'
import { byCodeUnit, choiceOf, drawIndex, type Policy } from './policy.ts'
import type { Draw } from './rng.ts'
import type { BanditState } from './state.ts'

export type ScoredArm = {
  arm: string
  /** What the policy ranks by; null for an arm that goes first because it was never tried. */
  score: number | null
  probability: number
  observations: number
}

export type Recommendation = {
  /** Undefined when no arm is feasible. */
  chosen: { arm: string; tag: string; propensity: number; confidence: number } | undefined
  /** Best score first; ties by arm id. */
  feasible: ScoredArm[]
  refused: Refusal[]
}

export type RecommendationInput = {
  jobKey: string
  requirements: JobRequirements
  state: BanditState
  fleet: Fleet
  policy: Policy
  draw: Draw
}

/** An arm without a tag of its own is refused: a job cannot be sent to it. */
export function recommendArm(input: RecommendationInput): Recommendation {
  const { jobKey, requirements, state, fleet, policy, draw } = input
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
  const feasible = choice.arms.map(({ arm, observations }, index): ScoredArm => {
    const score = scores[index] as number
    const probability = probabilities[index] as number
    return { arm, score: Number.isFinite(score) ? score : null, probability, observations }
  })
  const index = drawIndex(probabilities, draw)
  const drawn = feasible[index]
  const chosen = drawn && {
    arm: drawn.arm,
    tag: fleet.arms.get(drawn.arm)?.tag as string,
    propensity: drawn.probability,
    confidence: probabilityOfBest(choice.arms, index),
  }
  feasible.sort((a, b) => (b.score ?? Infinity) - (a.score ?? Infinity) || byCodeUnit(a.arm, b.arm))
  return { chosen, feasible, refused }
}

/**
 * A routed job carries the arm's tag in the place of its own, so *every* runner with that tag may get it: each has
 * to carry what the job asks for, and the tag has to be the arm's alone.
 */
function refusalToRoute(id: string, fleet: Fleet, requirements: JobRequirements): Refusal | undefined {
  const arm = fleet.arms.get(id)
  if (arm === undefined) {
    const reason = `"${id}" is not described in fleet.yaml, so it is not known by which tag a job is sent to it.`
    return { arm: id, code: 'unmanaged', reason }
  }
  if (arm.tag === null) {
    const reason = `"${id}" has no tag in fleet.yaml that only it carries, so no job can be sent to it.`
    return { arm: id, code: 'no_routing_tag', reason }
  }
  for (const runner of arm.runners) {
    const reason = tagsMissing.refuses(runner, requirements)
    if (reason !== undefined) return { arm: id, code: tagsMissing.code, reason }
  }
  return undefined
}
