/** Why this arm: its score against the next, what would have changed that, or the chance by which it was drawn. */
import {
  type ArmFigures,
  isRanking,
  type RecordedArm,
  type RecordedDecision,
  type Statistics,
} from './explanation.ts'
import { type Change, MOST_JOBS, type NextBest } from './explanation-change.ts'
import { counted, figure, grouped, percent } from './explanation-figures.ts'

const REWARD =
  "A job's reward is 1 / (its minutes + its cost in EUR + 0.1) when it succeeds, and 0 when it fails."
/** Of those that were not drawn. */
const MOST_NAMED = 3

/** Of policies that take the best score; in canary what they would have taken, whatever was drawn. */
export function rankingSentences(decision: RecordedDecision, statistics: Statistics): string[] {
  const { arms, nextBest, change } = statistics
  const [best] = arms
  if (!isRanking(decision.policy) || best === undefined || arms.length < 2) return []
  const it = best.arm === decision.arm ? 'It' : `By its score it would have been ${best.arm}: that`
  if (best.observations === 0) return [`${it} was never tried, and such runners go first.`]
  if (best.score === null) return []
  const next = arms[1] as ArmFigures
  const behind =
    next.score === null ? `${next.arm} was never tried` : `the next, ${next.arm}, has ${figure(next.score)}`
  return [
    `${it} has the best score, ${scoreInWords(best, best.score)}; ${behind}.`,
    REWARD,
    ...(best.arm === decision.arm ? curiositySentence(best, arms) : []),
    ...marginSentence(nextBest),
    ...changeSentence(best.arm, change),
  ]
}

/** Where the bonus decided. */
function curiositySentence(best: ArmFigures, arms: readonly ArmFigures[]): string[] {
  const known = ({ meanReward, penalty }: ArmFigures) => (meanReward ?? 0) - penalty
  if ((best.bonus ?? 0) <= 0 || arms.every((arm) => known(arm) <= known(best))) return []
  return [
    'Another has a better mean reward: the pick was made to learn more of a runner that is little known.',
  ]
}

/** The parts are rounded so that they add up. */
function scoreInWords({ meanReward, bonus, penalty, observations }: ArmFigures, score: number): string {
  const jobs = counted(observations, 'job')
  if (meanReward === null || bonus === null) return `${figure(score)}, after ${jobs}`
  const rest = Number(figure(score)) - Number(figure(meanReward)) + Number(figure(penalty))
  const unmet = penalty === 0 ? '' : ` - ${figure(penalty)} for rules that it should fulfil and does not`
  return `${figure(score)} = a mean reward of ${figure(meanReward)} from ${jobs} ${rest < 0 ? '-' : '+'} ${figure(Math.abs(rest))} for what is not known of it${unmet}`
}

function marginSentence(nextBest: NextBest | null): string[] {
  if (nextBest === null || nextBest.gap === null) return []
  const { pick, runnerUp, rise, fall } = nextBest
  const rises = rise === null ? undefined : `its mean reward were ${figure(rise)} higher`
  const falls =
    fall === null ? undefined : `that of ${pick} ${rise === null ? 'were ' : ''}${figure(fall)} lower`
  const ways = [rises, falls].filter((way) => way !== undefined)
  if (ways.length === 0) return ['No other mean reward of one of these two alone would change that.']
  return [`It would be ${runnerUp} if ${ways.join(' or ')}.`]
}

function changeSentence(pick: string, change: Change | null): string[] {
  if (change === null) return []
  const { moreJobs, afterFailure } = change
  const failure =
    afterFailure === pick
      ? 'one more failure there would not change the choice'
      : `one more failure there would make it ${afterFailure}`
  if (moreJobs === null) {
    return [
      `Not even ${grouped(MOST_JOBS)} more jobs on ${pick} with the same mean would change the choice; ${failure}.`,
    ]
  }
  const { jobs, arm } = moreJobs
  return [
    `After ${counted(jobs, 'more job')} on ${pick} with the same mean it would be ${arm}, since what is not known of a runner shrinks with its jobs; ${failure}.`,
  ]
}

/** Of policies that draw. */
export function chanceSentences({ policy, arm, feasible, canary, propensity }: RecordedDecision): string[] {
  const pick = feasible.find((one) => one.arm === arm)
  if (isRanking(policy) || pick === undefined || feasible.length < 2) return []
  const { probability } = pick
  if (probability === null)
    return propensity === null ? [] : [`It was drawn with a chance of ${percent(propensity)}.`]
  const whole =
    canary === null || propensity === null
      ? ''
      : `, ${percent(propensity)} with the draw of the canary counted in`
  if (feasible.every((one) => one.probability === probability))
    return [`It was drawn; each had the same chance, ${percent(probability)}${whole}.`]
  return [`It was drawn; its chance was ${percent(probability)}${whole}, ${othersInWords(feasible, pick)}.`]
}

function othersInWords(feasible: readonly RecordedArm[], pick: RecordedArm): string {
  const others = feasible
    .filter((one) => one !== pick)
    .toSorted((a, b) => (b.probability ?? 0) - (a.probability ?? 0))
  const named = others
    .slice(0, MOST_NAMED)
    .map(({ arm, probability }) => `that of ${arm} ${percent(probability ?? 0)}`)
  const rest = others.slice(MOST_NAMED).reduce((sum, { probability }) => sum + (probability ?? 0), 0)
  if (others.length > MOST_NAMED) named.push(`that of all others ${percent(rest)}`)
  return named.join(', ')
}
