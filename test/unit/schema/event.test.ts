import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/errors.ts'
import { decodeEvent, encodeEvent } from '../../../shared/schema/event.ts'
import { finishedEvent, NOON, startedEvent } from '../../support/builders.ts'
import { finishArb } from '../arbitraries.ts'

describe('an event on the wire', () => {
  test('has snake_case keys, ISO instants and its tags sorted in one string', () => {
    expect(encodeEvent(finishedEvent({ jobId: 7, runnerTags: ['linux', 'docker'] }))).toMatchObject({
      event_id: 'gitlab.example.com/42/7/job.finished',
      occurred_at: '2026-03-02T12:00:00.000Z',
      received_at: '2026-03-02T12:00:01.000Z',
      job_id: 7,
      runner_tags: 'docker,linux',
      cost_per_hour_eur: 0,
    })
  })

  test('comes back as it was', () => {
    fc.assert(
      fc.property(
        finishArb,
        fc.uniqueArray(fc.constantFrom('gpu', 'docker', 'Docker', 'ä')),
        (finish, tags) => {
          const event = { ...finish, runnerTags: tags.toSorted() }
          expect(decodeEvent(JSON.parse(JSON.stringify(encodeEvent(event))))).toEqual(event)
        },
      ),
    )
    expect(decodeEvent(encodeEvent(startedEvent({ jobId: 7 })))).toEqual(startedEvent({ jobId: 7 }))
  })

  test('has each field in its own place', () => {
    const told = finishedEvent({
      receivedAt: NOON + 9000,
      createdAt: NOON - 9000,
      startedAt: NOON - 8000,
      finishedAt: NOON - 7000,
      queuedSeconds: 1.5,
      durationSeconds: 2.5,
      pipelineId: 11,
      attempt: 12,
      runnerId: 13,
      failureReason: 'script_failure',
      runnerTags: ['docker'],
      jobTags: ['gpu', 'linux'],
      idempotencyKey: 'a-key',
      costPerHourEur: 0.25,
    })
    for (const event of [
      { ...told, unmanaged: true },
      { ...told, late: true },
      { ...told, conflicting: true },
    ])
      expect(decodeEvent(encodeEvent(event))).toEqual(event)
  })

  test('that is none is refused with every fault', () => {
    const row = { ...encodeEvent(finishedEvent()), status: 'lost', duration_seconds: 0, occurred_at: 'today' }
    expect(() => decodeEvent(row)).toThrow(InvalidInputError)
    expect(() => decodeEvent(row)).toThrow(/^job event: .*occurred_at: .*; status: .*; duration_seconds: /)
    expect(() => decodeEvent(null)).toThrow(InvalidInputError)
  })
})
