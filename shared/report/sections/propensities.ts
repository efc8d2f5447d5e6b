/** How probable GitLab's own choices were: every weight stands on it, so it is tested, and shown. */
import { EVALUATION } from '../../domain/evaluation/settings.ts'
import type { EvaluationReport } from '../../schema/evaluation-report.ts'
import { count, figure, pValue, yes } from '../cells.ts'
import { type Block, type Cell, column, heading, numbers, paragraph, table } from '../document.ts'
import { calibrationPlot } from '../plots/calibration.ts'
import { NEGLIGIBLE } from '../withheld.ts'

/** With fewer, a bin is not judged. */
const LEAST_PAIRS = 100

const MEANING: Record<string, string> = {
  recorded: 'recorded: what routed jobs were drawn with, exact',
  estimated: "estimated: routed jobs exact, GitLab's own choices as counted",
  uniform: "uniform: routed jobs exact, GitLab's own choices assumed even",
}

export function propensitySection(report: EvaluationReport): Block[] {
  const { propensities, calibration, withheld, question } = report
  if (propensities.length === 0) return []
  return [
    heading('Propensities'),
    paragraph(
      "A policy's picks are weighed by how probable the choice was that was made. A source of these probabilities that fails its test gives no numbers in this report.",
    ),
    ...withheld.map(
      ({ source, reason }): Block => ({
        kind: 'notice',
        tone: 'warning',
        title: `The ${source} propensities fail their test; their numbers are withheld.`,
        lines: [reason],
      }),
    ),
    ...table(
      `Tests: the mean weight of an even policy has to be 1, up to 3 standard errors or ${NEGLIGIBLE}; of estimated propensities up to ${EVALUATION.mostWeightGap}, since 1/p̂ is too large on the average by the errors of p̂ alone (IPS is too high by as much, DR hardly). The worst gap, at most ${EVALUATION.mostGap} of estimated ones, is between predicted and observed, of ten bins of probability with at least ${LEAST_PAIRS} job–runner pairs each, and is not asked for where nearly all jobs were routed. Chi-square decides on uniform ones alone`,
      [
        column('source'),
        ...numbers('jobs', 'of these recorded', 'mean weight', 'SE', 'worst gap', 'chi-square', 'df', 'p'),
        column('test'),
      ],
      propensities.map((row): Cell[] => [
        MEANING[row.source] ?? row.source,
        count(row.jobs),
        count(row.recorded_jobs),
        figure(row.mean_weight),
        figure(row.mean_weight_se),
        figure(row.worst_gap),
        figure(row.chi_square, 1),
        count(row.degrees),
        pValue(row.p_value),
        yes(row.is_passed, ['passed', 'FAILS']),
      ]),
    ),
    // Even probabilities are right on the average by how they are made: that says nothing of them.
    ...calibrationOf(calibration.filter(({ source }) => source === question.propensities)),
  ]
}

function calibrationOf(rows: EvaluationReport['calibration']): Block[] {
  const sources = [...new Set(rows.map(({ source }) => source))]
  return sources.flatMap((source) => {
    const points = rows.filter((row) => row.source === source)
    const title = `Calibration of the ${source} propensities`
    return [
      { kind: 'plot' as const, caption: `${title}.`, svg: calibrationPlot(title, points) },
      ...table(
        title,
        numbers('predicted', 'observed', 'job–runner pairs'),
        points.map((point) => [
          figure(point.predicted),
          point.candidates < LEAST_PAIRS
            ? { text: `${figure(point.observed)} (too few)`, tone: 'neutral' as const }
            : figure(point.observed),
          count(point.candidates),
        ]),
      ),
    ]
  })
}
