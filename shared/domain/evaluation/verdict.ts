/** Does it pay? One sentence with its interval, or the reasons why the log cannot say. */
import { assumptionsOf } from './assumptions.ts'
import type { Evidence, Refusal, VerdictLimits } from './evidence.ts'
import { decimalsFor, fixed, grouped, percent, rounded, signed } from './figures.ts'
import { type Decider, deciderOf } from './jackknife.ts'
import { lowered } from './lowered.ts'
import { nextStepsOf } from './next-steps.ts'
import { refusalsOf } from './refusals.ts'
import { isPossible, rangeOf, rewardNamed } from './reward-definitions.ts'

export type { Evidence, VerdictLimits }

export type VerdictKind = 'pays' | 'does_not_pay' | 'undecided' | 'no_verdict'

export type Verdict = {
  kind: VerdictKind
  /**
   * What leaves zero out: the sequence, which holds however often one looks, or only the interval of this one look. Null
   * where nothing is decided.
   */
  decidedBy: Decider
  /** Asked of several, or of a rule that was learned from the same log: a reason to try, nothing to conclude from. */
  isExploratory: boolean
  /** Whether one of them alone makes the answer what it is. */
  hangsOn: 'job' | 'pipeline' | null
  /** The whole answer. */
  sentence: string
  /** Why there is no verdict, or none yet; a sentence each. */
  reasons: string[]
  /** What to do now; a sentence each. */
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
  const { answer, question } = evidence
  const refusals = [...refusalsOf(evidence, limits), ...impossible(evidence)]
  if (refusals.length > 0 || answer === null) {
    const reasons = refusals.map(({ reason }) => reason)
    return {
      kind: 'no_verdict',
      decidedBy: null,
      isExploratory: !question.isPrimary,
      hangsOn: null,
      sentence: `No verdict on ${question.policy}: ${lowered(reasons[0] ?? 'There is nothing to compare.')}`,
      reasons,
      advice: [...new Set(refusals.flatMap(({ advice }) => advice ?? []))],
      assumptions: [],
      moreJobs: mostOf(refusals.map(({ moreJobs }) => moreJobs ?? null)),
    }
  }
  const kind = kindOf(answer, evidence)
  const decidedBy = kind === 'undecided' ? null : isRescored(evidence) ? 'one_look' : deciderOf(answer)
  const hangsOn = hangsOnOf(decidedBy, answer, evidence)
  return {
    kind,
    decidedBy,
    isExploratory: !question.isPrimary,
    hangsOn: hangsOn?.unit ?? null,
    sentence: `${leadOf(kind, decidedBy, evidence)}${comparisonSentence(kind, answer, evidence)}${kind === 'undecided' ? openTail(answer, evidence) : oneLookTail(decidedBy, evidence)}${hangingTail(hangsOn)}`,
    reasons: [...reasonsOf(kind, answer), ...(hangsOn === undefined ? heavyOnes(answer, evidence) : [])],
    advice: nextStepsOf(kind, { decidedBy, hangsOn: hangsOn?.unit ?? null }, answer, evidence),
    assumptions: assumptionsOf(answer, evidence),
    moreJobs: kind === 'undecided' ? evidence.moreJobs : null,
  }
}

/** Nothing is cut to what is possible: that would hide how little is known. */
function impossible({ answer, question }: Evidence): Refusal[] {
  if (answer === null || isPossible(question.reward, answer.value)) return []
  const { mean } = rewardNamed(question.reward)
  return [
    {
      reason: `The estimate is impossible: ${mean} would be ${fixed(answer.value, decimalsFor((answer.high - answer.low) / 2))}, and can only be ${rangeOf(question.reward)}: too few jobs speak for ${question.policy}.`,
      advice: ['It takes more jobs, or a share of them routed (mode canary).'],
    },
  ]
}

const isRescored = ({ question }: Evidence): boolean => question.policy.endsWith('/rescored')

const LEAD = { pays: 'it pays. ', does_not_pay: 'it does not pay. ', undecided: 'undecided. ' }

function leadOf(kind: keyof typeof LEAD, decidedBy: Decider, { question }: Evidence): string {
  const lead = `${question.isPrimary ? '' : 'exploratory: '}${decidedBy === 'one_look' ? 'at one look ' : ''}${LEAD[kind]}`
  return `${lead.charAt(0).toUpperCase()}${lead.slice(1)}`
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

/** What was done is the value less the difference, as both are printed: the numbers of a sentence add up. */
function comparisonSentence(kind: VerdictKind, answer: Answer, { question, support }: Evidence): string {
  const { mean, unit } = rewardNamed(question.reward)
  const { value, difference, low, high, jobs, clusters } = answer
  const decimals = decimalsFor((high - low) / 2)
  const logged = rounded(value, decimals) - rounded(difference, decimals)
  const inUnit = unit === '' ? '' : ` ${unit}`
  const of = [
    `95 %: ${signed(low, decimals)} to ${signed(high, decimals)}`,
    `doubly robust, ${SOURCE_WORDS[question.source]}, ${grouped(jobs)} jobs of ${grouped(clusters)} pipelines`,
  ].join('; ')
  const better =
    kind === 'undecided' ? '' : ` a job${prefixed(', ', shareOf(difference, answer, question.reward))}`
  const left = support?.leftShare ?? 0
  const room = left > 0 ? `, as far as there was room (${percent(1 - left)} of its picks)` : ''
  return `Had every job gone where ${question.policy} said${room}, ${mean} would have been ${fixed(value, decimals)}${inUnit} instead of ${fixed(logged, decimals)}: ${signed(difference, decimals)}${inUnit}${better} (${of}), for jobs rerouted one at a time.`
}

const SOURCE_WORDS = {
  recorded: 'recorded propensities of routed jobs',
  estimated: 'estimated propensities',
  uniform: 'propensities assumed uniform',
}

/** 27 % better; empty where there is nothing to be a share of. */
function shareOf(difference: number, { value, difference: seen }: Answer, reward: string): string {
  const logged = value - seen
  if (!(logged > 0)) return ''
  const isBetter = difference > 0 === !rewardNamed(reward).isLowerBetter
  return `${percent(Math.abs(difference) / logged)} ${isBetter ? 'better' : 'worse'}`
}

function oneLookTail(decidedBy: Decider, evidence: Evidence): string {
  if (isRescored(evidence))
    return ' It was picked in hindsight, by a rule that was learned from this same log: nobody has decided so yet.'
  return decidedBy === 'one_look'
    ? ' Only who had settled beforehand to look now, and only now, may say so: looked at again and again, the log has not decided.'
    : ''
}

type Without = Evidence['without'][number]

/** The first without which zero would not be left out as it is. */
function hangsOnOf(decidedBy: Decider, { difference }: Answer, { without }: Evidence): Without | undefined {
  const strengthOf = (each: Without) =>
    Math.sign(each.difference) === Math.sign(difference) ? STRENGTH[deciderOf(each) ?? 'none'] : 0
  return without.find((each) => strengthOf(each) < STRENGTH[decidedBy ?? 'none'])
}

const STRENGTH = { none: 0, one_look: 1, sequence: 2 }

/** Of an interval's half width: who moves the difference by more is named, whatever comes of it. */
const HEAVY = 0.5

function heavyOnes({ difference, low, high }: Answer, { without }: Evidence): string[] {
  const heavy = without.find((each) => Math.abs(each.difference - difference) > HEAVY * ((high - low) / 2))
  if (heavy === undefined) return []
  const decimals = decimalsFor((heavy.high - heavy.low) / 2)
  return [
    `One ${heavy.unit} weighs as much as many: without ${heavy.name} the difference is ${signed(heavy.difference, decimals)} (${signed(heavy.low, decimals)} to ${signed(heavy.high, decimals)}).`,
  ]
}

function hangingTail(without: Without | undefined): string {
  if (without === undefined) return ''
  const { unit, name, low, high } = without
  const decimals = decimalsFor((high - low) / 2)
  const what =
    deciderOf(without) === null
      ? `the interval is ${signed(low, decimals)} to ${signed(high, decimals)}, and contains zero`
      : 'only the interval of one look leaves zero out'
  return ` It hangs on one ${unit}: without ${name}, ${what}.`
}

function openTail(answer: Answer, { moreJobs, smallestDifference, question }: Evidence): string {
  const { unit } = rewardNamed(question.reward)
  const inUnit = unit === '' ? '' : ` ${unit}`
  const [one, other] = [
    shareOf(answer.low, answer, question.reward),
    shareOf(answer.high, answer, question.reward),
  ]
  const isFar = Math.max(-answer.low, answer.high) > answer.value - answer.difference
  const between = one === '' || isFar ? '' : ` It may be anything from ${one} to ${other}.`
  const could =
    smallestDifference === null
      ? between
      : `${between} A log like this one finds differences from ${fixed(smallestDifference, decimalsFor(smallestDifference))}${inUnit} on, four times out of five.`
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

function mostOf(counts: readonly (number | null)[]): number | null {
  const known = counts.filter((count) => count !== null)
  return known.length === 0 ? null : Math.max(...known)
}

const prefixed = (prefix: string, text: string): string => (text === '' ? '' : `${prefix}${text}`)
