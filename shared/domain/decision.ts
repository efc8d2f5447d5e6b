/**
 * A shadow decision: what each policy would have picked for a job, from a state that does not know its outcome.
 */
import { confidencesOf } from './confidence.ts'
import type { JobRequirements } from './constraint.ts'
import type { Instant, JobEvent } from './event.ts'
import { type FeasibleSet, feasibleSet, knownArms, provenFitFor, type Refusal } from './feasible.ts'
import type { Fleet } from './fleet.ts'
import { policies } from './policies/index.ts'
import { ucb1 } from './policies/ucb1.ts'
import { type Choice, choiceOf, type Distribution, distributionOf, drawIndex, type Policy } from './policy.ts'
import { seededDraws } from './rng.ts'
import type { SiteFacts } from './site-rule.ts'
import type { BanditState } from './state.ts'

/** Which arms a policy chose from: every known one (constraints ignored), or the feasible set. */
export type OfferedSet = 'known' | 'feasible'

/** The pure bandit: the one policy that also chooses with every constraint ignored. */
const overAllKnown = ucb1

/** What an evaluation calls the choices of a decision: `<policy>`, and `<policy>/known` over all known arms. */
export const shadowTargets: readonly string[] = [
  ...policies.map(({ name }) => name),
  `${overAllKnown.name}/known`,
]

export type PolicyChoice = Distribution & {
  policy: string
  version: string
  /** The constants that the policy had. */
  parameters: Record<string, number>
  set: OfferedSet
  /** Drawn from the distribution. */
  arm: string | null
  /** With which the policy picks that arm. */
  probability: number
}

export type Decision = {
  /** What the draws began from: of each policy `<seed>/<policy>/<set>`, as rng.ts takes it. */
  seed: string
  /** UCB1 over all known arms: the pure bandit. */
  mabRunner: string | null
  /** UCB1 over the feasible set; null when it is empty. */
  nsaiRunner: string | null
  /** P(nsaiRunner is the best feasible arm); null when there is none. */
  nsaiConfidence: number | null
  knownCount: number
  feasible: { arm: string; observations: number; meanReward: number; penalty?: number }[]
  refused: Refusal[]
  choices: PolicyChoice[]
  stateAsOfAt: Instant | null
  stateObservations: number
}

/** Decides for the job of `event`; draws are seeded by the decision's id, so that it replays exactly. */
export function decide(
  decisionId: string,
  event: JobEvent,
  state: BanditState,
  fleet: Fleet,
  site?: SiteFacts,
): Decision {
  const known = knownArms(state, fleet)
  if (event.arm !== null) known.add(event.arm)
  const actual = event.arm === null ? undefined : { arm: event.arm, tags: event.runnerTags }
  const provenFit = provenFitFor(state, fleet, event.jobKey, actual)
  const split = feasibleSet(known, fleet, requirementsOf(event, fleet), { provenFit, site })
  const { feasible, refused } = withActual(event.arm, split)
  const overKnown = choiceOf(state, known)
  const overFeasible = choiceOf(state, feasible, split.preferences)
  const mab = pick(overAllKnown, 'known', overKnown, decisionId)
  const nsai = pick(ucb1, 'feasible', overFeasible, decisionId)
  return {
    seed: decisionId,
    mabRunner: mab.arm,
    nsaiRunner: nsai.arm,
    nsaiConfidence:
      nsai.arm === null ? null : (confidencesOf(overFeasible.arms)[feasible.indexOf(nsai.arm)] ?? null),
    knownCount: known.size,
    feasible: overFeasible.arms.map(({ arm, observations, meanReward, penalty }) => ({
      arm,
      observations,
      meanReward,
      ...(penalty > 0 && { penalty }),
    })),
    refused,
    choices: [mab, ...choicesOf(overFeasible, decisionId)],
    stateAsOfAt: state.newestFinishAt,
    stateObservations: overKnown.totalObservations,
  }
}

/** What every policy makes of the feasible arms. */
export function choicesOf(feasible: Choice, seed: string): PolicyChoice[] {
  return policies.map((policy) => pick(policy, 'feasible', feasible, seed))
}

/** Every name by which fleet.yaml may call the event's project. */
export function projectNamesOf(projectId: number | string, path: string | null): string[] {
  const lastPart = path?.split('/').at(-1)
  // One of digits alone would pass for the id of another project.
  const name = lastPart !== undefined && /^\d+$/.test(lastPart) ? undefined : lastPart
  return [path, String(projectId), name].filter((one) => one !== null && one !== undefined)
}

/**
 * The tags of a webhook are the runner's; only GitLab's API tells the job's own. Nor is its ref's protection known, unless
 * a runner has the job that takes no others.
 */
function requirementsOf(event: JobEvent, fleet: Fleet): JobRequirements {
  const actual = event.arm === null ? undefined : fleet.arms.get(event.arm)
  const isProtected = actual?.runners.every(({ refProtected }) => refProtected) ?? false
  const projectNames = projectNamesOf(event.projectId, event.projectPath)
  return {
    projectNames,
    tags: event.jobTags,
    refProtected: isProtected ? true : null,
    jobKey: event.jobKey,
  }
}

/** The runner that has the job can take it, whatever fleet.yaml says. */
function withActual(
  actual: string | null,
  { feasible, refused }: Pick<FeasibleSet, 'feasible' | 'refused'>,
): Pick<FeasibleSet, 'feasible' | 'refused'> {
  if (actual === null || feasible.includes(actual)) return { feasible, refused }
  return { feasible: [...feasible, actual].sort(), refused: refused.filter(({ arm }) => arm !== actual) }
}

function pick(policy: Policy, set: OfferedSet, choice: Choice, seed: string): PolicyChoice {
  const { name, version, parameters } = policy
  const probabilities = policy.probabilities(choice)
  const index = drawIndex(probabilities, seededDraws(`${seed}/${name}/${set}`))
  return {
    policy: name,
    version,
    parameters: { ...parameters },
    set,
    arm: choice.arms[index]?.arm ?? null,
    probability: probabilities[index] ?? 0,
    ...distributionOf(choice.arms, probabilities),
  }
}
