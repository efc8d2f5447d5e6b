/** Propensities and the reward model, each from the other folds, by counting again for every cell that is asked for. */
import type { Context } from './contexts.ts'
import type { IndependentJob, RewardName } from './jobs.ts'

/** For each arm. */
const ARM_WEIGHT = 2
const KEY_WEIGHT = 5
const CELL_WEIGHT = 3

const UNIFORM_SHARE = 0.05

/** `free` are the arms with room. */
export type Cell = { fold: number; signature: string; free: string[]; previousArm: string; arm: string }

/**
 * p̂ of an arm in a context, from the jobs of the other folds that nobody routed: how often the arm was taken when it had
 * room, as a share of those with room; then what was seen with the same ones free, and after the same arm.
 */
export function propensityModel(
  jobs: readonly IndependentJob[],
  contextOf: (job: IndependentJob) => Context,
): (cell: Cell) => number {
  const unrouted = jobs
    .filter(({ recorded }) => recorded === null)
    .map((job) => ({ ...contextOf(job), fold: job.fold, action: job.action }))
    .map((job) => ({ ...job, freeText: job.free.join() }))
  const shrunk = (part: number, whole: number, prior: number, arms: number) =>
    (part + ARM_WEIGHT * arms * prior) / (whole + ARM_WEIGHT * arms)
  const taken = (list: typeof unrouted, arm: string) => list.filter(({ action }) => action === arm).length
  const othersOf = remembered(({ fold, signature }: Pick<Cell, 'fold' | 'signature'>) =>
    unrouted.filter((job) => job.fold !== fold && job.signature === signature),
  )
  const rateOf = remembered(({ fold, signature, arm }: Pick<Cell, 'fold' | 'signature' | 'arm'>) => {
    const others = othersOf({ fold, signature })
    const withRoom = others.filter(({ free }) => free.includes(arm)).length
    const arms = signature.split(',').length
    return shrunk(taken(others, arm), withRoom, 1 / arms, arms)
  })
  return remembered(({ fold, signature, free, previousArm, arm }) => {
    if (!free.includes(arm)) return 0
    const rates = free.map((one) => rateOf({ fold, signature, arm: one }))
    const first = rateOf({ fold, signature, arm }) / rates.reduce((sum, one) => sum + one)
    const alike = othersOf({ fold, signature }).filter(({ freeText }) => freeText === free.join())
    const second = shrunk(taken(alike, arm), alike.length, first, free.length)
    const after = alike.filter((job) => job.previousArm === previousArm)
    const third = shrunk(taken(after, arm), after.length, second, free.length)
    return (1 - UNIFORM_SHARE) * third + UNIFORM_SHARE / free.length
  })
}

/** q of a job key on an arm: the other folds' cell, shrunk to its job key, which is shrunk to all. */
export function rewardModel(
  jobs: readonly IndependentJob[],
  reward: RewardName,
): (fold: number, jobKey: string, arm: string) => number {
  const rewarded = jobs.flatMap((job) => {
    const value = job.rewards[reward]
    return value === null ? [] : [{ ...job, value }]
  })
  const sum = (list: readonly { value: number }[]) => list.reduce((total, { value }) => total + value, 0)
  const othersOf = remembered(({ fold }: { fold: number }) => rewarded.filter((job) => job.fold !== fold))
  const meanOf = remembered(({ fold }: { fold: number }) =>
    othersOf({ fold }).length === 0 ? 0 : sum(othersOf({ fold })) / othersOf({ fold }).length,
  )
  const cell = remembered(({ fold, jobKey, arm }: { fold: number; jobKey: string; arm: string }) => {
    const ofKey = othersOf({ fold }).filter((job) => job.jobKey === jobKey)
    const ofCell = ofKey.filter(({ action }) => action === arm)
    const all = meanOf({ fold })
    const keyMean = (sum(ofKey) + KEY_WEIGHT * all) / (ofKey.length + KEY_WEIGHT)
    return (sum(ofCell) + CELL_WEIGHT * keyMean) / (ofCell.length + CELL_WEIGHT)
  })
  return (fold, jobKey, arm) => cell({ fold, jobKey, arm })
}

/** Mean spec reward of an arm in the other folds; undefined where it has none. */
export function meanRewards(
  jobs: readonly IndependentJob[],
): (cell: { fold: number; arm: string }) => number | undefined {
  return remembered(({ fold, arm }) => {
    const values = jobs
      .filter((job) => job.fold !== fold && job.action === arm)
      .flatMap(({ rewards: { spec } }) => (spec === null ? [] : [spec]))
    return values.length === 0 ? undefined : values.reduce((total, one) => total + one, 0) / values.length
  })
}

function remembered<Key extends object, Value>(compute: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<string, Value>()
  return (key) => {
    const name = Object.values(key).join('|')
    const before = known.get(name)
    if (before !== undefined) return before
    const value = compute(key)
    known.set(name, value)
    return value
  }
}
