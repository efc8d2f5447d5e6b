/**
 * The estimators: each a value, and what each cluster has to do with it.
 *
 * With w = π(action)/propensity, r the reward, m the policy's mass on feasible arms, q the model of the reward, n jobs,
 * W = Σ w, P = Σ m/n:
 *
 *   naive_match  Σ r / jobs, of the jobs that went where the policy would have sent them: biased, shown for comparison
 *   ips          Σ w r / n                                 (Horvitz & Thompson 1952)
 *   clipped_ips  Σ min(w, clip) r / n                      (Ionides 2008): biased towards 0
 *   snips        P · Σ w r / W                             (Hájek 1971; P, since an infeasible pick earns nothing for certain)
 *   dm           Σ q(π) / n: as biased as the model
 *   dr           Σ (q(π) + w (r − q(action))) / n          (Dudík, Langford & Li 2011)
 *   sndr         Σ q(π) / n + P · Σ w (r − q(action)) / W  (Thomas & Brunskill 2016)
 *   switch_dr    as dr, without the weights beyond the limit (Wang, Agarwal & Dudík 2017)
 *
 * The influence of a cluster is n times the derivative of the value by the number of times that the cluster is counted.
 */
import type { ClusterSums } from './cluster-sums.ts'

export const ESTIMATORS = [
  'naive_match',
  'ips',
  'clipped_ips',
  'snips',
  'dm',
  'dr',
  'sndr',
  'switch_dr',
] as const
export type EstimatorName = (typeof ESTIMATORS)[number]

/** Estimators whose error does not vanish with the number of jobs. */
export const BIASED_ESTIMATORS: readonly EstimatorName[] = ['naive_match', 'clipped_ips', 'dm']

export type Estimator = { value: number; influence(cluster: number): number }

/** Undefined without jobs, and where nothing is known: of a self-normalised one, no job that went where the policy would. */
export function estimatorOf(name: EstimatorName, sums: ClusterSums): Estimator | undefined {
  return sums.total.jobs === 0 ? undefined : FORMULAS[name](sums)
}

/** Robust to any likeness of the jobs in a cluster: CR1, sqrt(G/(G − 1) · Σ influence²)/n. Undefined for G < 2. */
export function standardErrorOf(
  influence: (cluster: number) => number,
  { clusters, total }: ClusterSums,
): number | undefined {
  if (clusters < 2) return undefined
  let squares = 0
  for (let cluster = 0; cluster < clusters; cluster += 1) squares += influence(cluster) ** 2
  return Math.sqrt((clusters / (clusters - 1)) * squares) / total.jobs
}

const FORMULAS: Record<EstimatorName, (sums: ClusterSums) => Estimator | undefined> = {
  naive_match: ({ of, total }) => {
    if (total.matched === 0) return undefined
    const value = total.matchedReward / total.matched
    const share = total.matched / total.jobs
    const influence = (g: number) => (at(of.matchedReward, g) - value * at(of.matched, g)) / share
    return { value, influence }
  },
  ips: (sums) => mean(sums, sums.of.ips, sums.total.ips),
  clipped_ips: (sums) => mean(sums, sums.of.clipped, sums.total.clipped),
  snips: (sums) => normalised(sums, sums.of.ips, sums.total.ips),
  dm: (sums) => mean(sums, sums.of.model, sums.total.model),
  dr: (sums) => together(FORMULAS.dm(sums), mean(sums, sums.of.residual, sums.total.residual)),
  sndr: (sums) => together(FORMULAS.dm(sums), normalised(sums, sums.of.residual, sums.total.residual)),
  switch_dr: (sums) => together(FORMULAS.dm(sums), mean(sums, sums.of.switched, sums.total.switched)),
}

function mean({ of, total }: ClusterSums, column: Float64Array, sum: number): Estimator {
  const value = sum / total.jobs
  return { value, influence: (g) => at(column, g) - value * at(of.jobs, g) }
}

/** P · S with S = Σ column / W: the influence is S (m_g − n_g P) + P (column_g − S w_g)/(W/n). */
function normalised({ of, total }: ClusterSums, column: Float64Array, sum: number): Estimator | undefined {
  if (total.weight === 0) return undefined
  const ratio = sum / total.weight
  const feasible = total.feasible / total.jobs
  const meanWeight = total.weight / total.jobs
  const influence = (g: number) =>
    ratio * (at(of.feasible, g) - feasible * at(of.jobs, g)) +
    (feasible * (at(column, g) - ratio * at(of.weight, g))) / meanWeight
  return { value: feasible * ratio, influence }
}

function together(a: Estimator | undefined, b: Estimator | undefined): Estimator | undefined {
  if (a === undefined || b === undefined) return undefined
  return { value: a.value + b.value, influence: (g) => a.influence(g) + b.influence(g) }
}

function at(column: Float64Array, cluster: number): number {
  return column[cluster] as number
}
