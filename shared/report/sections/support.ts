/** Whether the log has enough in it for what a policy would do: overlap, and weights. */
import { EVALUATION } from '../../domain/evaluation/settings.ts'
import type { EvaluationReport } from '../../schema/evaluation-report.ts'
import { count, figure, share, yes } from '../cells.ts'
import { type Block, type Cell, column, drawn, heading, numbers, paragraph, table } from '../document.ts'
import { barPlot } from '../plots/bars.ts'

export function supportSection({ support, weights, question, limits }: EvaluationReport): Block[] {
  const rows = support.filter(({ source, target }) => source === question.propensities && target !== 'logged')
  if (rows.length === 0) return []
  const least = Math.min(...rows.map(({ min_propensity }) => min_propensity))
  const title = `Weights of ${question.policy}`
  return [
    heading('Support'),
    paragraph(
      `A job says something of a policy when the policy would have done what was done; its weight is the policy's probability of that over GitLab's. Off support is what a policy picks where no job with the same feasible runners ever went: at most ${share(limits.most_off_support)} may be so. A pick that had no room at that moment is left to GitLab, which could not have chosen it either: at most ${share(limits.most_left)} may be so. The mean weight has to be the share of feasible picks, up to 3 standard errors or ${EVALUATION.mostWeightGap}. The effective sample size is how many evenly weighted jobs the log is worth for the picks that are not left to GitLab: at least ${count(limits.fewest_effective)}. The least propensity of all is ${figure(least)}: what was so improbable weighs ${count(1 / least)} times as much when a policy is sure of it.`,
    ),
    ...table(
      'Support per policy',
      [
        column('policy'),
        ...numbers(
          'jobs',
          'infeasible picks',
          'off support',
          'left to GitLab',
          'mean weight',
          'SE',
          'largest',
          'effective size',
        ),
        column('supported'),
      ],
      rows.map((row): Cell[] => [
        row.target,
        count(row.jobs),
        share(row.infeasible_share),
        share(row.off_support_share),
        share(row.left_share),
        figure(row.mean_weight),
        figure(row.mean_weight_se),
        figure(row.max_weight, 1),
        count(row.effective_sample_size),
        yes(row.is_supported, ['yes', 'NO']),
      ]),
      rows.findIndex(({ target }) => target === question.policy),
    ),
    ...(weights.length === 0
      ? []
      : [
          {
            kind: 'plot' as const,
            caption: `${title}, ${question.propensities} propensities: how many jobs speak for it, and how loud.`,
            svg: barPlot({
              title,
              axis: 'weight',
              bars: weights.map((bin) => ({ name: nameOf(bin), jobs: bin.jobs })),
            }),
          },
        ]),
    ...drawn(
      table(
        title,
        [column('weight'), ...numbers('jobs')],
        weights.map((bin) => [nameOf(bin), count(bin.jobs)]),
      ),
    ),
  ]
}

function nameOf({ above, up_to }: EvaluationReport['weights'][number]): string {
  if (above === null) return '0'
  return up_to === null ? `over ${above}` : `${above} to ${up_to}`
}
