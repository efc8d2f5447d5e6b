/** When the log cannot answer: each reason with what to do about it. */
import { grouped, percent } from './figures.ts'
import type { RewardName } from './reward-definitions.ts'

export type Evidence = {
  question: {
    /** A target of `policy_choices`. */
    policy: string
    reward: RewardName
    source: 'recorded' | 'estimated' | 'uniform'
    /** Whether policy and reward are those of the settings: laid down before anybody looked. */
    isPrimary: boolean
  }
  log: {
    /** Jobs that were decided on in the window. */
    decided: number
    /** Of these: that an estimate may use. */
    evaluated: number
    /** Why the others may not be used. */
    leftOut: readonly { reason: string; jobs: number; advice: string }[]
    /** Pipelines of the evaluated ones. */
    clusters: number
  }
  /** Data checks of severity error that fail, a sentence each. */
  failedChecks: readonly { name: string; sentence: string }[]
  /** Of the source that is used; null when there is nothing to test. */
  propensity: { isPassed: boolean; reason: string } | null
  /** Of the policy under that source. */
  support: {
    offSupportShare: number
    effectiveSampleSize: number
    infeasibleShare: number
    /** Of picks that had no room at that moment: they are left to GitLab. */
    leftShare: number
  } | null
  /** The policy minus what was done, doubly robust; null when it cannot be computed. */
  answer: {
    clusters: number
    value: number
    logged: number
    difference: number
    low: number
    high: number
    /** Anytime-valid; null where there are too few pipelines. */
    sequenceLow: number | null
    sequenceHigh: number | null
    /** Over the family of comparisons of this reward. */
    pHolm: number | null
  } | null
  /** By the power calculation; null when none could be made. */
  moreJobs: number | null
  /** What the log could find with a power of 80 %; null when not known. */
  smallestDifference: number | null
}

export type VerdictLimits = {
  /** Largest share of a policy's feasible picks that GitLab never made in the same situation. */
  mostOffSupport: number
  fewestEffective: number
  fewestClusters: number
}

export type Refusal = { reason: string; advice?: string[]; moreJobs?: number | null }

/** With fewer clusters, neither CR1 errors nor t intervals are to be believed. */
export const FEWEST_CLUSTERS = 30

/** Jobs of a pipeline, while there is none to count them of. */
const USUAL_JOBS_OF_PIPELINE = 4

/** All that stands against a verdict, the worst first; empty when nothing does. */
export function refusalsOf(evidence: Evidence, limits: VerdictLimits): Refusal[] {
  const { log } = evidence
  const enough = Math.ceil(limits.fewestClusters * jobsOfPipeline(log))
  if (log.decided === 0) {
    return [
      {
        reason: 'The log has no jobs in this window.',
        advice: [
          'Serve webhooks (`runner-bandit serve`), or bring in the past: `runner-bandit backfill`, or `replay` for files.',
          `An evaluation takes at least ${limits.fewestClusters} pipelines, about ${grouped(enough)} jobs; to find small differences, some thousands.`,
        ],
        moreJobs: enough,
      },
    ]
  }
  const checks = failedChecks(evidence)
  if (log.evaluated === 0) return [...nothingToEvaluate(log, enough), ...checks]
  return [
    ...checks,
    ...tooFewPipelines(log, limits, enough),
    ...failedPropensities(evidence),
    ...weakSupport(evidence, limits),
    ...(isUnexplained(evidence, limits) ? [nothingToCompare(evidence)] : []),
  ]
}

function nothingToEvaluate({ decided, leftOut }: Evidence['log'], enough: number): Refusal[] {
  return [
    {
      reason: `None of the ${grouped(decided)} jobs in this window can be evaluated: ${reasonsIn(leftOut)}.`,
      advice: leftOut.map(({ advice }) => advice).filter((advice) => advice !== ''),
      moreJobs: enough,
    },
  ]
}

function failedChecks({ failedChecks }: Evidence): Refusal[] {
  if (failedChecks.length === 0) return []
  return [
    {
      reason: `The data fail ${failedChecks.length === 1 ? 'a check' : `${failedChecks.length} checks`}: ${failedChecks
        .map(({ name, sentence }) => `${name} (${sentence.replace(/\.$/, '')})`)
        .join('; ')}.`,
      advice: [
        '`runner-bandit check` says which rows; until they are right, no number of them means anything.',
      ],
    },
  ]
}

function failedPropensities({ propensity, question }: Evidence): Refusal[] {
  if (propensity?.isPassed !== false) return []
  return [
    {
      reason: `The ${question.source} propensities fail their test: ${propensity.reason.replace(/\.$/, '')}.`,
      advice: [
        question.source === 'uniform'
          ? 'GitLab does not choose evenly among the feasible runners. Leave `--propensities uniform` out.'
          : 'Route a share of the jobs (mode canary): of those the probabilities are exact, and `--propensities recorded` speaks of them alone.',
      ],
    },
  ]
}

function tooFewPipelines(log: Evidence['log'], { fewestClusters }: VerdictLimits, enough: number): Refusal[] {
  if (log.clusters >= fewestClusters) return []
  const more = Math.max(1, enough - log.evaluated)
  const left = log.leftOut.filter(({ advice }) => advice !== '')
  return [
    {
      reason: `${log.clusters === 1 ? 'Only 1 pipeline has' : `Only ${grouped(log.clusters)} pipelines have`} jobs that can be evaluated; intervals take at least ${fewestClusters}.`,
      advice: [
        `About ${grouped(more)} more jobs are needed for a first answer.`,
        ...left.map(({ advice }) => advice),
      ],
      moreJobs: more,
    },
  ]
}

function weakSupport({ support, log, question }: Evidence, limits: VerdictLimits): Refusal[] {
  if (support === null) return []
  const { offSupportShare, effectiveSampleSize } = support
  const refusals: Refusal[] = []
  if (offSupportShare > limits.mostOffSupport) {
    refusals.push({
      reason: `${percent(offSupportShare)} of what ${question.policy} picks, GitLab never chose in the same situation (at most ${percent(limits.mostOffSupport)} may be so): nothing is known of it.`,
      advice: ['Route a share of the jobs evenly (mode canary), so that every feasible runner is tried.'],
    })
  }
  if (effectiveSampleSize < limits.fewestEffective) {
    const more =
      effectiveSampleSize > 0
        ? Math.ceil(log.evaluated * (limits.fewestEffective / effectiveSampleSize - 1))
        : null
    refusals.push({
      reason: `The log is worth ${grouped(effectiveSampleSize)} jobs for ${question.policy} (effective sample size); ${grouped(limits.fewestEffective)} are the least.`,
      advice: [
        more === null
          ? 'GitLab and the policy hardly ever agree: route a share of the jobs (mode canary).'
          : `About ${grouped(more)} more jobs like these are needed.`,
      ],
      moreJobs: more,
    })
  }
  return refusals
}

/** Without an answer, though nothing else stands against one. */
function isUnexplained({ answer, log, propensity }: Evidence, { fewestClusters }: VerdictLimits): boolean {
  return answer === null && log.clusters >= fewestClusters && propensity?.isPassed !== false
}

function nothingToCompare({ question }: Evidence): Refusal {
  if (question.source === 'recorded') {
    return {
      reason: 'Too few jobs were routed: only of those there are recorded propensities.',
      advice: ['Leave `--propensities recorded` out, or route a share of the jobs (mode canary).'],
    }
  }
  return question.policy.endsWith('/known')
    ? {
        reason: `${question.policy} picks among all runners, and of one that cannot run the job there is no ${question.reward.replaceAll('_', ' ')}.`,
        advice: ['Ask for a reward of which an impossible pick has a value: spec, speed or success.'],
      }
    : {
        reason: `Of ${question.policy} there is no ${question.source} estimate of ${question.reward}: no job has both.`,
        advice: [
          '`runner-bandit evaluate` without `--policy`, `--reward` and `--propensities` says what there is.',
        ],
      }
}

function jobsOfPipeline({ evaluated, clusters }: Evidence['log']): number {
  return clusters === 0 ? USUAL_JOBS_OF_PIPELINE : evaluated / clusters
}

function reasonsIn(leftOut: Evidence['log']['leftOut']): string {
  return leftOut.map(({ reason, jobs }) => `${reason.replaceAll('_', ' ')} ${grouped(jobs)}`).join(', ')
}
