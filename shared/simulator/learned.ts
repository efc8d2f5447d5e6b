/**
 * What a policy may know of the arms, kept up job by job with the product's own sums. `choiceOf` says the same of a state
 * and reads all of it; here the log speeds, which change with every success and cost a pass over all cells, are made only
 * when somebody reads them.
 */
import { type LogSpeed, logSpeedOf } from '../domain/baseline.ts'
import { contributeToArm, contributeToCell, contributionOf } from '../domain/contribution.ts'
import type { ArmStatistics } from '../domain/policy.ts'
import { fromMicros } from '../domain/reward.ts'
import {
  type ArmSums,
  type BanditState,
  type CellSums,
  EMPTY_STATE,
  NO_ARM_SUMS,
  NO_CELL_SUMS,
} from '../domain/state.ts'
import { ENDINGS, type Outcome } from './outcome.ts'
import { jobKeyNameOf, type SimulatedArm, type World } from './world.ts'

export type Learned = {
  /** By arm; they change with what is added. */
  statistics: readonly ArmStatistics[]
  /** Rewards observed over all arms. */
  total(): number
  add(key: number, arm: number, outcome: Outcome): void
}

export function learnNothingYet({ arms, keys }: World): Learned {
  const sums = arms.map((): ArmSums => ({ ...NO_ARM_SUMS }))
  const cells = new Map<string, Map<string, CellSums>>()
  const jobKeys = keys.map(jobKeyNameOf)
  let total = 0
  const state: BanditState = {
    ...EMPTY_STATE,
    arms: new Map(arms.map(({ id }, arm) => [id, sums[arm] as ArmSums])),
    cells,
  }

  return {
    statistics: arms.map(({ id }, arm) =>
      statisticsOf(id, sums[arm] as ArmSums, () => logSpeedOf(state)(id)),
    ),
    total: () => total,
    add(key, arm, { status, ms }) {
      const { id, costPerHourEur } = arms[arm] as SimulatedArm
      const ending = ENDINGS[status] as (typeof ENDINGS)[number]
      const contribution = contributionOf({ ...ending, arm: id, durationSeconds: ms / 1000, costPerHourEur })
      if (contribution === undefined) return
      total += contribution.n
      contributeToArm(sums[arm] as ArmSums, contribution)
      contributeToCell(cellOf(jobKeys[key] as string, id), contribution)
    },
  }

  function cellOf(jobKey: string, arm: string): CellSums {
    let row = cells.get(jobKey)
    if (row === undefined) {
      row = new Map()
      cells.set(jobKey, row)
    }
    let cell = row.get(arm)
    if (cell === undefined) {
      cell = { ...NO_CELL_SUMS }
      row.set(arm, cell)
    }
    return cell
  }
}

function statisticsOf(arm: string, sums: ArmSums, speed: () => LogSpeed): ArmStatistics {
  const mean = (sum: number, n: number) => (n === 0 ? 0 : sum / n)
  return {
    arm,
    penalty: 0,
    get observations() {
      return sums.n
    },
    get successes() {
      return sums.successes
    },
    get runnerFailures() {
      return sums.runnerFailures
    },
    get meanReward() {
      return mean(fromMicros(sums.rewardMicros), sums.n)
    },
    get meanSquaredReward() {
      return mean(fromMicros(sums.rewardSquaredMicros), sums.n)
    },
    get exposureMs() {
      return sums.exposureMs
    },
    get comparedSuccesses() {
      return speed().compared
    },
    get meanLogSpeed() {
      return mean(speed().sum, speed().compared)
    },
    get meanSquaredLogSpeed() {
      return mean(speed().sumOfSquares, speed().compared)
    },
  }
}
