/** What each policy's picks would have been worth, by every estimator, beside the truth where there is one. */
import { rewardNamed } from '../../domain/evaluation/reward-definitions.ts'
import type { EvaluationReport, ValueRow } from '../../schema/evaluation-report.ts'
import { count, decimalsOf, figure, impossibleNote, interval, mean, nameOf } from '../cells.ts'
import {
  type Block,
  type Cell,
  column,
  heading,
  list,
  note,
  numbers,
  paragraph,
  table,
  textOf,
} from '../document.ts'
import { intervalPlot } from '../plots/intervals.ts'
import { drawable, ESTIMATORS, type KnownValue, mainValues } from '../rows-of.ts'

export function valueSection(report: EvaluationReport): Block[] {
  const values = mainValues(report)
  if (values.length === 0) return []
  const { question } = report
  const { mean: measured, unit } = rewardNamed(question.reward)
  const axis = unit === '' ? nameOf(measured) : `${nameOf(measured)}, ${unit}`
  const truth = new Map(report.truth.map(({ target, true_value }) => [target, true_value]))
  const naive = new Map(ofSource(report, 'naive_match').map(({ target, value }) => [target, value]))
  const title = 'Value per policy'
  const { drawn, notDrawn } = drawable(values, question.policy, ({ value }) => value)
  return [
    heading(title),
    ...(report.verdict.kind === 'no_verdict' ? [NO_CONCLUSION] : []),
    paragraph(
      'Had every job gone where the policy said, one at a time: the mean over all evaluated jobs. “logged” is what was done. The naive match rate looks only at jobs where policy and GitLab agree; it is shown to be seen failing, not to be used.',
    ),
    {
      kind: 'plot',
      caption: `${title}: doubly robust, ${question.propensities} propensities${truth.size > 0 ? '; diamonds are what is true of this played world' : ''}.${notDrawn}`,
      svg: intervalPlot({
        title,
        axis,
        rows: drawn.map(({ target, value, low, high }, index) => ({
          name: target,
          value,
          low,
          high,
          biased: naive.get(target) ?? null,
          truth: truth.get(target) ?? null,
          isHighlighted: index === 0 && target === question.policy,
        })),
        reference: referenceOf(values),
      }),
    },
    ...mainTable(values, truth, question),
    ...note(
      impossibleNote(
        ofSource(report).map(({ value }) => value),
        question.reward,
      ),
    ),
    ...list(KINDS.filter(({ isThere }) => values.some(isThere)).map(({ text }) => text)),
    ...estimatorTable(report, values, truth),
    ...otherSources(report),
  ]
}

const NO_CONCLUSION: Block = {
  kind: 'notice',
  tone: 'warning',
  title: 'There is no verdict: nothing is to be concluded from the numbers below.',
  lines: ['They are shown so that it can be seen what is missing.'],
}

const KINDS: readonly { isThere(row: ValueRow): boolean; text: string }[] = [
  {
    isThere: ({ decided, target }) => decided === 'shadow' && !target.endsWith('/known'),
    text: 'Decided in shadow: frozen as recorded at the start of each job, from what was known then. Early picks, of a policy that knew little, count as much as late ones.',
  },
  {
    isThere: ({ decided }) => decided === 'rescored',
    text: 'Re-scored: picked now, by a fixed rule from the other folds of the log; it never saw the jobs that it is judged on, but it saw others that came after them. What a policy could be, not what one was: it explores. Its errors are widened, since its folds learn from each other.',
  },
  {
    isThere: ({ target }) => target.endsWith('/known'),
    text: '“/known” picks among all runners, constraints ignored (pure MAB). A pick that could not have run the job is worth 0: that is no estimate but how the question is put. Plain SNIPS would not see it; here it is corrected by the share of feasible picks.',
  },
]

function mainTable(
  values: KnownValue[],
  truth: Map<string, number>,
  { policy, reward }: EvaluationReport['question'],
) {
  const decimals = decimalsOf(values)
  const hasTruth = truth.size > 0
  return table(
    'Doubly robust values with 95 % intervals; “at any time” holds however often it is looked at',
    [
      column('policy'),
      column('decided'),
      ...numbers('jobs', 'pipelines', 'value', '95 % interval', 'at any time'),
      ...(hasTruth ? [...numbers('truth'), column('interval')] : []),
    ],
    values.map((row): Cell[] => [
      row.target,
      row.decided,
      count(row.jobs),
      count(row.clusters),
      mean(row.value, reward, decimals),
      interval(row, decimals),
      interval({ low: row.sequence_low, high: row.sequence_high }, decimals),
      ...(hasTruth ? [figure(truth.get(row.target), decimals), covered(row, truth.get(row.target))] : []),
    ]),
    values.findIndex(({ target }) => target === policy),
  )
}

function covered({ low, high }: ValueRow, truth: number | undefined): Cell {
  if (truth === undefined || low === null || high === null) return '–'
  return low <= truth && truth <= high
    ? { text: 'covers the truth', tone: 'good' }
    : { text: 'misses the truth', tone: 'bad' }
}

function estimatorTable(report: EvaluationReport, values: KnownValue[], truth: Map<string, number>): Block[] {
  const decimals = decimalsOf(values)
  const byKey = new Map(ofSource(report).map((row) => [`${row.target} ${row.estimator}`, row.value]))
  return table(
    `The same by every estimator${unbalanced(report)}`,
    [
      column('policy'),
      ...numbers(...ESTIMATORS.map(({ title }) => title), ...(truth.size > 0 ? ['truth'] : [])),
    ],
    values.map(({ target }): Cell[] => [
      target,
      ...ESTIMATORS.map(({ name }): Cell => {
        const cell = mean(byKey.get(`${target} ${name}`), report.question.reward, decimals)
        return name === 'naive_match' ? { text: textOf(cell), tone: 'neutral' } : cell
      }),
      ...(truth.size > 0 ? [figure(truth.get(target), decimals)] : []),
    ]),
    values.findIndex(({ target }) => target === report.question.policy),
  )
}

/** A mean weight beside what it has to be moves what is not divided by it. */
function unbalanced({ support, question }: EvaluationReport): string {
  const row = support.find(
    ({ target, source }) => target === question.policy && source === question.propensities,
  )
  if (row === undefined) return ''
  const expected = 1 - row.infeasible_share
  const gap = row.mean_weight - expected
  if (Math.abs(gap) < LEAST_TOLD_GAP * expected) return ''
  return `. The weights of ${question.policy} add up to ${figure(row.mean_weight, 2)} a job instead of ${figure(expected, 2)}: IPS is too ${gap > 0 ? 'high' : 'low'} by about as much; SNDR and SNIPS divide by it`
}

const LEAST_TOLD_GAP = 0.05

/** How far the answer hangs on where the propensities are from. */
function otherSources({ values, question }: EvaluationReport): Block[] {
  const rows = values.filter(
    ({ source, estimator, target }) =>
      estimator === 'dr' && source !== question.propensities && [question.policy, 'logged'].includes(target),
  )
  const decimals = decimalsOf(rows)
  return table(
    'Doubly robust, by other propensities that pass their test',
    [column('propensities'), column('policy'), ...numbers('jobs', 'value', '95 % interval')],
    rows.map((row) => [
      row.source,
      row.target,
      count(row.jobs),
      figure(row.value, decimals),
      interval(row, decimals),
    ]),
  )
}

const ofSource = ({ values, question }: EvaluationReport, estimator?: string): ValueRow[] =>
  values.filter(
    (row) => row.source === question.propensities && (estimator === undefined || row.estimator === estimator),
  )

function referenceOf(values: KnownValue[]): { value: number; name: string } | undefined {
  const logged = values.find(({ decided }) => decided === 'logged')
  return logged === undefined ? undefined : { value: logged.value, name: 'logged' }
}
