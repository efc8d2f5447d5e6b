import { describe, expect, test } from 'vitest'
import {
  CURVE_POINTS,
  type ReplayedJob,
  type ReplaySettings,
  rejectionReplay,
  specRewardOf,
  startReplay,
} from '../../../../shared/domain/evaluation/rejection-replay.ts'
import { startFold } from '../../../../shared/domain/fold.ts'
import { greedy } from '../../../../shared/domain/policies/greedy.ts'
import { ucb1Tuned } from '../../../../shared/domain/policies/ucb1-tuned.ts'
import { uniform } from '../../../../shared/domain/policies/uniform.ts'
import { type Choice, choiceOf, drawIndex, type Policy } from '../../../../shared/domain/policy.ts'
import { type Draw, seededDraws } from '../../../../shared/domain/rng.ts'
import { EMPTY_STATE } from '../../../../shared/domain/state.ts'
import { finishedEvent, MINUTE, NOON, WINDOW } from '../../../support/builders.ts'

const settingsOf = (policy: Policy, seed: string, smallestPropensity = 1): ReplaySettings => ({
  policy,
  draw: seededDraws(seed),
  smallestPropensity,
  lateAfterMs: WINDOW,
})

/** Seconds that a success takes: rewards are 1/1.1, 1/0.6 and 1/0.35 on a small job, less on a large one. */
const SECONDS: Record<string, number> = { a: 60, b: 30, c: 15 }
const REWARD = { a: 1 / 1.1, b: 1 / 0.6, c: 1 / 0.35 }
/** Of small jobs, which all arms may take, and of large ones, which `a` may not. */
const LOGGERS: Record<string, number>[] = [
  { a: 0.6, b: 0.3, c: 0.1 },
  { b: 0.8, c: 0.2 },
]
const SMALLEST = 0.1

/** One job a minute and a half, that has ended when the next one starts; half of them large. A fifth of c's jobs fails. */
function playedJob(number: number, draw: Draw, pick?: (feasible: readonly string[]) => string): ReplayedJob {
  const logger = LOGGERS[draw() < 0.5 ? 0 : 1] as Record<string, number>
  const feasible = Object.keys(logger)
  const chances = Object.values(logger)
  const arm = pick?.(feasible) ?? (feasible[drawIndex(chances, draw)] as string)
  const finish = finishedEvent({
    arm,
    jobId: number + 1,
    pipelineId: number + 1,
    status: arm === 'c' && draw() < 0.2 ? 'failed' : 'success',
    durationSeconds: SECONDS[arm] as number,
    startedAt: NOON + 1.5 * number * MINUTE,
    occurredAt: NOON + 1.5 * number * MINUTE + MINUTE,
  })
  return { finish, feasible, propensity: logger[arm] as number }
}

const playedJobs = (jobs: number, draw: Draw) =>
  Array.from({ length: jobs }, (_, number) => playedJob(number, draw))

describe('replay', () => {
  test('of the uniform policy gives its value, though the log went mostly elsewhere', () => {
    const jobs = playedJobs(12_000, seededDraws('a log'))
    const { kept, value, standardError, low, high } = rejectionReplay(
      jobs,
      settingsOf(uniform, 'x', SMALLEST),
    )
    const ofSmall = (REWARD.a + REWARD.b + 0.8 * REWARD.c) / 3
    const ofLarge = (REWARD.b + 0.8 * REWARD.c) / 2
    const truth = (ofSmall + ofLarge) / 2
    expect(Math.abs((value as number) - truth)).toBeLessThan(4 * (standardError as number))
    expect(low).toBeLessThan(truth)
    expect(high).toBeGreaterThan(truth)
    // Kept with probability m, whatever is drawn: 1,200, give or take 4 · sqrt(12000 · 0.1 · 0.9).
    expect(Math.abs(kept - 1200)).toBeLessThan(4 * 33)
    // What was logged is worth less by far more than that.
    const logged = jobs.reduce((sum, { finish }) => sum + (specRewardOf(finish) as number), 0) / jobs.length
    expect(Math.abs(logged - truth)).toBeGreaterThan(4 * (standardError as number))
  })

  test('of a learning policy gives what it earns in control, job by job', () => {
    const LENGTH = 40
    const RUNS = 250
    const replayed: number[][] = []
    const controlled: number[][] = []
    for (let run = 0; run < RUNS; run += 1) {
      const seed = `run ${run}`
      const { curve } = rejectionReplay(
        playedJobs(700, seededDraws(seed)),
        settingsOf(ucb1Tuned, seed, SMALLEST),
      )
      replayed.push([10, LENGTH].map((kept) => curve.find((point) => point.kept === kept)?.value as number))
      controlled.push(inControl(ucb1Tuned, LENGTH, seededDraws(`control ${run}`)))
    }
    for (const column of [0, 1]) {
      const [a, b] = [replayed, controlled].map((rows) => momentsOf(rows.map((row) => row[column] as number)))
      const error = Math.sqrt(((a?.variance as number) + (b?.variance as number)) / RUNS)
      expect(Math.abs((a?.mean as number) - (b?.mean as number))).toBeLessThan(4 * error)
    }
  })

  test('learns from kept jobs alone, and from each only once it has ended', () => {
    const seen: number[] = []
    const always = (arm: string): Policy => ({
      ...uniform,
      probabilities: ({ arms, totalObservations }: Choice) => {
        seen.push(totalObservations)
        return arms.map((offered) => (offered.arm === arm ? 1 : 0))
      },
    })
    const jobOf = (arm: string, start: number, end: number): ReplayedJob => ({
      finish: finishedEvent({
        arm,
        startedAt: NOON + start * MINUTE,
        occurredAt: NOON + end * MINUTE,
      }),
      feasible: ['a', 'b'],
      propensity: 0.5,
    })
    const jobs = [
      jobOf('a', 0, 10),
      jobOf('b', 1, 2),
      jobOf('a', 5, 6),
      jobOf('b', 7, 8),
      jobOf('a', 10, 20),
      jobOf('a', 30, 31),
    ]
    const replay = rejectionReplay(jobs, settingsOf(always('a'), 'x', 0.5))
    expect(replay).toMatchObject({ jobs: 6, kept: 4 })
    // Before 7 min the job of 5 … 6 min is known; at 10 min that of 0 … 10 min, too; at 30 min that of 10 … 20 min.
    expect(seen).toEqual([0, 0, 0, 1, 2, 3])
  })

  test('counts what was logged with less than the smallest propensity, and leaves out what cannot be judged', () => {
    const job = (overrides: Parameters<typeof finishedEvent>[0], propensity = 1) => ({
      finish: finishedEvent(overrides),
      feasible: ['a'],
      propensity,
    })
    const jobs = [
      job({}),
      job({}, 0.2),
      job({ status: 'canceled', durationSeconds: null }),
      job({ durationSeconds: null }),
      job({ arm: 'b' }),
      job({ arm: null }),
    ]
    const replay = rejectionReplay(jobs, { ...settingsOf(uniform, 'x'), smallestPropensity: 0.9 })
    expect(replay).toMatchObject({ jobs: 3, belowSmallest: 1 })
  })

  test('gives the same again from the same seed, and says nothing of an empty log', () => {
    const jobs = playedJobs(500, seededDraws('again'))
    const once = rejectionReplay(jobs, settingsOf(greedy, 'x', SMALLEST))
    expect(rejectionReplay(jobs, settingsOf(greedy, 'x', SMALLEST))).toEqual(once)
    expect(rejectionReplay([], settingsOf(greedy, 'x'))).toEqual({
      jobs: 0,
      kept: 0,
      belowSmallest: 0,
      value: null,
      standardError: null,
      low: null,
      high: null,
      curve: [],
    })
  })

  test('has a curve of few points that ends at the value', () => {
    const replay = startReplay(settingsOf({ ...uniform, probabilities: () => [1] }, 'x'))
    for (let kept = 1; kept <= 1001; kept += 1) {
      replay.add({ finish: finishedEvent({ durationSeconds: kept % 90 }), feasible: ['a'], propensity: 1 })
      const { curve, value } = replay.result()
      expect(curve.length).toBeLessThanOrEqual(CURVE_POINTS + 1)
      expect(curve.at(-1)?.kept).toBe(kept)
      expect(curve.at(-1)?.value).toBeCloseTo(value as number, 12)
    }
    const steps = replay.result().curve.map(({ kept }) => kept)
    expect(steps.slice(0, -1)).toEqual(Array.from({ length: steps.length - 1 }, (_, i) => 8 * (i + 1)))
  })
})

/** The mean rewards of the first 10 and of the first `jobs` jobs with the policy deciding. */
function inControl(policy: Policy, jobs: number, draw: Draw): number[] {
  const learned = startFold(EMPTY_STATE, WINDOW)
  const rewards: number[] = []
  for (let number = 0; number < jobs; number += 1) {
    const { finish } = playedJob(number, draw, (feasible) => {
      const choice = choiceOf(learned.state, feasible)
      return choice.arms[drawIndex(policy.probabilities(choice), draw)]?.arm as string
    })
    rewards.push(specRewardOf(finish) as number)
    learned.add([finish])
  }
  return [rewards.slice(0, 10), rewards].map((some) => momentsOf(some).mean)
}

function momentsOf(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) }
}
