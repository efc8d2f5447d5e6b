/** A recommendation: one arm drawn from the probabilities a policy gives over the feasible set. */
import { confidencesOf } from './confidence.ts'
import type { JobRequirements } from './constraint.ts'
import { choicesOf, type PolicyChoice } from './decision.ts'
import { feasibleSet, knownArms, provenFitFor, type Refusal } from './feasible.ts'
import type { Fleet } from './fleet.ts'
import { byCodeUnit, choiceOf, drawIndex, type Policy } from './policy.ts'
import type { Preference } from './preference.ts'
import { type Relaxation, relaxationsOf } from './relaxation.ts'
import type { Draw } from './rng.ts'
import type { SiteFacts } from './site-rule.ts'
import type { BanditState } from './state.ts'
import { whyNone } from './why-none.ts'

export type ScoredArm = {
  arm: string
  /** What the policy ranks by; null for an arm that goes first, or last, because it was never tried. */
  score: number | null
  probability: number
  observations: number
  /** In [0, 10]; 0 while there are no observations. */
  mean_reward: number
  /** What the soft rules that it leaves unmet cost it, in reward; left out where it is 0. */
  penalty?: number
  /** The names of those rules. */
  unmet?: string[]
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
  /** Best score first; ties by penalty, then by arm id. */
  feasible: ScoredArm[]
  refused: Refusal[]
  /** What every policy would make of the feasible arms, for evaluation: also of those that were not asked. */
  choices: PolicyChoice[]
  /** Of the feasible arms that leave a soft rule unmet. */
  preferences: ReadonlyMap<string, Preference>
  /** A sentence about why no arm is feasible, null when one is; and what could be lifted then. */
  why: string | null
  relaxations: Relaxation[]
}

export type ChosenArm = { arm: string; tag: string; propensity: number; confidence: number }

export type RecommendationInput = {
  jobKey: string
  requirements: JobRequirements
  state: BanditState
  fleet: Fleet
  policy: Policy
  /** What was seen of the runners, and when it is. */
  site?: SiteFacts | undefined
}

/** An arm without a tag of its own is refused: a job cannot be sent to it. */
export function choiceSetFor(input: RecommendationInput): ChoiceSet {
  const { jobKey, requirements, state, fleet, policy, site } = input
  const provenFit = provenFitFor(state, fleet, jobKey)
  const job = { ...requirements, jobKey }
  const known = knownArms(state, fleet)
  const split = feasibleSet(known, fleet, job, { provenFit, site, routed: true })
  const { refused, preferences } = split

  const choice = choiceOf(state, split.feasible, preferences)
  const probabilities = policy.probabilities(choice)
  const scores = policy.scores(choice)
  const feasible = choice.arms
    .map(({ arm, observations, meanReward, penalty }, index) => {
      return {
        arm,
        score: scores[index] as number,
        probability: probabilities[index] as number,
        observations,
        mean_reward: meanReward,
        ...(penalty > 0 && preferences.get(arm)),
      }
    })
    .sort((a, b) => b.score - a.score || (a.penalty ?? 0) - (b.penalty ?? 0) || byCodeUnit(a.arm, b.arm))
    .map((scored): ScoredArm => ({ ...scored, score: Number.isFinite(scored.score) ? scored.score : null }))
  const lottery = {
    arms: choice.arms.map(({ arm }) => arm),
    tags: choice.arms.map(({ arm }) => fleet.arms.get(arm)?.tag as string),
    probabilities,
    confidences: confidencesOf(choice.arms),
  }
  const isNone = split.feasible.length === 0
  return {
    lottery,
    feasible,
    refused,
    choices: choicesOf(choice, ''),
    preferences,
    why: isNone ? whyNone(refused, job, fleet) : null,
    relaxations: isNone ? relaxationsOf(refused) : [],
  }
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
