/** What it takes to get the same numbers again. */
import type { EvaluationReport } from '../../schema/evaluation-report.ts'
import { count } from '../cells.ts'
import { type Block, column, heading, numbers, paragraph, table } from '../document.ts'

export function reproductionSection(report: EvaluationReport): Block[] {
  const { question, reproduction, product_version: version } = report
  const window = `${question.from ?? 'the beginning'} to ${question.to ?? 'now'}`
  const flags = [
    `--policy ${question.policy}`,
    `--reward ${question.reward}`,
    `--propensities ${question.propensities}`,
    ...(question.from === null ? [] : [`--from ${question.from}`]),
    ...(question.to === null ? [] : [`--to ${question.to}`]),
  ]
  return [
    heading('Reproduction'),
    paragraph(
      `\`runner-bandit evaluate ${flags.join(' ')}\`, version ${version}, made at ${report.made_at}; decisions from ${window}. Nothing is drawn by chance, so there is no seed: the same rows give the same numbers. State generation ${reproduction.state_generation} at the time of the report; the newest state that decided here was ${reproduction.decided_from_generation ?? 'none'}.`,
    ),
    ...table(
      'Statements that were run: views of sql/ci_metrics, composed with the window; `--json` has the numbers whole',
      [column('answers'), ...numbers('rows'), column('SHA-256 of the statement')],
      reproduction.queries.map(({ name, rows, sha256 }) => [name, count(rows), sha256]),
    ),
  ]
}
