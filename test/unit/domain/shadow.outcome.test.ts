import { describe, expect, test } from 'vitest'
import type { JobEvent } from '../../../shared/domain/event.ts'
import { outcomeOf } from '../../../shared/domain/shadow.ts'
import { finishedEvent, NOON, SECOND, startedEvent } from '../../support/builders.ts'

describe('the outcome of a job', () => {
  test('tells what became of it, with its reward and its cost', () => {
    // An hour at 0.9 EUR: 1 / (60 + 0.9 + 0.1).
    const event = finishedEvent({ durationSeconds: 3600, costPerHourEur: 0.9 })
    expect(outcomeOf(event)).toMatchObject({
      jobStatus: 'success',
      jobDuration: 3600,
      costEur: 0.9,
      finishedAt: NOON,
    })
    expect(outcomeOf(event).reward).toBeCloseTo(1 / 61, 12)
    expect(outcomeOf({ ...event, costPerHourEur: 0.07, durationSeconds: 90 }).costEur).toBeCloseTo(
      0.00175,
      12,
    )
  })

  test.each<[string, Partial<JobEvent>, object]>([
    ['failed: the reward is 0', { status: 'failed' }, { reward: 0, runnerFailure: false }],
    [
      'failed by the runner',
      { status: 'failed', failureReason: 'runner_system_failure' },
      { runnerFailure: true },
    ],
    ['canceled: no reward', { status: 'canceled' }, { reward: null, jobDuration: 60 }],
    [
      'of unknown duration: no reward and no cost',
      { durationSeconds: null },
      { reward: null, costEur: null },
    ],
    ['without a runner: no reward', { arm: null }, { reward: null, arm: null }],
    ['late: said so', { late: true }, { late: true, receivedAt: NOON + SECOND }],
  ])('%s', (_, overrides, expected) => {
    expect(outcomeOf(finishedEvent(overrides))).toMatchObject(expected)
  })

  test('is no part of a job that has not finished', () => {
    expect(() => outcomeOf(startedEvent())).toThrow(RangeError)
  })
})
