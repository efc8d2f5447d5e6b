/**
 * q(fold, job key, arm): the reward to expect of a job of this key on this arm, learned from the other folds, so that no
 * job has a say in what is expected of itself. As the view `reward_model`.
 *
 *   g = mean reward; p_key = (S_key + 5 g)/(n_key + 5); q = (S_cell + 3 p_key)/(n_cell + 3)
 *
 * Sums and counts are those of the other folds; where they hold nothing, g = 0, p_key = g, q = p_key. Jobs without a known
 * reward are left out. Source: evaluation.md 2.
 */
import type { LoggedJob } from './logged-job.ts'
import { EVALUATION } from './settings.ts'

export type RewardModel = (fold: number, jobKey: string, arm: string) => number

/** Sum and count of each fold. */
type Sums = { total: Float64Array; count: Float64Array }
type Key = { sums: Sums; cells: Map<string, Sums>; means: Float64Array; models: Map<string, Float64Array> }

const { folds, keyWeight, cellWeight } = EVALUATION

export function crossFitRewards(
  jobs: Iterable<Pick<LoggedJob, 'fold' | 'jobKey' | 'action' | 'reward'>>,
): RewardModel {
  const all = noSums()
  const keys = new Map<string, Key>()
  for (const { fold, jobKey, action, reward } of jobs) {
    if (reward === null) continue
    let key = keys.get(jobKey)
    if (key === undefined) {
      key = { sums: noSums(), cells: new Map(), means: all.total, models: new Map() }
      keys.set(jobKey, key)
    }
    let cell = key.cells.get(action)
    if (cell === undefined) {
      cell = noSums()
      key.cells.set(action, cell)
    }
    for (const sums of [all, key.sums, cell]) add(sums, fold, reward)
  }
  const means = shrunk(all, new Float64Array(folds), 0)
  for (const key of keys.values()) {
    key.means = shrunk(key.sums, means, keyWeight)
    for (const [arm, cell] of key.cells) key.models.set(arm, shrunk(cell, key.means, cellWeight))
  }
  return (fold, jobKey, arm) => {
    const key = keys.get(jobKey)
    return (key === undefined ? means : (key.models.get(arm) ?? key.means))[fold] as number
  }
}

function noSums(): Sums {
  return { total: new Float64Array(folds), count: new Float64Array(folds) }
}

function add({ total, count }: Sums, fold: number, reward: number): void {
  total[fold] = (total[fold] as number) + reward
  count[fold] = (count[fold] as number) + 1
}

/** Per fold: the mean over the other folds, with `weight` jobs like the parent's mean added; 0 where there is neither. */
function shrunk({ total, count }: Sums, parent: Float64Array, weight: number): Float64Array {
  return parent.map((mean, fold) => {
    const n = others(count, fold) + weight
    return n === 0 ? 0 : (others(total, fold) + weight * mean) / n
  })
}

/** Added up rather than taken off the whole: nothing is lost by cancellation. */
function others(values: Float64Array, fold: number): number {
  let sum = 0
  for (let other = 0; other < folds; other += 1) if (other !== fold) sum += values[other] as number
  return sum
}
