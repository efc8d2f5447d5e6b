/** What the answers come to: the evidence that a verdict weighs, and the verdict. */
import { verdictOf } from '../domain/evaluation/verdict.ts'
import type {
  ComparisonRow,
  EvaluationReport,
  Limits,
  PowerAnswer,
  ValueRow,
} from '../schema/evaluation-report.ts'
import type { Answers } from './assemble.ts'
import { nameOf } from './influence-of.ts'
import { failureOf } from './withheld.ts'

/** `values` and `asked` are of sources that pass their test. */
export function verdictFrom(
  { question, log, checks, propensities, support, influence }: Answers,
  values: readonly ValueRow[],
  asked: ComparisonRow | undefined,
  power: PowerAnswer | null,
  limits: Limits,
): EvaluationReport['verdict'] {
  const ofTarget = values.find(
    (row) => row.target === question.policy && row.estimator === 'dr' && row.source === question.propensities,
  )
  const test = propensities.find(({ source }) => source === question.propensities)
  const ofPolicy = support.find(
    ({ target, source }) => target === question.policy && source === question.propensities,
  )
  return renamed(
    verdictOf(
      {
        question: {
          policy: question.policy,
          reward: question.reward,
          source: question.propensities,
          isPrimary: question.is_primary,
        },
        log: {
          decided: log.decided_jobs,
          evaluated: log.evaluated_jobs,
          leftOut: log.exclusions.filter(({ reason }) => reason !== 'evaluated'),
          clusters: log.pipelines,
          effectiveClusters: log.effective_pipelines,
          late: log.late_jobs,
          spanDays: spanOf(log),
        },
        targets: [...new Set(support.map(({ target }) => target))].filter((target) => target !== 'logged'),
        failedChecks: checks
          .filter(({ severity, status }) => severity === 'error' && status === 'failed')
          .map(({ name, failed, checked, counted }) => ({
            name,
            sentence: `${failed} of ${checked} ${counted}`,
          })),
        propensity: test === undefined ? null : { isPassed: test.is_passed, reason: failureOf(test) },
        support:
          ofPolicy === undefined
            ? null
            : {
                jobs: ofPolicy.jobs,
                offSupportShare: ofPolicy.off_support_share,
                effectiveSampleSize: ofPolicy.effective_sample_size ?? 0,
                infeasibleShare: ofPolicy.infeasible_share,
                leftShare: ofPolicy.left_share,
                meanWeight: ofPolicy.mean_weight,
                meanWeightError: ofPolicy.mean_weight_se,
              },
        answer: answerOf(asked, ofTarget?.value ?? null),
        without: (influence?.without ?? []).map((row) => ({
          unit: row.unit,
          name: nameOf(row),
          difference: row.difference,
          low: row.low,
          high: row.high,
          sequenceLow: row.sequence_low,
          sequenceHigh: row.sequence_high,
        })),
        moreJobs: power?.more_jobs ?? null,
        smallestDifference: power?.smallest_difference ?? null,
      },
      {
        mostOffSupport: limits.most_off_support,
        mostLeft: limits.most_left,
        fewestEffective: limits.fewest_effective,
        fewestClusters: limits.fewest_clusters,
      },
    ),
  )
}

function renamed({
  moreJobs,
  decidedBy,
  isExploratory,
  hangsOn,
  ...rest
}: ReturnType<typeof verdictOf>): EvaluationReport['verdict'] {
  return {
    ...rest,
    decided_by: decidedBy,
    is_exploratory: isExploratory,
    hangs_on: hangsOn,
    more_jobs: moreJobs,
  }
}

const MS_PER_DAY = 86_400_000

function spanOf({ first_decided_at: first, last_decided_at: last }: EvaluationReport['log']): number | null {
  return first === null || last === null ? null : (Date.parse(last) - Date.parse(first)) / MS_PER_DAY
}

function answerOf(asked: ComparisonRow | undefined, value: number | null) {
  if (asked === undefined || value === null) return null
  const { jobs, clusters, difference, low, high } = asked
  if (difference === null || low === null || high === null) return null
  return {
    jobs,
    clusters,
    value,
    difference,
    low,
    high,
    sequenceLow: asked.sequence_low,
    sequenceHigh: asked.sequence_high,
    pHolm: asked.p_holm,
  }
}
