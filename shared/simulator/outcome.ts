/**
 * Potential outcomes: what a job would do on each arm, whether it is ever sent there or not. They are functions of (seed,
 * job, arm) alone, so no logger can change them: also the drift is that of the day on which the pipeline arrived.
 *
 *   ln(seconds) = world's (key, arm) + drift of the arm + sigma · Z, Z = sqrt(c) · Z_job + sqrt(1 − c) · Z_(job, arm),
 *   and for a share of the jobs a Pareto factor, the same on every arm.
 *
 * Runner failures are drawn by arm, script failures and the patience of who waits by job: it fails, or is cancelled,
 * for reasons that it takes along.
 */
import type { FinalStatus } from '../domain/event.ts'
import { type Chance, normalOf, STREAM } from './chance.ts'
import type { Workload } from './workload.ts'
import {
  driftDay,
  LONGEST_SECONDS,
  SHORTEST_SECONDS,
  type SimulatedArm,
  type SimulatedKey,
  type World,
} from './world.ts'

export const STATUS = { success: 0, scriptFailed: 1, runnerFailed: 2, canceled: 3 } as const

/** By STATUS: what GitLab calls it. */
export const ENDINGS: readonly { status: FinalStatus; failureReason: string | null }[] = [
  { status: 'success', failureReason: null },
  { status: 'failed', failureReason: 'script_failure' },
  { status: 'failed', failureReason: 'runner_system_failure' },
  { status: 'canceled', failureReason: null },
]

/** `status` is one of STATUS; `ms` a whole number above 0. */
export type Outcome = { status: number; ms: number }

/** A script that fails does so after between this share and all of its time. */
export const EARLIEST_SCRIPT_FAILURE = 0.3

export function outcomesOf(
  world: World,
  workload: Workload,
  chance: Chance,
): (job: number, arm: number) => Outcome {
  const { arms, keys, cancellationsPerHour } = world
  const { key: keyOf } = workload
  return (job, arm) => {
    const { scriptFailureShare } = keys[keyOf[job] as number] as SimulatedKey
    const seconds = fullSeconds(world, workload, chance, job, arm)
    const runnerFails = chance(STREAM.runnerFails, job, arm) < (arms[arm] as SimulatedArm).failureShare
    let status: number = STATUS.success
    let endsAfter = seconds
    if (runnerFails) {
      status = STATUS.runnerFailed
      endsAfter = seconds * chance(STREAM.runnerFailsAt, job, arm)
    } else if (chance(STREAM.scriptFails, job, 0) < scriptFailureShare) {
      status = STATUS.scriptFailed
      const ran = chance(STREAM.scriptFailsAt, job, 0)
      endsAfter = seconds * (EARLIEST_SCRIPT_FAILURE + (1 - EARLIEST_SCRIPT_FAILURE) * ran)
    }
    if (cancellationsPerHour > 0) {
      const patience = (-Math.log(chance(STREAM.cancels, job, 0)) * 3600) / cancellationsPerHour
      if (patience < endsAfter) return { status: STATUS.canceled, ms: wholeMs(patience) }
    }
    return { status, ms: wholeMs(endsAfter) }
  }
}

/** How long it takes when nothing comes between. */
function fullSeconds(world: World, workload: Workload, chance: Chance, job: number, arm: number): number {
  const { arms, logSeconds, durations, sigma, commonShare, tailShare, tailExponent } = world
  const { key, pipeline, arrivesAtMs } = workload
  const day = driftDay(arrivesAtMs[pipeline[job] as number] as number)
  const typical =
    (logSeconds[(key[job] as number) * arms.length + arm] as number) +
    (arms[arm] as SimulatedArm).driftPerDay * day
  if (durations === 'exponential') return -Math.log(chance(STREAM.jobNoise, job, 0)) * Math.exp(typical)
  const common = normalOf(chance, STREAM.jobNoise, job, 0)
  const own = normalOf(chance, STREAM.cellNoise, job, arm)
  const noise = Math.sqrt(commonShare) * common + Math.sqrt(1 - commonShare) * own
  const tail =
    chance(STREAM.tail, job, 0) < tailShare ? -Math.log(chance(STREAM.tailSize, job, 0)) / tailExponent : 0
  return Math.min(LONGEST_SECONDS, Math.max(SHORTEST_SECONDS, Math.exp(typical + sigma * noise + tail)))
}

const wholeMs = (seconds: number) => Math.max(1, Math.round(seconds * 1000))
