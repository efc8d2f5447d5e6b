/** What it costs not to follow the best of the policies. */
import { rewardNamed } from '../../domain/evaluation/reward-definitions.ts'
import type { EvaluationReport } from '../../schema/evaluation-report.ts'
import { decimalsOf, figure, interval, nameOf } from '../cells.ts'
import { type Block, type Cell, column, heading, numbers, paragraph, table } from '../document.ts'
import { intervalPlot } from '../plots/intervals.ts'
import { drawable } from '../rows-of.ts'

export function regretSection({ regret, question }: EvaluationReport): Block[] {
  const best = regret[0]
  if (best === undefined || regret.length < 2) return []
  const { mean, unit } = rewardNamed(question.reward)
  const hasTruth = regret.some(({ true_regret }) => true_regret !== null)
  const decimals = decimalsOf(regret)
  const title = 'Regret per job'
  const { drawn, notDrawn } = drawable(regret, question.policy, ({ value }) => value)
  return [
    heading('Regret'),
    paragraph(
      `${best.target} is the best here by its estimate: what each of the others is short of it, per job. The best was chosen by the same data, so its lead is a little too large.${best.decided === 'rescored' ? ' It was picked in hindsight: what a policy could be, not what one was.' : ''}${hasTruth ? ' The true regret is against the truly best of these.' : ''}`,
    ),
    {
      kind: 'plot',
      caption: `${title}, against ${best.target}; 95 % intervals of the paired difference.${notDrawn}`,
      svg: intervalPlot({
        title,
        axis: `${nameOf(mean)} short of the best${unit === '' ? '' : `, ${unit}`}`,
        rows: drawn.map((row) => ({
          name: row.target,
          value: row.regret,
          low: row.low,
          high: row.high,
          truth: row.true_regret,
          isHighlighted: row.target === question.policy,
        })),
        reference: { value: 0, name: 'the best' },
      }),
    },
    ...table(
      title,
      [
        column('policy'),
        column('decided'),
        ...numbers('value', 'regret', '95 % interval', ...(hasTruth ? ['true regret'] : [])),
      ],
      regret.map((row): Cell[] => [
        row.target,
        row.decided,
        figure(row.value, decimals),
        figure(row.regret, decimals),
        interval(row, decimals),
        ...(hasTruth ? [figure(row.true_regret, decimals)] : []),
      ]),
      regret.findIndex(({ target }) => target === question.policy),
    ),
  ]
}
