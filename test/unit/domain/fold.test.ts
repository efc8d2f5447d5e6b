import { describe, expect, test } from 'vitest'
import type { JobEvent } from '../../../shared/domain/event.ts'
import type { BanditState } from '../../../shared/domain/state.ts'
import { bytesOf, finishedEvent, NOON, startedEvent, stateOf } from '../../support/builders.ts'

const armSums = (state: BanditState, arm = 'a') => state.arms.get(arm)
const cellSums = (state: BanditState, arm = 'a', jobKey = '42/unit') => state.cells.get(jobKey)?.get(arm)
const stateOfOne = (overrides: Partial<JobEvent>) => stateOf([finishedEvent(overrides)])

describe('law 5: what is folded', () => {
  // Free successes of 54, 114 and 24 seconds: reward 1 / (0.9 + 0.1) = 1, 1 / (1.9 + 0.1) = 0.5 and
  // 1 / (0.4 + 0.1) = 2. ln 54 = 3.98898405, ln 114 = 4.73619845, ln 24 = 3.17805383; their squares are
  // 15.91199372, 22.43157574 and 10.10002615.
  const successes = [54, 114, 24].map((durationSeconds) => finishedEvent({ durationSeconds }))

  test('successes count, with their rewards and the squares of these, per arm', () => {
    expect(armSums(stateOf(successes))).toEqual({
      n: 3,
      successes: 3,
      runnerFailures: 0,
      rewardMicros: 3_500_000,
      rewardSquaredMicros: 1_000_000 + 250_000 + 4_000_000,
      exposureMs: 192_000,
    })
  })

  test('successes count, with the logarithms of their durations, per job key and arm', () => {
    expect(cellSums(stateOf(successes))).toEqual({
      n: 3,
      lnSecondsMicros: 3_988_984 + 4_736_198 + 3_178_054,
      lnSecondsSquaredMicros: 15_911_994 + 22_431_576 + 10_100_026,
      exposureMs: 192_000,
    })
  })

  test('cost lowers the reward', () => {
    // An hour at 0.9 EUR: 1 / (60 + 0.9 + 0.1) = 1 / 61 = 0.01639344, squared 0.00026874.
    const state = stateOfOne({ durationSeconds: 3600, costPerHourEur: 0.9 })
    expect(armSums(state)).toMatchObject({ rewardMicros: 16_393, rewardSquaredMicros: 269 })
  })

  test('a failure is a reward of nothing; its time is exposure and not speed', () => {
    const state = stateOfOne({ status: 'failed', failureReason: 'script_failure', durationSeconds: 54 })
    expect(armSums(state)).toEqual({
      n: 1,
      successes: 0,
      runnerFailures: 0,
      rewardMicros: 0,
      rewardSquaredMicros: 0,
      exposureMs: 54_000,
    })
    expect(cellSums(state)).toEqual({
      n: 0,
      lnSecondsMicros: 0,
      lnSecondsSquaredMicros: 0,
      exposureMs: 54_000,
    })
  })

  // The runner-side reasons of gitlab.md 1.3; timeouts are ambiguous, the queue is not the runner.
  test.each([
    ['runner_system_failure', 1],
    ['runner_interrupted', 1],
    ['runner_configuration_error', 1],
    ['runner_external_dependency_failure', 1],
    ['runner_unsupported', 1],
    ['no_updates_running', 1],
    ['job_router_failure', 1],
    ['script_failure', 0],
    ['stuck_pending_no_matching_runners', 0],
    ['job_execution_timeout', 0],
    ['unknown_failure', 0],
    [null, 0],
  ])('a failure for the reason %s counts as %i failures of the runner', (failureReason, runnerFailures) => {
    const state = stateOfOne({ status: 'failed', failureReason })
    expect(armSums(state)).toMatchObject({ n: 1, successes: 0, runnerFailures })
  })

  test('a success is no failure of the runner, whatever reason stands beside it', () => {
    expect(armSums(stateOfOne({ failureReason: 'runner_system_failure' }))?.runnerFailures).toBe(0)
  })

  test('a canceled job is exposure only', () => {
    const state = stateOfOne({ status: 'canceled', durationSeconds: 54.0006 })
    expect(armSums(state)).toEqual({
      n: 0,
      successes: 0,
      runnerFailures: 0,
      rewardMicros: 0,
      rewardSquaredMicros: 0,
      exposureMs: 54_001,
    })
    expect(cellSums(state)).toMatchObject({ n: 0, lnSecondsMicros: 0, exposureMs: 54_001 })
  })

  test.each<[string, Partial<JobEvent>]>([
    ['an unknown duration', { durationSeconds: null }],
    ['no runner', { arm: null, runnerId: null }],
  ])('a job with %s adds to no sum, and is remembered as seen', (_, overrides) => {
    const state = stateOf([finishedEvent({ ...overrides, jobId: 5, occurredAt: NOON })])
    expect(state.arms.size).toBe(0)
    expect(state.cells.size).toBe(0)
    expect(state.newestFinishAt).toBe(NOON)
    const repeat = finishedEvent({ jobId: 5, durationSeconds: 54 })
    expect(bytesOf(stateOf([...successes, repeat]))).not.toBe(bytesOf(stateOf(successes)))
    expect(stateOf([finishedEvent({ ...overrides, jobId: 5 }), repeat]).arms.size).toBe(0)
  })

  test('arms and job keys are counted apart', () => {
    const state = stateOf([
      finishedEvent({ arm: 'a', jobName: 'unit' }),
      finishedEvent({ arm: 'a', jobName: 'lint' }),
      finishedEvent({ arm: 'b', jobName: 'lint' }),
    ])
    expect([...state.arms].map(([arm, { n }]) => [arm, n])).toEqual([
      ['a', 2],
      ['b', 1],
    ])
    expect(cellSums(state, 'a', '42/lint')?.n).toBe(1)
    expect(cellSums(state, 'b', '42/lint')?.n).toBe(1)
    expect(cellSums(state, 'b', '42/unit')).toBeUndefined()
  })

  test('jobs that have not finished add nothing', () => {
    expect(bytesOf(stateOf([startedEvent(), startedEvent({ kind: 'job.queued' })]))).toBe(
      bytesOf(stateOf([])),
    )
  })
})
