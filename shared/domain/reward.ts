/**
 * The reward of a finished job, and the integers that represent it in the state.
 *
 * Integers make the sums exact: any order, split or repetition of the same events gives the same bytes (law 4).
 * A resolution of 1e-6 reproduces the picks of a floating-point reference; 1e-3 does not.
 */

const MICROS = 1_000_000
const SECONDS_PER_MINUTE = 60
const SECONDS_PER_HOUR = 3600
/** Keeps the reward of an instantaneous, free success at 10 instead of infinity. */
const OFFSET_MINUTES = 0.1

/**
 * reward = success / (duration_minutes + cost_penalty + 0.1), cost_penalty = cost_per_hour · duration_seconds / 3600.
 * In [0, 10]; 0 for every failure. Source: the product's definition.
 */
export function rewardOf(success: boolean, durationSeconds: number, costPerHourEur: number): number {
  if (!success) return 0
  const costPenalty = (costPerHourEur * durationSeconds) / SECONDS_PER_HOUR
  return 1 / (durationSeconds / SECONDS_PER_MINUTE + costPenalty + OFFSET_MINUTES)
}

/** A real number as an integer count of millionths. */
export function toMicros(value: number): number {
  return Math.round(value * MICROS)
}

export function fromMicros(micros: number): number {
  return micros / MICROS
}

/**
 * Failures that are the runner's doing, not the script's (gitlab.md 1.3). Timeouts are left out: they are
 * ambiguous, a slow runner and an endless script look alike.
 */
const RUNNER_FAILURE_REASONS: ReadonlySet<string> = new Set([
  'runner_system_failure',
  'runner_interrupted',
  'runner_configuration_error',
  'runner_external_dependency_failure',
  'runner_unsupported',
  'no_updates_running',
  'job_router_failure',
])

export function isRunnerFailure(failureReason: string | null): boolean {
  return failureReason !== null && RUNNER_FAILURE_REASONS.has(failureReason)
}
