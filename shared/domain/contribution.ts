/** What one event adds to the sums (law 5). */
import type { JobEvent } from './event.ts'
import { isRunnerFailure, rewardOf, toMicros } from './reward.ts'
import { type ArmSums, type CellSums, NO_ARM_SUMS, NO_CELL_SUMS } from './state.ts'

const MS_PER_SECOND = 1000

/** Whether an event can be in the sums at all: a finish, in time, and the first of its identity. */
export function counts(event: JobEvent): boolean {
  return event.kind === 'job.finished' && !event.late && !event.conflicting
}

/** What one finished job adds; undefined when it adds nothing: no runner, or an unknown duration. */
export function contributionOf(
  event: JobEvent,
): { arm: string; armSums: ArmSums; cellSums: CellSums } | undefined {
  const { arm, durationSeconds, status } = event
  if (arm === null || durationSeconds === null || status === null) return undefined
  const exposureMs = Math.round(durationSeconds * MS_PER_SECOND)
  if (status === 'canceled') {
    return { arm, armSums: { ...NO_ARM_SUMS, exposureMs }, cellSums: { ...NO_CELL_SUMS, exposureMs } }
  }
  const success = status === 'success'
  const reward = rewardOf(success, durationSeconds, event.costPerHourEur)
  const lnSeconds = Math.log(durationSeconds)
  return {
    arm,
    armSums: {
      n: 1,
      successes: success ? 1 : 0,
      runnerFailures: !success && isRunnerFailure(event.failureReason) ? 1 : 0,
      rewardMicros: toMicros(reward),
      rewardSquaredMicros: toMicros(reward * reward),
      exposureMs,
    },
    cellSums: success
      ? {
          n: 1,
          lnSecondsMicros: toMicros(lnSeconds),
          lnSecondsSquaredMicros: toMicros(lnSeconds * lnSeconds),
          exposureMs,
        }
      : { ...NO_CELL_SUMS, exposureMs },
  }
}
