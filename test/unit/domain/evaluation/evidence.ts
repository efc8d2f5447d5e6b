/** A log that answers, and whatever is otherwise with it. */
import type { Evidence, VerdictLimits } from '../../../../shared/domain/evaluation/evidence.ts'
import { verdictOf } from '../../../../shared/domain/evaluation/verdict.ts'

const LIMITS: VerdictLimits = {
  mostOffSupport: 0.1,
  mostLeft: 0.5,
  fewestEffective: 100,
  fewestClusters: 30,
}

type Support = NonNullable<Evidence['support']>
type Answer = NonNullable<Evidence['answer']>

const SUPPORT: Support = {
  jobs: 4012,
  offSupportShare: 0.01,
  effectiveSampleSize: 812,
  infeasibleShare: 0,
  leftShare: 0,
  meanWeight: 0.994,
  meanWeightError: 0.012,
}

const ANSWER: Answer = {
  jobs: 4012,
  clusters: 1003,
  value: 0.641,
  difference: 0.085,
  low: 0.046,
  high: 0.124,
  sequenceLow: 0.027,
  sequenceHigh: 0.143,
  pHolm: 0.0002,
}

export type Overrides = {
  question?: Partial<Evidence['question']>
  log?: Partial<Evidence['log']>
  answer?: Partial<Answer> | null
  support?: Partial<Support> | null
} & Partial<Omit<Evidence, 'question' | 'log' | 'answer' | 'support'>>

function evidence({ question, log, answer, support, ...rest }: Overrides = {}): Evidence {
  return {
    question: { policy: 'thompson', reward: 'spec', source: 'estimated', isPrimary: true, ...question },
    log: {
      decided: 4100,
      evaluated: 4012,
      leftOut: [],
      clusters: 1003,
      effectiveClusters: 871.4,
      late: 0,
      spanDays: 8,
      ...log,
    },
    targets: ['thompson', 'greedy', 'ucb1/known'],
    failedChecks: [],
    propensity: { isPassed: true, reason: '' },
    support: support === null ? null : { ...SUPPORT, ...support },
    answer: answer === null ? null : { ...ANSWER, ...answer },
    without: [],
    moreJobs: null,
    smallestDifference: 0.056,
    ...rest,
  }
}

export const verdict = (overrides: Overrides) => verdictOf(evidence(overrides), LIMITS)
