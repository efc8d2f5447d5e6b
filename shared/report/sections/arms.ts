/** The runners themselves: on the same kinds of job, and over the weeks. */
import { isPossible } from '../../domain/evaluation/reward-definitions.ts'
import type { EvaluationReport } from '../../schema/evaluation-report.ts'
import { count, difference, figure, impossibleNote, mean, share, yes } from '../cells.ts'
import {
  type Block,
  type Cell,
  column,
  heading,
  note,
  numbers,
  paragraph,
  subheading,
  table,
} from '../document.ts'

/** Weeks that differ the most. */
const MOST_WEEKS = 10

export function armSection(report: EvaluationReport): Block[] {
  const { arms } = report
  if (arms.length === 0) return []
  return [
    heading('Arms'),
    paragraph(
      'The raw mean flatters an arm that gets short jobs. The difference is against other arms on the same job keys, weighted by how many jobs both have; jobs that no other arm shares say nothing. The adjusted mean is what the arm would have on the mix of all, were its difference the same on each job key: “covers” is the share of all jobs whose job key it really ran, and the rest is extrapolated.',
    ),
    ...table(
      `Arms by ${report.question.reward}, adjusted for job mix`,
      [
        column('arm'),
        ...numbers('jobs', 'shared jobs', 'raw mean (biased)', 'difference', 'SE', 'covers', 'adjusted mean'),
        column('remark'),
      ],
      arms.map((row): Cell[] => [
        row.arm,
        count(row.jobs),
        count(row.shared_jobs),
        { text: figure(row.raw_mean), tone: 'neutral' },
        difference(row.adjusted_difference),
        figure(row.adjusted_se),
        share(row.covered_share),
        mean(row.adjusted_mean, report.question.reward),
        basisOf(row, report.question.reward),
      ]),
    ),
    ...note(
      impossibleNote(
        arms.map(({ adjusted_mean }) => adjusted_mean),
        report.question.reward,
      ),
    ),
    ...drift(report),
  ]
}

/** With fewer shared jobs, or on less than half of the mix, an adjusted mean is more inferred than seen. */
const LEAST_SHARED_JOBS = 30
const LEAST_COVERED = 0.5

function basisOf(
  { adjusted_mean, shared_jobs, covered_share }: EvaluationReport['arms'][number],
  reward: string,
): Cell {
  if (adjusted_mean === null) return 'no job key is shared'
  if (shared_jobs < LEAST_SHARED_JOBS || !isPossible(reward, adjusted_mean))
    return { text: 'of too few jobs', tone: 'warning' }
  return covered_share < LEAST_COVERED ? { text: 'mostly extrapolated', tone: 'warning' } : ''
}

function drift({ drift }: EvaluationReport): Block[] {
  if (drift.length === 0) return []
  const isCompared = drift.some((row) => row.log_speed_z !== null || row.success_rate_z !== null)
  if (!isCompared)
    return [
      subheading('Drift'),
      paragraph(
        'Nothing can be compared yet: no arm has two weeks with enough pipelines. Whether the past was of one piece is not known.',
      ),
    ]
  const found = drift.filter(({ is_drift }) => is_drift).length
  const largest = [...drift].sort((left, right) => sizeOf(right) - sizeOf(left)).slice(0, MOST_WEEKS)
  return [
    subheading('Drift'),
    paragraph(
      found === 0
        ? 'No week of any arm stands out from the weeks before it (|z| > 4).'
        : `${count(found)} ${found === 1 ? 'week stands' : 'weeks stand'} out (|z| > 4): what was learned before such a week may no longer hold, and neither may this report for the time after.`,
    ),
    ...table(
      'Weeks that differ the most from the weeks before: log speed, and success rate',
      [column('arm'), column('week'), ...numbers('jobs', 'log speed', 'z', 'success', 'z'), column('drift')],
      largest.map((row): Cell[] => [
        row.arm,
        row.week,
        count(row.jobs),
        difference(row.log_speed_difference),
        figure(row.log_speed_z, 1),
        difference(row.success_rate_difference),
        figure(row.success_rate_z, 1),
        row.is_drift ? yes(false, ['', 'DRIFT']) : 'no',
      ]),
    ),
  ]
}

const sizeOf = ({ log_speed_z, success_rate_z }: EvaluationReport['drift'][number]): number =>
  Math.max(Math.abs(log_speed_z ?? 0), Math.abs(success_rate_z ?? 0))
