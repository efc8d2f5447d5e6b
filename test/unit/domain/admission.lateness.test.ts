import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Admission, admit } from '../../../shared/domain/admission.ts'
import type { EventKind, Source, Witness } from '../../../shared/domain/event.ts'
import {
  armOf,
  DAY,
  fleetWith,
  HOUR,
  INSTANCE,
  MINUTE,
  NOON,
  SECOND,
  WINDOW,
  witnessOf,
} from '../../support/builders.ts'

function admission(
  witness: Partial<Witness>,
  {
    receivedAt = NOON,
    source = 'webhook' as Source,
    unmanagedArms = new Set<string>(),
    lateAfterMs = WINDOW,
  } = {},
): Admission {
  const fleet = fleetWith(armOf({ name: 'a' }))
  const maxUnmanagedArms = 5
  return admit(witnessOf(witness), {
    instance: INSTANCE,
    fleet,
    source,
    receivedAt,
    lateAfterMs,
    unmanagedArms,
    maxUnmanagedArms,
  })
}

const lateOf = (result: Admission) => (result.status === 'admitted' ? result.event.late : result.code)

describe('law 6: a live event is late', () => {
  test('when it was received later than the window after its own finish, not when just in time', () => {
    const finished = { startedAt: NOON - MINUTE, finishedAt: NOON }
    expect(lateOf(admission(finished, { receivedAt: NOON + WINDOW }))).toBe(false)
    expect(lateOf(admission(finished, { receivedAt: NOON + WINDOW + 1 }))).toBe(true)
    expect(lateOf(admission(finished, { receivedAt: NOON + HOUR + 1, lateAfterMs: HOUR }))).toBe(true)
  })

  test('by its two times alone, whatever else it says and whatever came before', () => {
    const times = fc.tuple(fc.integer({ min: 0, max: 2 * WINDOW }), fc.integer({ min: 0, max: DAY }))
    const rest = fc.record<Partial<Witness>>({
      projectId: fc.nat(),
      jobId: fc.nat(),
      status: fc.constantFrom('success', 'failed', 'canceled'),
      durationSeconds: fc.constantFrom(null, 0.5, 3600),
      runner: fc.constantFrom(
        null,
        { id: 1, description: 'a', tags: [] },
        { id: 2, description: '', tags: [] },
      ),
    })
    fc.assert(
      fc.property(times, rest, rest, ([delay, ran], one, other) => {
        const when = { finishedAt: NOON, startedAt: NOON - ran, createdAt: NOON - ran }
        const receivedAt = NOON + delay
        const verdict = lateOf(admission({ ...one, ...when }, { receivedAt }))
        expect(verdict).toBe(delay > 7 * 24 * 3_600_000)
        const seen = new Set(['a', 'some', 'others'])
        expect(lateOf(admission({ ...other, ...when }, { receivedAt, unmanagedArms: seen }))).toBe(verdict)
      }),
    )
  })

  test('never when it comes from a bulk source', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5000 * DAY }), (delay) => {
        expect(lateOf(admission({}, { receivedAt: NOON + delay, source: 'replay' }))).toBe(false)
      }),
    )
  })

  test('only when it is a finish: what was queued or started long ago is not', () => {
    for (const kind of ['job.queued', 'job.started'] satisfies EventKind[]) {
      const unended = { kind, status: null, finishedAt: null, durationSeconds: null }
      expect(lateOf(admission(unended, { receivedAt: NOON + 400 * DAY }))).toBe(false)
    }
  })
})

describe('law 6: an event is quarantined', () => {
  test('when it finishes more than five minutes in the future', () => {
    const receivedAt = NOON - 5 * MINUTE
    expect(lateOf(admission({}, { receivedAt }))).toBe(false)
    expect(admission({}, { receivedAt: receivedAt - 1 })).toEqual({
      status: 'quarantined',
      code: 'in_the_future',
      reason: "The job's time 2026-03-02T12:00:00.000Z lies in the future of 2026-03-02T11:54:59.999Z.",
    })
    expect(lateOf(admission({}, { receivedAt: receivedAt - 1, source: 'replay' }))).toBe('in_the_future')
  })

  test.each<[string, Partial<Witness>]>([
    ['creation', { kind: 'job.queued', createdAt: NOON + HOUR, startedAt: null }],
    ['start', { kind: 'job.started', startedAt: NOON + HOUR }],
    ['start plus duration', { startedAt: NOON - MINUTE, durationSeconds: HOUR / SECOND }],
  ])('when its %s lies in the future', (_, times) => {
    expect(lateOf(admission({ finishedAt: null, ...times }))).toBe('in_the_future')
  })

  test('when it finished before it started', () => {
    const result = admission({ startedAt: NOON, finishedAt: NOON - MINUTE })
    expect(lateOf(result)).toBe('finished_before_started')
    expect(result).toHaveProperty(
      'reason',
      'The job finished at 2026-03-02T11:59:00.000Z, before it started at 2026-03-02T12:00:00.000Z.',
    )
    expect(lateOf(admission({ startedAt: NOON, finishedAt: NOON }))).toBe(false)
  })

  test('not when it ended within the second of its start and GitLab cut one of the two times to it', () => {
    expect(
      lateOf(admission({ startedAt: NOON + 900, finishedAt: NOON }, { receivedAt: NOON + MINUTE })),
    ).toBe(false)
  })
})
