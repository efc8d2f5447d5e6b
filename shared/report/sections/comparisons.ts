/** Differences, paired job by job, with what is left of them after many were asked for. */
import { rewardNamed } from '../../domain/evaluation/reward-definitions.ts'
import type { ComparisonRow, EvaluationReport } from '../../schema/evaluation-report.ts'
import { count, decimalsOf, difference, differences, figure, mean, nameOf, pValue, yes } from '../cells.ts'
import { type Block, type Cell, column, heading, numbers, paragraph, subheading, table } from '../document.ts'
import { intervalPlot } from '../plots/intervals.ts'
import { againstLogged, drawable } from '../rows-of.ts'

export function comparisonSection(report: EvaluationReport): Block[] {
  const { question, comparisons } = report
  const rows = againstLogged(report)
  if (rows.length === 0) return []
  const { mean: measured, unit } = rewardNamed(question.reward)
  const asked = (row: ComparisonRow) => row.target === question.policy
  const ordered = [...rows.filter(asked), ...rows.filter((row) => !asked(row))]
  const others = comparisons
    .filter(
      ({ source, estimator, against }) =>
        source === question.propensities && estimator === 'dr' && against !== 'logged',
    )
    .filter(({ target, against }) => [target, against].includes(question.policy))
    .map((row) => (row.target === question.policy ? row : turned(row)))
  const family = comparisons.filter(
    ({ source, estimator, p_value }) =>
      source === question.propensities && estimator === 'dr' && p_value !== null,
  ).length
  const title = 'Difference from what was done'
  const { drawn, notDrawn } = drawable(ordered, question.policy, (row) => row.difference)
  const truth = new Map(report.truth.map(({ target, true_difference }) => [target, true_difference]))
  return [
    heading('Comparisons'),
    paragraph(
      `Each policy minus what was done on the same jobs, doubly robust. p is for that one comparison. ${count(family)} are made here by this reward: of so many, some would stand out by chance alone, so “differ” goes by p (Holm), which takes all of them into account. The verdict on the question of the settings does not need that: it is one question, laid down beforehand. What was asked at other times, of other windows or rewards, no p here knows of.`,
    ),
    {
      kind: 'plot',
      caption: `${title} (${question.reward}), with 95 % intervals.${notDrawn}`,
      svg: intervalPlot({
        title,
        axis: `difference of ${nameOf(measured)}${unit === '' ? '' : `, ${unit}`}`,
        rows: drawn.map((row) => ({
          name: row.target,
          value: row.difference,
          low: row.low,
          high: row.high,
          truth: truth.get(row.target) ?? null,
          isHighlighted: asked(row),
        })),
        reference: { value: 0, name: 'no difference' },
      }),
    },
    ...comparisonTable('Minus what was done (logged)', ordered, truth),
    ...(others.length === 0 ? [] : [subheading('Policy against policy')]),
    ...comparisonTable(
      `${question.policy} against the others; the other pairs are in the view policy_comparison and in \`--json\``,
      others,
      new Map(),
      question.policy,
    ),
    ...otherRewards(report),
  ]
}

/** What is picked in hindsight was never decided by anybody: it explores. */
function differ({ target, against, is_different }: ComparisonRow): Cell {
  if (!is_different) return 'open'
  return [target, against].some((name) => name.endsWith('/rescored'))
    ? { text: 'yes, in hindsight', tone: 'neutral' }
    : { text: 'yes', tone: 'good' }
}

/** The other way round. */
function turned(row: ComparisonRow): ComparisonRow {
  const minus = (value: number | null) => (value === null ? null : -value)
  return {
    ...row,
    target: row.against,
    against: row.target,
    difference: minus(row.difference),
    low: minus(row.high),
    high: minus(row.low),
    sequence_low: minus(row.sequence_high),
    sequence_high: minus(row.sequence_low),
  }
}

function comparisonTable(
  caption: string,
  rows: readonly ComparisonRow[],
  truth: ReadonlyMap<string, number | null>,
  minus?: string,
): Block[] {
  const decimals = decimalsOf(rows.slice(0, 1))
  return table(
    caption,
    [
      column(minus === undefined ? 'policy' : `${minus} minus`),
      ...numbers('difference', '95 % interval', 'at any time', 'p', 'p (Holm)'),
      column('differ'),
      ...(truth.size > 0 ? numbers('truth') : []),
    ],
    rows.map((row): Cell[] => [
      minus === undefined ? row.target : row.against,
      difference(row.difference, decimals),
      differences(row, decimals),
      differences({ low: row.sequence_low, high: row.sequence_high }, decimals),
      pValue(row.p_value),
      pValue(row.p_holm),
      differ(row),
      ...(truth.size > 0 ? [difference(truth.get(row.target), decimals)] : []),
    ]),
  )
}

function otherRewards({ other_rewards: rows, question }: EvaluationReport): Block[] {
  const caption = `${question.policy} by every reward definition: only the one that was asked for decides, the others explore`
  return table(
    caption,
    [
      column('reward'),
      column('better'),
      ...numbers('jobs', 'policy', 'logged', 'difference', '95 % interval', 'p'),
      column('direction'),
    ],
    rows.map((row): Cell[] => {
      const { unit, isLowerBetter } = rewardNamed(row.reward_name)
      const decimals = decimalsOf([row])
      return [
        unit === '' ? row.reward_name : `${row.reward_name} (${unit})`,
        isLowerBetter ? 'less' : 'more',
        count(row.jobs),
        mean(row.value, row.reward_name, decimals),
        figure(row.logged, decimals),
        difference(row.difference, decimals),
        differences(row, decimals),
        pValue(row.p_value),
        directionOf(row, isLowerBetter),
      ]
    }),
    rows.findIndex(({ reward_name }) => reward_name === question.reward),
  )
}

function directionOf(
  { low, high }: { low: number | null; high: number | null },
  isLowerBetter: boolean,
): Cell {
  if (low === null || high === null || (low <= 0 && high >= 0)) return 'open'
  return yes(low > 0 === !isLowerBetter, ['better', 'worse'])
}
