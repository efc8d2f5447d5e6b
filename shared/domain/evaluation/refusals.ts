/** When the log cannot answer: each reason with what to do about it. */
import type { Evidence, Refusal, VerdictLimits } from './evidence.ts'
import { grouped, percent } from './figures.ts'
import { lowered } from './lowered.ts'
import { weakSupport } from './weak-support.ts'

/** With fewer clusters, neither CR1 errors nor t intervals are to be believed. */
export const FEWEST_CLUSTERS = 30

/** With more of the picks made when the job had ended, they are not what would have been advised at its start. */
export const MOST_LATE = 0.2

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
    ...notInLog(evidence),
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
      reason: `The ${question.source} propensities fail their test: ${lowered(propensity.reason.replace(/\.$/, ''))}.`,
      advice: [
        question.source === 'uniform'
          ? 'GitLab does not choose evenly among the feasible runners. Leave `--propensities uniform` out.'
          : 'Route a share of the jobs (mode canary): of those the probabilities are exact, and `--propensities recorded` speaks of them alone.',
        ...(question.source === 'estimated'
          ? ["Or let more jobs come: of few, GitLab's choices are counted badly."]
          : []),
      ],
    },
  ]
}

/** What was decided on its jobs may be of a version with other policies. */
function notInLog({ targets, question }: Evidence): Refusal[] {
  if (targets.length === 0 || targets.includes(question.policy)) return []
  return [
    {
      reason: `What ${question.policy} would do was not recorded: of these jobs there is ${targets.join(', ')}.`,
      advice: ['Ask for one of those (`--policy`).'],
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

/** Without an answer, though nothing else stands against one. */
function isUnexplained(evidence: Evidence, { fewestClusters }: VerdictLimits): boolean {
  const { answer, log, propensity } = evidence
  if (notInLog(evidence).length > 0) return false
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
