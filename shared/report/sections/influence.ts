/** Whether one job, or one pipeline, makes the answer what it is. */
import type { EvaluationReport, WithoutRow } from '../../schema/evaluation-report.ts'
import { count, decimalsOf, difference, differences } from '../cells.ts'
import { type Block, type Cell, column, heading, numbers, paragraph, table } from '../document.ts'
import { nameOf } from '../influence-of.ts'

export function influenceSection({ influence, comparisons, question }: EvaluationReport): Block[] {
  const asked = comparisons.find(
    ({ target, against, estimator, source }) =>
      target === question.policy &&
      against === 'logged' &&
      estimator === 'dr' &&
      source === question.propensities,
  )
  if (influence === null || influence.without.length === 0 || asked === undefined) return []
  const decimals = decimalsOf([asked])
  return [
    heading('What it hangs on'),
    paragraph(
      `The difference of ${question.policy} from what was done, without the job and without the pipeline that moves it the most to either side; what was learned from all jobs stays as it is.${fewest(influence)}`,
    ),
    ...table(
      'Without one of them',
      [column('without'), ...numbers('difference', '95 % interval', 'at any time')],
      [
        [
          '(all jobs)',
          difference(asked.difference, decimals),
          differences(asked, decimals),
          differences({ low: asked.sequence_low, high: asked.sequence_high }, decimals),
        ],
        ...influence.without.map((row): Cell[] => [
          nameOf(row),
          difference(row.difference, decimals),
          marked(row, differences(row, decimals), asked),
          differences({ low: row.sequence_low, high: row.sequence_high }, decimals),
        ]),
      ],
    ),
  ]
}

const containsZero = ({ low, high }: { low: number | null; high: number | null }): boolean =>
  low !== null && high !== null && low <= 0 && high >= 0

function marked(row: WithoutRow, text: string, asked: { low: number | null; high: number | null }): Cell {
  return containsZero(row) && !containsZero(asked)
    ? { text: `${text}, contains zero`, tone: 'warning' }
    : text
}

function fewest({
  fewest_pipelines: fewestPipelines,
  pipelines,
  asked_pipelines: most,
}: NonNullable<EvaluationReport['influence']>): string {
  if (fewestPipelines === 0) return ''
  return fewestPipelines === null
    ? ` Without the ${count(most)} of ${count(pipelines)} pipelines that speak for it the most, the interval still excludes zero.`
    : ` Without the ${count(fewestPipelines)} of ${count(pipelines)} pipelines that speak for it the most, the interval contains zero${fewestPipelines * 100 < pipelines ? ': that is fewer than one in a hundred' : ''}.`
}
