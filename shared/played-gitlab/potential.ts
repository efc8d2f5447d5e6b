/** What a job would have come to on any runner that might have had it: the truth that estimates are held against. */
import type { FinalStatus, PlayedJob } from './day.ts'
import { BREAKS_AFTER_MS, FAILS_AFTER_SHARE, NOISE_SIGMA } from './ending.ts'
import type { PlayedRunner } from './fleet.ts'

/** One way to end; those of a job on a runner have probabilities that sum to 1. */
export type PossibleEnding = { status: FinalStatus; seconds: number; probability: number }

/** Chance is replaced by so many equally likely values; with more the expectations move by less than 1e-3 of themselves. */
const NOISES = 32
const MOMENTS = 8

/**
 * Every way in which the job could have ended on this runner, begun when it was begun, nothing else being changed: nobody
 * else waits for it, and what would cancel it comes at the same moment.
 * @returns none of a job that never began, or was not planned.
 */
export function possibleEndings(job: PlayedJob, runner: PlayedRunner): PossibleEnding[] {
  const { plan, queuedSeconds, startedAtMs } = job
  if (startedAtMs === null || plan === null) return []
  const breaks = runner.systemFailureRate
  const fails = (1 - breaks) * plan.scriptFailureProbability
  const succeeds = 1 - breaks - fails
  const cancelSeconds =
    plan.cancelAfterSeconds === null
      ? Number.POSITIVE_INFINITY
      : Math.max(0, plan.cancelAfterSeconds - (queuedSeconds ?? 0))
  const endings: PossibleEnding[] = []
  const add = (status: FinalStatus, seconds: number, probability: number) => {
    const isCanceled = seconds > cancelSeconds
    const ending = isCanceled ? { status: 'canceled' as const, seconds: cancelSeconds } : { status, seconds }
    endings.push({ ...ending, probability })
  }
  for (let noise = 0; noise < NOISES; noise += 1) {
    const normal = standardNormalQuantile((noise + 0.5) / NOISES)
    const fullSeconds = plan.baseSeconds * runner.speedFactor * Math.exp(NOISE_SIGMA * normal)
    add('success', fullSeconds, succeeds / NOISES)
    for (let moment = 0; moment < MOMENTS; moment += 1) {
      const share = (moment + 0.5) / MOMENTS
      const breakSeconds = between(BREAKS_AFTER_MS, share) / 1000
      add('failed', Math.min(fullSeconds, breakSeconds), breaks / NOISES / MOMENTS)
      add('failed', fullSeconds * between(FAILS_AFTER_SHARE, share), fails / NOISES / MOMENTS)
    }
  }
  return endings
}

const between = ({ least, most }: { least: number; most: number }, share: number) =>
  least + share * (most - least)

/** Of the standard normal, by bisection of its distribution function (Abramowitz and Stegun 26.2.17, error < 7.5e-8). */
function standardNormalQuantile(probability: number): number {
  let low = -6
  let high = 6
  while (high - low > 1e-7) {
    const middle = (low + high) / 2
    if (normalDistribution(middle) < probability) low = middle
    else high = middle
  }
  return (low + high) / 2
}

function normalDistribution(x: number): number {
  if (x < 0) return 1 - normalDistribution(-x)
  const t = 1 / (1 + 0.2316419 * x)
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return 1 - (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * series
}
