/** What one event adds to the sums (law 5). */
import type { JobEvent } from './event.ts'
import { isRunnerFailure, rewardOf, toMicros } from './reward.ts'
import type { ArmSums, CellSums } from './state.ts'

const MS_PER_SECOND = 1000

/** Whether an event can be in the sums at all: a finish, in time, and the first of its identity. */
export function counts(event: JobEvent): boolean {
  return event.kind === 'job.finished' && !event.late && !event.conflicting
}

/**
 * What one finished job adds to the sums of its arm, and to those of its cell, where `successes` are counted. Small
 * numbers in an object of their own form: the sums grow beyond what the engine keeps unboxed, these do not.
 */
export type Contribution = Omit<ArmSums, 'exposureMs'> & Omit<CellSums, 'n'> & { arm: string }

type Outcome = Pick<JobEvent, 'arm' | 'durationSeconds' | 'status' | 'failureReason' | 'costPerHourEur'>

/** Undefined when it adds nothing: no runner, or an unknown duration. */
export function contributionOf(event: Outcome): Contribution | undefined {
  const { arm, durationSeconds, status, failureReason } = event
  if (arm === null || durationSeconds === null || status === null) return undefined
  const success = status === 'success'
  const reward = rewardOf(success, durationSeconds, event.costPerHourEur)
  const lnSeconds = success ? Math.log(durationSeconds) : 0
  return {
    arm,
    n: status === 'canceled' ? 0 : 1,
    successes: success ? 1 : 0,
    runnerFailures: status === 'failed' && isRunnerFailure(failureReason) ? 1 : 0,
    rewardMicros: toMicros(reward),
    rewardSquaredMicros: toMicros(reward * reward),
    lnSecondsMicros: toMicros(lnSeconds),
    lnSecondsSquaredMicros: toMicros(lnSeconds * lnSeconds),
    exposureMs: Math.round(durationSeconds * MS_PER_SECOND),
  }
}

/** Adds it in place, or takes it out again. */
export function contributeToArm(sums: ArmSums, contribution: Contribution, sign: 1 | -1 = 1): void {
  sums.n += sign * contribution.n
  sums.successes += sign * contribution.successes
  sums.runnerFailures += sign * contribution.runnerFailures
  sums.rewardMicros += sign * contribution.rewardMicros
  sums.rewardSquaredMicros += sign * contribution.rewardSquaredMicros
  sums.exposureMs += sign * contribution.exposureMs
}

/** As to the arm. */
export function contributeToCell(sums: CellSums, contribution: Contribution, sign: 1 | -1 = 1): void {
  sums.n += sign * contribution.successes
  sums.lnSecondsMicros += sign * contribution.lnSecondsMicros
  sums.lnSecondsSquaredMicros += sign * contribution.lnSecondsSquaredMicros
  sums.exposureMs += sign * contribution.exposureMs
}
