/** What single jobs and pipelines have to do with the difference, from the sums that the warehouse gives. */
import {
  type Cluster,
  type ClusterTotals,
  differenceWithout,
  fewestToReverse,
} from '../domain/evaluation/jackknife.ts'
import type { InfluenceAnswer, WithoutRow } from '../schema/evaluation-report.ts'

/** Pipelines that speak the most, to either side: of so many it is asked how few an answer hangs on. */
export const MOST_PIPELINES = 20

/** One of those that move it the most, to either side; `beyond` is what it has above the mean difference of all. */
export type InfluenceRow = Pick<
  WithoutRow,
  'unit' | 'cluster_id' | 'job_id' | 'job_key' | 'arm' | 'weight'
> & {
  beyond: number
  cluster_jobs: number
  cluster_beyond: number
  all_clusters: number
  all_jobs: number
  difference: number
  squares: number
  products: number
  jobs_squared: number
}

/** Null without jobs. */
export function influenceOf(rows: readonly InfluenceRow[]): InfluenceAnswer | null {
  const [first] = rows
  if (first === undefined) return null
  const totals: ClusterTotals = {
    clusters: first.all_clusters,
    jobs: first.all_jobs,
    difference: first.difference,
    squares: first.squares,
    products: first.products,
    jobsSquared: first.jobs_squared,
  }
  const pipelines = rows.filter(({ unit }) => unit === 'pipeline')
  const most = Math.min(MOST_PIPELINES, totals.clusters)
  return {
    without: [
      ...farthest(
        rows.filter(({ unit }) => unit === 'job'),
        totals,
      ),
      ...farthest(pipelines, totals),
    ],
    pipelines: totals.clusters,
    fewest_pipelines: fewestToReverse(totals, pipelines.map(clusterOf), most),
    asked_pipelines: most,
  }
}

/** job 4711 (101/build on mac-2, weight 31.4), of pipeline …; or the pipeline, by its instance, project and id. */
export function nameOf({
  unit,
  cluster_id: cluster,
  job_id,
  job_key,
  arm,
  weight,
  jobs,
}: WithoutRow): string {
  return unit === 'job'
    ? `job ${job_id} (${job_key} on ${arm}, weight ${weight?.toFixed(1)})`
    : `pipeline ${cluster} (${jobs} ${jobs === 1 ? 'job' : 'jobs'})`
}

const clusterOf = ({ cluster_jobs: jobs, cluster_beyond: beyond }: InfluenceRow): Cluster => ({
  jobs,
  beyond,
})

/** The one that moves it the most to each side, the larger move first. */
function farthest(rows: readonly InfluenceRow[], totals: ClusterTotals): WithoutRow[] {
  const moves = rows
    .flatMap((row) => withoutOne(row, totals))
    .sort((left, right) => left.difference - right.difference)
  const ends = [...new Set([...moves.slice(0, 1), ...moves.slice(-1)])]
  const move = ({ difference }: WithoutRow) => Math.abs(difference - totals.difference)
  return ends.sort((left, right) => move(right) - move(left))
}

function withoutOne(row: InfluenceRow, totals: ClusterTotals): WithoutRow[] {
  const { unit, cluster_id, job_id, job_key, arm, weight, beyond } = row
  const whole = clusterOf(row)
  const rest = { jobs: whole.jobs - 1, beyond: whole.beyond - beyond }
  const found = differenceWithout(totals, [whole], unit === 'job' ? [rest] : [])
  if (found === undefined) return []
  const { difference, low, high, sequenceLow, sequenceHigh } = found
  return [
    {
      unit,
      cluster_id,
      job_id,
      job_key,
      arm,
      weight,
      jobs: unit === 'job' ? 1 : whole.jobs,
      difference,
      low,
      high,
      sequence_low: sequenceLow,
      sequence_high: sequenceHigh,
    },
  ]
}
