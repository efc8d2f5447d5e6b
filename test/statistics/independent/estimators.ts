/**
 * The estimators of one target, and their CR1 variance: means over rows, and sums over clusters by filter, in whatever
 * numbers. Written from the definitions in evaluation.md 2, for the tests to hold the other two computations against.
 */
import type { Field } from './field.ts'

export type EvaluatedRow<T> = {
  cluster: string
  weight: T
  reward: T
  /** What the target gives to feasible arms. */
  feasible: T
  modelPolicy: T
  modelAction: T
}

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
export type Estimator = (typeof ESTIMATORS)[number]

export type Limits<T> = { clip: T; switchAt: T }

/** Null where nothing is estimated: no row has a weight. */
export type Estimated<T> = { value: T; influences: T[] } | null

/**
 * The value, and what each row adds to its error: ψ − V of a mean, and of a ratio its first-order term. The standard
 * error is that of their mean.
 */
export function estimated<T>(
  estimator: Estimator,
  rows: readonly EvaluatedRow<T>[],
  { clip, switchAt }: Limits<T>,
  field: Field<T>,
): Estimated<T> {
  const { of, add, subtract, multiply, divide, isZero, isAtMost } = field
  const zero = of(0)
  const n = of(rows.length)
  const mean = (list: readonly T[]) => divide(list.reduce(add, zero), n)
  const meanType = (psi: (row: EvaluatedRow<T>) => T): Estimated<T> => {
    const list = rows.map(psi)
    const value = mean(list)
    return { value, influences: list.map((one) => subtract(one, value)) }
  }
  const ofMatch = ({ weight }: EvaluatedRow<T>) => (isZero(weight) ? zero : of(1))
  const residual = ({ weight, reward, modelAction }: EvaluatedRow<T>) =>
    multiply(weight, subtract(reward, modelAction))
  const meanOf = (figure: 'weight' | 'feasible' | 'modelPolicy') => mean(rows.map((row) => row[figure]))

  switch (estimator) {
    case 'naive_match': {
      const matchMean = mean(rows.map(ofMatch))
      if (isZero(matchMean)) return null
      const value = divide(mean(rows.map((row) => multiply(ofMatch(row), row.reward))), matchMean)
      return {
        value,
        influences: rows.map((row) => divide(multiply(ofMatch(row), subtract(row.reward, value)), matchMean)),
      }
    }
    case 'ips':
      return meanType(({ weight, reward }) => multiply(weight, reward))
    case 'clipped_ips':
      return meanType(({ weight, reward }) => multiply(isAtMost(weight, clip) ? weight : clip, reward))
    case 'dm':
      return meanType(({ modelPolicy }) => modelPolicy)
    case 'dr':
      return meanType((row) => add(row.modelPolicy, residual(row)))
    case 'switch_dr':
      return meanType((row) => add(row.modelPolicy, isAtMost(row.weight, switchAt) ? residual(row) : zero))
    case 'snips': {
      const [weightMean, feasibleMean] = [meanOf('weight'), meanOf('feasible')]
      if (isZero(weightMean)) return null
      const ratio = divide(mean(rows.map(({ weight, reward }) => multiply(weight, reward))), weightMean)
      return {
        value: multiply(feasibleMean, ratio),
        influences: rows.map(({ weight, reward, feasible }) =>
          add(
            multiply(ratio, subtract(feasible, feasibleMean)),
            divide(multiply(feasibleMean, multiply(weight, subtract(reward, ratio))), weightMean),
          ),
        ),
      }
    }
    case 'sndr': {
      const [weightMean, feasibleMean] = [meanOf('weight'), meanOf('feasible')]
      if (isZero(weightMean)) return null
      const modelMean = meanOf('modelPolicy')
      const ratio = divide(mean(rows.map(residual)), weightMean)
      return {
        value: add(modelMean, multiply(feasibleMean, ratio)),
        influences: rows.map((row) =>
          [
            subtract(row.modelPolicy, modelMean),
            multiply(ratio, subtract(row.feasible, feasibleMean)),
            divide(multiply(feasibleMean, subtract(residual(row), multiply(ratio, row.weight))), weightMean),
          ].reduce(add),
        ),
      }
    }
  }
}

/** CR1: G/(G−1) · Σ_g (Σ of the cluster's influences)² / n²; null of fewer than two clusters. */
export function clusterVariance<T>(
  clusters: readonly string[],
  influences: readonly T[],
  field: Field<T>,
): T | null {
  const { of, add, multiply, divide } = field
  const byCluster = new Map<string, T>()
  for (const [index, cluster] of clusters.entries()) {
    byCluster.set(cluster, add(byCluster.get(cluster) ?? of(0), influences[index] as T))
  }
  const count = byCluster.size
  if (count < 2) return null
  const squares = [...byCluster.values()].map((sum) => multiply(sum, sum)).reduce(add)
  const n = of(influences.length)
  return divide(multiply(divide(of(count), of(count - 1)), squares), multiply(n, n))
}

/** (Σ w)² / Σ w²; null when nothing weighs anything. */
export function effectiveSampleSize<T>(weights: readonly T[], field: Field<T>): T | null {
  const sum = weights.reduce(field.add, field.of(0))
  const squares = weights.map((weight) => field.multiply(weight, weight)).reduce(field.add, field.of(0))
  return field.isZero(squares) ? null : field.divide(field.multiply(sum, sum), squares)
}
