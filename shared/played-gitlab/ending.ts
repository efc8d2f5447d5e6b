/** How a job ends on the runner that took it, if nobody cancels it before. */
import type { FailureReason, FinalStatus } from './day.ts'
import type { PlayedRunner } from './fleet.ts'
import type { Rng } from './rng.ts'
import type { PlannedJob } from './workload.ts'

export type Ending = { status: FinalStatus; failureReason: FailureReason | null; afterMs: number }

/** Sigma of ln(duration): what neither the job nor the runner explains. */
export const NOISE_SIGMA = 0.18
/** A runner mostly breaks while it prepares the job: no image, no pod, no disk. */
export const BREAKS_AFTER_MS = { least: 1000, most: 20_000 }
/** Of the time that its success would have taken. */
export const FAILS_AFTER_SHARE = { least: 0.3, most: 1 }

export function drawEnding(job: PlannedJob, runner: PlayedRunner, rng: Rng): Ending {
  const fullMs = job.baseSeconds * 1000 * runner.speedFactor * rng.logNormal(1, NOISE_SIGMA)
  if (rng.chance(runner.systemFailureRate)) {
    const afterMs = Math.round(Math.min(fullMs, rng.between(BREAKS_AFTER_MS.least, BREAKS_AFTER_MS.most)))
    return { status: 'failed', failureReason: 'runner_system_failure', afterMs }
  }
  if (rng.chance(job.scriptFailureProbability)) {
    const afterMs = Math.round(fullMs * rng.between(FAILS_AFTER_SHARE.least, FAILS_AFTER_SHARE.most))
    return { status: 'failed', failureReason: 'script_failure', afterMs }
  }
  return { status: 'success', failureReason: null, afterMs: Math.round(fullMs) }
}
