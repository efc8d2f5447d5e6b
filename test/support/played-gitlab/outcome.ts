/** How a job ends on a runner: a duration that belongs to the two of them, noise, and what may break. */
import { createRng, type Rng, type Seed } from '../../../shared/played-gitlab/index.ts'
import type { CiJob, FailureReason } from './pipeline.ts'

export type Outcome = { failureReason: FailureReason | null; afterMs: number }

/** Sigma of ln(duration): how a job and a runner suit each other for good, and what differs between two runs. */
const SUITS_SIGMA = 0.05
const NOISE_SIGMA = 0.08
/** A runner mostly breaks while it prepares the job. */
const LONGEST_PREPARATION_MS = 15_000

/** @returns how the n-th job of a seed ends; the same for the same jobs in the same order. */
export function outcomes(seed: Seed): (job: CiJob) => Outcome {
  const noise = createRng(seed, 'outcomes')
  return (job) => {
    const { spec, runner, project } = job
    if (runner === null) throw new Error(`job ${job.id} has no runner`)
    const suits: Rng = createRng(seed, `${project.id}/${spec.name} on ${runner.id}`)
    const usualMs = spec.seconds * 1000 * suits.logNormal(1, SUITS_SIGMA)
    const wholeMs = Math.round(usualMs * runner.slowness * noise.logNormal(1, NOISE_SIGMA))
    const [breaks, fails, share] = [noise.uniform(), noise.uniform(), noise.uniform()]
    if (breaks < runner.systemFailureRate) {
      const preparedMs = Math.ceil(share * LONGEST_PREPARATION_MS)
      return { failureReason: 'runner_system_failure', afterMs: Math.min(wholeMs, preparedMs) }
    }
    if (fails < (spec.scriptFailureRate ?? 0))
      return { failureReason: 'script_failure', afterMs: Math.ceil(wholeMs * share) }
    return { failureReason: null, afterMs: wholeMs }
  }
}
