/** When a tag counts as down, and what may be spent to mend it; data of fleet.yaml. */
export type AvailabilityRules = {
  /** Tags to watch besides those that the fleet's arms share. */
  tags: readonly string[]
  /** Waiting of a job that makes its tags degraded, and down. */
  degradedAfterMs: number
  downAfterMs: number
  /** After so long without a sign of life a runner is silent. */
  silentAfterMs: number
  /** Whether machines may be started at all. */
  start: boolean
  /** In any 24 hours, of all machines together. */
  maxStartsPerDay: number
  maxEurPerDay: number
  /** Between two starts of one machine. */
  cooldownMs: number
  stopAfterIdleMs: number
  /** What a start costs however soon it is stopped. */
  minimumChargeMs: number
}

/** Of a fleet that says nothing: it is watched, and nothing is started. */
export const WATCHING: AvailabilityRules = {
  tags: [],
  degradedAfterMs: 5 * 60_000,
  downAfterMs: 15 * 60_000,
  silentAfterMs: 75 * 60_000,
  start: false,
  maxStartsPerDay: 4,
  maxEurPerDay: 1,
  cooldownMs: 30 * 60_000,
  stopAfterIdleMs: 20 * 60_000,
  minimumChargeMs: 60_000,
}
