/** Does it pay? One sentence with its interval, or the reasons why the log cannot say. */
import type { Evidence, VerdictLimits } from './evidence.ts'
import { decimalsFor, fixed, grouped, percent, signed } from './figures.ts'
import { refusalsOf } from './refusals.ts'
import { rewardNamed } from './reward-definitions.ts'

export type { Evidence, VerdictLimits }

export type VerdictKind = 'pays' | 'does_not_pay' | 'undecided' | 'no_verdict'

export type Verdict = {
  kind: VerdictKind
  /**
   * What leaves zero out: the sequence, which holds however often one looks, or only the interval of this one look. Null
   * where nothing is decided.
   */
  decidedBy: 'sequence' | 'one_look' | null
  /** The whole answer. */
  sentence: string
  /** Why there is no verdict, or none yet; a sentence each. */
  reasons: string[]
  /** What to do about that; a sentence each. */
  advice: string[]
  /** What the sentence stands on; a sentence each. Empty where there is no verdict. */
  assumptions: string[]
  /** About how many more jobs it takes; null where that is not known, or none is needed. */
  moreJobs: number | null
}

/** What a target's value is compared with, in higher-is-better terms. */
type Answer = NonNullable<Evidence['answer']>

/** @returns a verdict for every evidence, also for none at all. */
export function verdictOf(evidence: Evidence, limits: VerdictLimits): Verdict {
  const refusals = refusalsOf(evidence, limits)
  if (refusals.length > 0 || evidence.answer === null) {
    const reasons = refusals.map(({ reason }) => reason)
    return {
      kind: 'no_verdict',
      decidedBy: null,
      sentence: `No verdict on ${evidence.question.policy}: ${lowered(reasons[0] ?? 'There is nothing to compare.')}`,
      reasons,
      advice: [...new Set(refusals.flatMap(({ advice }) => advice ?? []))],
      assumptions: [],
      moreJobs: mostOf(refusals.map(({ moreJobs }) => moreJobs ?? null)),
    }
  }
  const kind = kindOf(evidence.answer, evidence)
  const decidedBy = kind === 'undecided' ? null : deciderOf(evidence.answer)
  const lead = (decidedBy === 'one_look' ? LEAD_AT_ONE_LOOK : LEAD)[kind]
  return {
    kind,
    decidedBy,
    sentence: `${lead}${comparisonSentence(evidence.answer, evidence)}${tailOf(kind, decidedBy, evidence)}`,
    reasons: reasonsOf(kind, evidence.answer),
    advice: [],
    assumptions: assumptionsOf(evidence.answer, evidence),
    moreJobs: kind === 'undecided' ? evidence.moreJobs : null,
  }
}

const LEAD = { pays: 'It pays. ', does_not_pay: 'It does not pay. ', undecided: 'Undecided. ' }
const LEAD_AT_ONE_LOOK = {
  ...LEAD,
  pays: 'At one look it pays. ',
  does_not_pay: 'At one look it does not pay. ',
}

/**
 * The question of the settings is answered by its interval alone. Whoever asks another one chose it among several, so
 * Holm's p value has to agree.
 */
function kindOf({ low, high, pHolm }: Answer, { question }: Evidence): Exclude<VerdictKind, 'no_verdict'> {
  const { isLowerBetter } = rewardNamed(question.reward)
  const isClear = low > 0 || high < 0
  if (!isClear || (!question.isPrimary && !(pHolm !== null && pHolm < 0.05))) return 'undecided'
  return low > 0 === !isLowerBetter ? 'pays' : 'does_not_pay'
}

/** The sequence lies around the interval, so that the two never say opposite things. */
function deciderOf({ sequenceLow, sequenceHigh }: Answer): 'sequence' | 'one_look' {
  return (sequenceLow ?? 0) > 0 || (sequenceHigh ?? 0) < 0 ? 'sequence' : 'one_look'
}

/** What was done is the value less the difference, as both are printed: the numbers of a sentence add up. */
function comparisonSentence(answer: Answer, { question, support }: Evidence): string {
  const { mean, unit } = rewardNamed(question.reward)
  const { value, difference, low, high, jobs, clusters } = answer
  const decimals = decimalsFor((high - low) / 2)
  const logged = Number(value.toFixed(decimals)) - Number(difference.toFixed(decimals))
  const inUnit = unit === '' ? '' : ` ${unit}`
  const of = [
    `95 %: ${signed(low, decimals)} to ${signed(high, decimals)}`,
    `doubly robust, ${SOURCE_WORDS[question.source]}, ${grouped(jobs)} jobs of ${grouped(clusters)} pipelines`,
  ].join('; ')
  const left = support?.leftShare ?? 0
  const room = left > 0 ? `, as far as there was room (${percent(1 - left)} of its picks)` : ''
  return `Had every job gone where ${question.policy} said${room}, ${mean} would have been ${fixed(value, decimals)}${inUnit} instead of ${fixed(logged, decimals)}: ${signed(difference, decimals)} (${of}), for jobs rerouted one at a time.`
}

const SOURCE_WORDS = {
  recorded: 'recorded propensities of routed jobs',
  estimated: 'estimated propensities',
  uniform: 'propensities assumed uniform',
}

function tailOf(kind: VerdictKind, decidedBy: Verdict['decidedBy'], evidence: Evidence): string {
  if (decidedBy === 'one_look')
    return ' Only who had settled beforehand to look now, and only now, may say so: looked at again and again, the log has not decided.'
  return kind === 'undecided' ? openTail(evidence) : ''
}

function openTail({ moreJobs, smallestDifference, question }: Evidence): string {
  const { unit } = rewardNamed(question.reward)
  const inUnit = unit === '' ? '' : ` ${unit}`
  const could =
    smallestDifference === null
      ? ''
      : ` A log like this one finds differences from ${fixed(smallestDifference, decimalsFor(smallestDifference))}${inUnit} on, four times out of five.`
  return moreJobs === null
    ? could
    : `${could} If the difference is what it seems, about ${grouped(moreJobs)} more jobs would decide it at one look, with 80 % probability.`
}

function reasonsOf(kind: VerdictKind, { low, high }: Answer): string[] {
  if (kind !== 'undecided') return []
  return [
    low > 0 || high < 0
      ? 'The interval excludes zero, but this is not the question of the settings, and among all that are asked together it does not stand out (Holm).'
      : 'The interval contains zero.',
  ]
}

function assumptionsOf(answer: Answer, { question, support, log }: Evidence): string[] {
  const decimals = decimalsFor((answer.high - answer.low) / 2)
  const { sequenceLow, sequenceHigh } = answer
  const anytime =
    sequenceLow === null || sequenceHigh === null
      ? ''
      : ` Who looks again and again until it says something should read the sequence instead: ${signed(sequenceLow, decimals)} to ${signed(sequenceHigh, decimals)}.`
  const infeasible = support?.infeasibleShare ?? 0
  const left = support?.leftShare ?? 0
  return [
    ASSUMED_OF_SOURCE[question.source],
    'Given what is known of a job and of the fleet when it starts, who got it hangs on nothing that also makes it good or bad.',
    'Jobs of different pipelines are independent of each other; jobs of one need not be.',
    'Jobs are rerouted one at a time: what it does to queues and loads when all follow is not in here.',
    ...(left > 0
      ? [
          `${percent(left)} of the picks had no room at that moment, as far as is known: they are left to GitLab, and add nothing to the difference.`,
        ]
      : []),
    ...(log.late > TOLD_LATE * log.evaluated
      ? [
          `Of ${percent(log.late / log.evaluated)} of the jobs the pick was made when they had ended, since their start was not told: taken for what would have been picked at their start.`,
        ]
      : []),
    `The interval is for one look.${anytime}`,
    ...(question.isPrimary
      ? []
      : [
          'This is not the question of the settings (the policy that is set now, by the reward spec, over the whole log): it explores.',
        ]),
    ...(infeasible > 0
      ? [
          `${percent(infeasible)} of the picks could not have run the job; they count 0, which is no estimate but how the question is put.`,
        ]
      : []),
  ]
}

/** A larger share of late picks is told. */
const TOLD_LATE = 0.05

const ASSUMED_OF_SOURCE = {
  recorded:
    'The probabilities are those that the jobs were routed with; it speaks of routed jobs, not of the others.',
  estimated:
    "GitLab's own choices are as probable as counted among jobs with the same feasible runners, the same of them with room, and the same runner of the job before; the report has their test.",
  uniform:
    'GitLab gives a job to each feasible runner with the same probability: assumed, and not refuted by its test.',
}

function mostOf(counts: readonly (number | null)[]): number | null {
  const known = counts.filter((count) => count !== null)
  return known.length === 0 ? null : Math.max(...known)
}

/** For the middle of a sentence, unless a name stands at its beginning. */
function lowered(sentence: string): string {
  return /^[A-Z][a-z]*\b/.test(sentence) && !/^(GitLab|Holm)/.test(sentence)
    ? `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`
    : sentence
}
