/** How the answer came about, day by day. */
import { rewardNamed } from '../../domain/evaluation/reward-definitions.ts'
import type { EvaluationReport } from '../../schema/evaluation-report.ts'
import { count, impossibleNote, interval, mean, nameOf } from '../cells.ts'
import { type Block, column, heading, note, numbers, paragraph, table } from '../document.ts'
import { curvePlot } from '../plots/curves.ts'

const BAND =
  ' The band is of IPS, not of the lines: an anytime-valid sequence (predictable-mixture empirical Bernstein, over jobs), which holds at all times at once, so that whoever stops when it says something is not deceived. It needs exact propensities and rewards with a bound; it does not need many jobs, nor that they are alike. Of a policy that learns it bounds a weighted mean of its values so far. Where it leaves the drawing it is cut off.'
const NO_BAND =
  ' There is no anytime-valid band: it takes the weights for exact, which they are of `--propensities recorded` alone.'

/** Of a long log, every so many days. */
const MOST_DAYS = 31

export function curveSection({ curve, question }: EvaluationReport): Block[] {
  if (curve.length === 0) return []
  const { mean: measured, unit } = rewardNamed(question.reward)
  const title = 'Cumulative value'
  const own = curve.filter(({ target }) => target === question.policy)
  const bands = own.map(({ eb_low: low, eb_high: high }) => ({ low, high }))
  const svg = curvePlot(
    title,
    unit === '' ? nameOf(measured) : `${nameOf(measured)}, ${unit}`,
    [question.policy, 'logged'].map((name, index) => ({
      name,
      series: index === 0 ? ('a' as const) : ('b' as const),
      points: curve
        .filter(({ target }) => target === name)
        .map(({ day, cumulative_value: value, eb_low: low, eb_high: high }) => ({ day, value, low, high })),
    })),
  )
  const hasBand = bands.some(({ low }) => low !== null)
  return [
    heading('Over time'),
    paragraph(
      `Doubly robust, of all jobs up to the end of each day.${hasBand ? BAND : question.propensities === 'recorded' ? '' : NO_BAND}`,
    ),
    ...(svg === '' ? [] : [{ kind: 'plot' as const, caption: `${title} up to the end of each day.`, svg }]),
    ...table(
      `${question.policy} by day`,
      [
        column('day'),
        ...numbers(
          'jobs',
          'value of the day',
          'jobs so far',
          'value so far',
          ...(hasBand ? ['anytime-valid'] : []),
        ),
      ],
      thinned(own).map((row) => {
        return [
          row.day,
          count(row.jobs),
          mean(row.value_of_day, question.reward),
          count(row.cumulative_jobs),
          mean(row.cumulative_value, question.reward),
          ...(hasBand ? [interval({ low: row.eb_low, high: row.eb_high }, 3)] : []),
        ]
      }),
    ),
    ...note(
      impossibleNote(
        thinned(own).flatMap((row) => [row.value_of_day, row.cumulative_value]),
        question.reward,
      ),
    ),
  ]
}

/** The last day is always there. */
function thinned<T>(rows: readonly T[]): T[] {
  const step = Math.ceil(rows.length / MOST_DAYS)
  return rows.filter((_, index) => (rows.length - 1 - index) % step === 0)
}
