/** When the log cannot answer: each reason with what to do about it. */
import type { Evidence, VerdictLimits } from './evidence.ts'
import { fixed, grouped, percent } from './figures.ts'
import { EVALUATION } from './settings.ts'

export type Refusal = { reason: string; advice?: string[]; moreJobs?: number | null }

/** With fewer clusters, neither CR1 errors nor t intervals are to be believed. */
export const FEWEST_CLUSTERS = 30

/** With more of the picks made when the job had ended, they are not what would have been advised at its start. */
export const MOST_LATE = 0.2

/** As support_check judges a mean weight: so many standard errors from what it has to be, or mostWeightGap. */
const MOST_ERRORS = 3

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
    ...tooFewPipelines(evidence, limits, enough),
    ...tooUnevenPipelines(evidence, limits),
    ...tooManyLate(evidence),
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

/** Of the log or, where that has fewer, of the comparison. */
function clustersOf({ answer, log }: Evidence): number {
  return Math.min(log.clusters, answer?.clusters ?? log.clusters)
}

function tooFewPipelines(evidence: Evidence, { fewestClusters }: VerdictLimits, enough: number): Refusal[] {
  const { log } = evidence
  const clusters = clustersOf(evidence)
  if (clusters >= fewestClusters) return []
  const more = Math.max(1, enough - Math.min(log.evaluated, evidence.answer?.jobs ?? log.evaluated))
  const left = log.leftOut.filter(({ advice }) => advice !== '')
  return [
    {
      reason: `${clusters === 1 ? 'Only 1 pipeline has' : `Only ${grouped(clusters)} pipelines have`} jobs that can be ${clusters < log.clusters ? 'compared' : 'evaluated'}; intervals take at least ${fewestClusters}.`,
      advice: [
        `About ${grouped(more)} more jobs are needed for a first answer.`,
        ...left.map(({ advice }) => advice),
      ],
      moreJobs: more,
    },
  ]
}

/** One pipeline with half of the jobs makes an interval that is far too narrow, however many others there are. */
function tooUnevenPipelines(evidence: Evidence, { fewestClusters }: VerdictLimits): Refusal[] {
  const { effectiveClusters } = evidence.log
  const clusters = clustersOf(evidence)
  if (clusters < fewestClusters || effectiveClusters === null || effectiveClusters >= fewestClusters)
    return []
  return [
    {
      reason: `A few of the ${grouped(clusters)} pipelines have most of the jobs: together they tell no more than ${grouped(Math.max(1, Math.floor(effectiveClusters)))} of one size would, and intervals take at least ${fewestClusters}.`,
      advice: [
        'It takes more pipelines, not more jobs of the largest; or leave out the days on which those ran (`--from`, `--to`).',
      ],
    },
  ]
}

function tooManyLate({ log: { late, evaluated } }: Evidence): Refusal[] {
  if (late <= MOST_LATE * evaluated) return []
  return [
    {
      reason: `Of ${percent(late / evaluated)} of the jobs the policy's pick was made only when they had ended (at most ${percent(MOST_LATE)} may be so): it is not what would have been advised at their start.`,
      advice: [
        'Their starts did not arrive: see that GitLab sends every job event and that `runner-bandit serve` is up (`runner-bandit doctor`).',
      ],
    },
  ]
}

function weakSupport(evidence: Evidence, limits: VerdictLimits): Refusal[] {
  const { support, question } = evidence
  if (support === null) return []
  const { offSupportShare, leftShare } = support
  return [
    ...(offSupportShare > limits.mostOffSupport
      ? [
          {
            reason: `${percent(offSupportShare)} of what ${question.policy} picks, GitLab never chose among the same runners (at most ${percent(limits.mostOffSupport)} may be so): nothing is known of it.`,
            advice: [
              'Route a share of the jobs evenly (mode canary), so that every feasible runner is tried.',
            ],
          },
        ]
      : []),
    ...(leftShare > limits.mostLeft
      ? [
          {
            reason: `${percent(leftShare)} of what ${question.policy} picks had no room, and is left to GitLab (at most ${percent(limits.mostLeft)} may be so): an answer would be about GitLab.`,
            advice: [
              'Ask about a time with less load (`--from`, `--to`), or route a share of the jobs (mode canary): those wait for their runner.',
            ],
          },
        ]
      : []),
    ...wrongWeights(evidence),
    ...tooFewEffective(evidence, limits),
  ]
}

function wrongWeights({ support, question }: Evidence): Refusal[] {
  if (support === null) return []
  const { meanWeight, meanWeightError, infeasibleShare } = support
  const expected = 1 - infeasibleShare
  if (
    Math.abs(meanWeight - expected) <=
    Math.max(EVALUATION.mostWeightGap, MOST_ERRORS * (meanWeightError ?? 0))
  )
    return []
  return [
    {
      reason: `The weights of ${question.policy} do not add up: they are ${fixed(meanWeight, 2)} on the average and have to be ${fixed(expected, 2)}, so that some of its picks count too ${meanWeight > expected ? 'much' : 'little'}.`,
      advice: [
        'Where it picks, the propensities are wrong: route a share of the jobs (mode canary), of which they are exact.',
      ],
    },
  ]
}

/** The comparison may have fewer jobs than the support is of: not every job has every reward. */
function tooFewEffective({ support, answer, log, question }: Evidence, limits: VerdictLimits): Refusal[] {
  if (support === null) return []
  const { effectiveSampleSize, jobs } = support
  const size = answer === null || jobs === 0 ? 1 : Math.min(1, answer.jobs / jobs)
  const effective = effectiveSampleSize * size
  if (effective >= limits.fewestEffective) return []
  const more = effective > 0 ? Math.ceil(log.evaluated * (limits.fewestEffective / effective - 1)) : null
  return [
    {
      reason: `The log is worth ${grouped(effective)} jobs for what ${question.policy} picks itself (effective sample size); ${grouped(limits.fewestEffective)} are the least.`,
      advice: [
        more === null
          ? 'GitLab and the policy hardly ever agree: route a share of the jobs (mode canary).'
          : `About ${grouped(more)} more jobs like these are needed.`,
      ],
      moreJobs: more,
    },
  ]
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
