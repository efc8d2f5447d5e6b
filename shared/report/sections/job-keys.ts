/** Where the difference comes from: by job key, the largest first. Not to be concluded from. */
import type { EvaluationReport } from '../../schema/evaluation-report.ts'
import { count, decimalsOf, difference, differences, figure, impossibleNote, mean } from '../cells.ts'
import { type Block, column, heading, note, numbers, paragraph, table } from '../document.ts'
import { intervalPlot } from '../plots/intervals.ts'

export function jobKeySection({ job_keys: rows, question, log }: EvaluationReport): Block[] {
  if (rows.length === 0) return []
  const decimals = decimalsOf(rows)
  const title = 'Difference per job key'
  return [
    heading('Where it comes from'),
    paragraph(
      `Exploratory: ${question.policy} minus what was done, doubly robust, of the ${rows.length} of ${count(log.job_keys)} job keys that move the whole the most. They were picked because they look large, so they are, on the average, smaller than they look; the intervals are not adjusted for that.`,
    ),
    {
      kind: 'plot',
      caption: `${title} (${question.reward}), exploratory.`,
      svg: intervalPlot({
        title,
        axis: 'difference, policy minus logged',
        rows: rows.map((row) => ({ name: row.job_key, value: row.difference, low: row.low, high: row.high })),
        reference: { value: 0, name: 'no difference' },
      }),
    },
    ...table(
      title,
      [column('job key'), ...numbers('jobs', 'pipelines', 'logged', 'policy', 'difference', '95 % interval')],
      rows.map((row) => [
        row.job_key,
        count(row.jobs),
        count(row.clusters),
        figure(row.logged, decimals),
        mean(row.logged + row.difference, question.reward, decimals),
        difference(row.difference, decimals),
        differences(row, decimals),
      ]),
    ),
    ...note(
      impossibleNote(
        rows.map(({ logged, difference: gain }) => logged + gain),
        question.reward,
      ),
    ),
  ]
}
