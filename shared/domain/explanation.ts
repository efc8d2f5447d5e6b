/**
 * A decision explained: what was recorded of it as it was made, and what follows from that. Nothing of the present state
 * or fleet goes in, so that the explanation of a decision stays what it is.
 */
import type { PolicyChoice } from './decision.ts'
import type { Instant } from './event.ts'
import { type Change, changeOf, type NextBest, nextBestOf, type RankedArm } from './explanation-change.ts'
import { greedy } from './policies/greedy.ts'
import { ucb1 } from './policies/ucb1.ts'
import { ucb1Tuned } from './policies/ucb1-tuned.ts'
import { type ArmStatistics, byCodeUnit, type Choice } from './policy.ts'

/** A feasible arm as it was recorded; null: not recorded, or it was never tried. */
export type RecordedArm = {
  arm: string
  observations: number
  meanReward: number | null
  score: number | null
  probability: number | null
  /** What the soft rules that it leaves unmet cost it, in reward, >= 0. */
  penalty: number
}

export type RecordedDecision = {
  decisionId: string
  kind: 'recommendation' | 'shadow'
  decidedAt: Instant
  /** Made at the job's end, without its own outcome. */
  decidedLate: boolean
  /** By id or by path, as it is best known. */
  project: string
  jobName: string
  jobId: number | null
  /** The tags that the job asked for; null when they were not known. */
  jobTags: readonly string[] | null
  policy: string
  policyVersion: string
  parameters: Readonly<Record<string, number>>
  /** `untold`: what it was is not told to who asks. */
  result: 'arm' | 'fallback' | 'none' | 'untold'
  arm: string | null
  tag: string | null
  /** Of the whole draw, a canary's included. */
  propensity: number | null
  /** P(the pick is the best feasible arm). */
  confidence: number | null
  feasible: readonly RecordedArm[]
  /** The code of a refusal → arms. */
  refused: Readonly<Record<string, readonly string[]>>
  /** Whether the two above are written. */
  isSetKnown: boolean
  /** Why there is no arm. */
  reason: string | null
  mode: string | null
  routed: boolean | null
  canary: { share: number | null; group: string } | null
  state: { generation: string; asOfAt: Instant | null; observations: number } | null
}

/** What became of the job, as far as is known. */
export type RecordedOutcome = {
  jobId: number
  runner: string | null
  wasPick: boolean | null
  /** Null while it runs. */
  status: 'success' | 'failed' | 'canceled' | null
  durationSeconds: number | null
  reward: number | null
  costEur: number | null
  failureReason: string | null
  finishedAt: Instant | null
  /** The job carried the tag of this decision. */
  wasRouted: boolean
  /** What every policy would have picked, as the job began. */
  others: readonly Pick<PolicyChoice, 'policy' | 'set' | 'arm'>[]
}

export type ArmFigures = RecordedArm & {
  /** What the score has besides the mean reward: for what is not known of the arm. Negative for the pessimist. */
  bonus: number | null
  /** Only of the pick: of the others it is not recorded. */
  probabilityOfBest: number | null
}

export type Statistics = {
  /** Best first. */
  arms: readonly ArmFigures[]
  /** For policies that take the best score. */
  nextBest: NextBest | null
  change: Change | null
}

const RANKING = [ucb1, ucb1Tuned, greedy]

/** Whether the policy takes the arm with the best score; the others draw. */
export const isRanking = (policy: string): boolean => RANKING.some(({ name }) => name === policy)

export function statisticsOf(decision: RecordedDecision): Statistics {
  const { policy, feasible } = decision
  const figures = feasible.map((arm) => figuresOf(arm, decision))
  const untried = policy === greedy.name ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const scoreOf = ({ observations, score }: RecordedArm) => (observations === 0 ? untried : (score ?? 0))
  const arms = figures.toSorted(
    (a, b) => order(scoreOf(b), scoreOf(a)) || a.penalty - b.penalty || byCodeUnit(a.arm, b.arm),
  )
  const isKnown =
    isRanking(policy) && arms.every(({ observations, score }) => observations === 0 || score !== null)
  if (!isKnown) return { arms, nextBest: null, change: null }
  const ranked = arms.map(
    (arm): RankedArm => ({ arm: arm.arm, score: scoreOf(arm), meanReward: arm.meanReward }),
  )
  const choice = choiceOfRecord(arms, decision)
  return {
    arms,
    nextBest: nextBestOf(ranked) ?? null,
    change: choice === undefined ? null : (changeOf(choice, ucb1) ?? null),
  }
}

/** Infinities are equal to themselves, which their difference does not say. */
const order = (a: number, b: number): number => (a === b ? 0 : a - b)

function figuresOf(recorded: RecordedArm, decision: RecordedDecision): ArmFigures {
  const { policy, arm: pick, confidence } = decision
  const { arm, observations, probability, penalty } = recorded
  const probabilityOfBest = arm === pick ? confidence : null
  if (observations === 0) {
    return { ...recorded, meanReward: null, score: null, bonus: null, probability, probabilityOfBest }
  }
  const bonus = policy === ucb1.name ? bonusOf(observations, decision) : null
  const meanReward =
    recorded.meanReward ??
    (recorded.score !== null && bonus !== null ? recorded.score - bonus + penalty : null)
  const score =
    recorded.score ?? (meanReward !== null && bonus !== null ? meanReward + bonus - penalty : null)
  const rest =
    isRanking(policy) && score !== null && meanReward !== null ? score - meanReward + penalty : null
  return { ...recorded, meanReward, score, bonus: bonus ?? rest, probabilityOfBest }
}

/** c · sqrt(ln t / n), from the constant and the t that were recorded. */
function bonusOf(observations: number, { parameters, state }: RecordedDecision): number | null {
  const { c } = parameters
  if (c === undefined || state === null || state.observations < observations) return null
  return c * Math.sqrt(Math.log(state.observations) / observations)
}

/** What UCB1 saw; undefined of other policies, of another version of it, and where a mean is not known. */
function choiceOfRecord(arms: readonly ArmFigures[], decision: RecordedDecision): Choice | undefined {
  const { policy, policyVersion, state } = decision
  if (policy !== ucb1.name || policyVersion !== ucb1.version || state === null) return undefined
  const statistics: ArmStatistics[] = []
  for (const { arm, observations, meanReward, penalty } of arms.toSorted((a, b) =>
    byCodeUnit(a.arm, b.arm),
  )) {
    if (meanReward === null && observations > 0) return undefined
    statistics.push({ ...NOTHING_ELSE, arm, observations, meanReward: meanReward ?? 0, penalty })
  }
  return { arms: statistics, totalObservations: state.observations }
}

/** UCB1 reads none of these. */
const NOTHING_ELSE = {
  successes: 0,
  runnerFailures: 0,
  meanSquaredReward: 0,
  comparedSuccesses: 0,
  meanLogSpeed: 0,
  meanSquaredLogSpeed: 0,
  exposureMs: 0,
}
