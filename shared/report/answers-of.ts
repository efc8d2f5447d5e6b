/** Rows as the warehouse gives them, in an order, and what takes a quantile or a name of a bin added. */
import { tQuantile } from '../domain/evaluation/quantile.ts'
import { EVALUATION } from '../domain/evaluation/settings.ts'
import type {
  ArmRow,
  ComparisonRow,
  EvaluationReport,
  JobKeyRow,
  ValueRow,
} from '../schema/evaluation-report.ts'
import type { Answers } from './assemble.ts'
import { influenceOf } from './influence-of.ts'

type Row = Record<string, unknown>
type FromRows = Omit<
  Answers,
  'question' | 'checks' | 'limits' | 'product_version' | 'made_at' | 'reproduction'
>

/** Upper bounds of the bins of weights, in order: the first is of weight 0, and one more is of all above. */
export const WEIGHT_BOUNDS = [0, 0.5, 1, 2, 5, 10]

/** The views say which columns they have and of what type; here they are believed. */
export function answersOf(rows: Record<string, Row[]>): FromRows {
  const of = <T>(name: string, ...order: string[]): T[] => sorted(rows[name] ?? [], order) as T[]
  const exclusions = of<EvaluationReport['log']['exclusions'][number]>('exclusions', 'reason')
  const [counts] = of<Omit<EvaluationReport['log'], 'decided_jobs' | 'exclusions' | 'feasible_sizes'>>('log')
  if (counts === undefined) throw new RangeError('the log was not counted')
  return {
    log: {
      decided_jobs: exclusions.reduce((sum, { jobs }) => sum + jobs, 0),
      ...counts,
      exclusions,
      feasible_sizes: of('feasible_sizes', 'feasible_count'),
    },
    propensities: of('propensities', 'source'),
    calibration: of('calibration', 'source', 'bin'),
    values: valuesIn(of('estimates', ...ORDER)),
    comparisons: differencesIn(of('estimates', ...ORDER)),
    other_values: valuesIn(of('other_rewards', ...ORDER)),
    other_comparisons: differencesIn(of('other_rewards', ...ORDER)),
    curve: of('curve', 'target', 'day'),
    support: of('support', 'target', 'source'),
    weights: weightBins(of('weights', 'bin')),
    job_keys: of<KeyOfCluster>('job_keys')
      .map(withInterval)
      .sort((left, right) => moved(right) - moved(left)),
    influence: influenceOf(of('influence', 'unit', 'cluster_id', 'job_id')),
    arms: covered(of('arms', 'arm'), of('coverage', 'arm')),
    drift: of('drift', 'week', 'arm'),
    truth: of('truth', 'target'),
  }
}

const ORDER = ['reward_name', 'target', 'against', 'source', 'estimator']

/** A value, of which `against` is null, or a difference from what it names. */
type EstimateRow = Omit<ValueRow, 'decided'> &
  Omit<ComparisonRow, 'difference' | 'against'> & {
    decided: ValueRow['decided'] | null
    against: string | null
  }

const valuesIn = (rows: readonly EstimateRow[]) =>
  rows.flatMap(({ against, decided, p_value: _, p_holm: __, is_different: ___, ...row }) =>
    against === null && decided !== null ? [{ ...row, decided }] : [],
  )

const differencesIn = (rows: readonly EstimateRow[]) =>
  rows.flatMap(({ against, decided: _, value: difference, ...row }) =>
    against === null ? [] : [{ ...row, against, difference }],
  )

type KeyOfCluster = Omit<JobKeyRow, 'low' | 'high'> & { standard_error: number }

function withInterval({ standard_error: error, ...row }: KeyOfCluster): JobKeyRow {
  const half = tQuantile(row.clusters - 1, EVALUATION.z) * error
  return { ...row, low: row.difference - half, high: row.difference + half }
}

type Coverage = Pick<ArmRow, 'arm' | 'shared_job_keys' | 'covered_share'>

const covered = (arms: readonly ArmRow[], coverage: readonly Coverage[]): ArmRow[] =>
  arms.map((row) => ({
    ...row,
    ...(coverage.find(({ arm }) => arm === row.arm) ?? { shared_job_keys: 0, covered_share: 0 }),
  }))

const moved = ({ jobs, difference }: JobKeyRow): number => jobs * Math.abs(difference)

/** Every bin, also where no weight is; none at all without jobs. */
function weightBins(counted: readonly { bin: number; jobs: number }[]): EvaluationReport['weights'] {
  if (counted.length === 0) return []
  return [...WEIGHT_BOUNDS, null].map((upTo, index) => ({
    above: WEIGHT_BOUNDS[index - 1] ?? null,
    up_to: upTo,
    jobs: counted.find(({ bin }) => bin === index)?.jobs ?? 0,
  }))
}

/** Numbers by size, texts by their characters. */
function sorted(rows: readonly Row[], order: readonly string[]): Row[] {
  const compare = (left: unknown, right: unknown) =>
    typeof left === 'number' && typeof right === 'number'
      ? left - right
      : Number(String(left) > String(right)) - Number(String(left) < String(right))
  return [...rows].sort((left, right) => {
    for (const column of order) {
      const found = compare(left[column], right[column])
      if (found !== 0) return found
    }
    return 0
  })
}
