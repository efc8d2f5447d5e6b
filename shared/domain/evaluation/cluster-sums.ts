/** What every estimator is a sum of, by cluster: as the views `policy_terms` and `policy_clusters`. */
import type { Limits } from './settings.ts'

/** One job, under one policy. */
export type Term = {
  /** The pipeline: jobs of one are alike, so that it counts as one observation. */
  cluster: string
  /** Probability of the logged action under the policy, over its propensity; ≥ 0. */
  weight: number
  reward: number
  /** The policy's probability on feasible arms, in [0, 1]. */
  feasible: number
  /** The reward to expect under the policy, an infeasible arm earning 0: Σ π(a) q(a). */
  modelPolicy: number
  /** The reward to expect of the logged action: q(action). */
  modelAction: number
}

const COLUMNS = [
  'jobs',
  'weight',
  'ips',
  'clipped',
  'feasible',
  'model',
  'residual',
  'switched',
  'matched',
  'matchedReward',
] as const
type Column = (typeof COLUMNS)[number]

export type ClusterSums = {
  /** One value per cluster, in the order in which clusters first appear. */
  of: Readonly<Record<Column, Float64Array>>
  /** Over all clusters. */
  total: Readonly<Record<Column, number>>
  clusters: number
  weightSquared: number
  maxWeight: number
}

/** @param limits beyond `clipWeight` a weight counts as it, beyond `switchWeight` as 0. */
export function clusterSums(
  terms: readonly Term[],
  { clipWeight, switchWeight }: Pick<Limits, 'clipWeight' | 'switchWeight'>,
): ClusterSums {
  const { places, clusters } = placesOf(terms)
  const of = byColumn(() => new Float64Array(clusters))
  const { jobs, weight, ips, clipped, feasible, model, residual, switched, matched, matchedReward } = of
  let weightSquared = 0
  let maxWeight = 0
  for (let row = 0; row < terms.length; row += 1) {
    const term = terms[row] as Term
    const place = places[row] as number
    const w = term.weight
    const r = term.reward
    add(jobs, place, 1)
    add(feasible, place, term.feasible)
    add(model, place, term.modelPolicy)
    // Most jobs went elsewhere, and have nothing more to add.
    if (w === 0) continue
    const surprise = w * (r - term.modelAction)
    add(weight, place, w)
    add(ips, place, w * r)
    add(clipped, place, Math.min(w, clipWeight) * r)
    add(residual, place, surprise)
    if (w <= switchWeight) add(switched, place, surprise)
    add(matched, place, 1)
    add(matchedReward, place, r)
    weightSquared += w * w
    if (w > maxWeight) maxWeight = w
  }
  return { of, total: byColumn((column) => sum(of[column])), clusters, weightSquared, maxWeight }
}

/** Which cluster each term is of, by number. */
function placesOf(terms: readonly Term[]): { places: Int32Array; clusters: number } {
  const placeOf = new Map<string, number>()
  const places = new Int32Array(terms.length)
  let last: string | undefined
  let place = -1
  for (let row = 0; row < terms.length; row += 1) {
    const { cluster } = terms[row] as Term
    // Jobs of a pipeline mostly stand side by side.
    if (cluster !== last) {
      last = cluster
      const known = placeOf.get(cluster)
      place = known ?? placeOf.size
      if (known === undefined) placeOf.set(cluster, place)
    }
    places[row] = place
  }
  return { places, clusters: placeOf.size }
}

function byColumn<T>(make: (column: Column) => T): Record<Column, T> {
  return Object.fromEntries(COLUMNS.map((column) => [column, make(column)])) as Record<Column, T>
}

function add(column: Float64Array, place: number, value: number): void {
  column[place] = (column[place] as number) + value
}

function sum(column: Float64Array): number {
  let total = 0
  for (const value of column) total += value
  return total
}
