import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AdmissionContext, admit } from '../../../shared/domain/admission.ts'
import {
  agree,
  type Claim,
  disagreementKey,
  type EventKind,
  eventIdOf,
  jobKeyOf,
} from '../../../shared/domain/event.ts'
import { readWebhook } from '../../../shared/schema/webhook.ts'
import { DAY, fleetWith, INSTANCE, NOON, SECOND, WINDOW } from '../../support/builders.ts'

/** One job as different versions of GitLab, and different deliveries, would tell of it. */
const dateForms = [
  (ms: number) => new Date(ms).toISOString(),
  (ms: number) => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`,
  (ms: number) => `${new Date(ms + 2 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')} +0200`,
]
const durationForms = [(seconds: number) => seconds, (seconds: number) => String(seconds)]

const tellingArb = fc.record({
  dateForm: fc.constantFrom(...dateForms),
  durationForm: fc.constantFrom(...durationForms),
  receivedAt: fc.integer({ min: NOON, max: NOON + 400 * DAY }),
  source: fc.constantFrom('webhook' as const, 'replay' as const),
  runner: fc.constantFrom(null, undefined, { id: 31, description: 'Mac Docker Runner', tags: ['docker'] }),
})
type Telling = typeof tellingArb extends fc.Arbitrary<infer T> ? T : never

const statusArb = fc.constantFrom('pending', 'running', 'success', 'failed', 'canceled')
const idArb = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
const jobArb = fc.record({
  projectId: idArb,
  jobId: idArb,
  status: statusArb,
  seconds: fc.integer({ min: 1, max: 5000 }),
})
type Job = typeof jobArb extends fc.Arbitrary<infer T> ? T : never

function eventIdAsTold(job: Job, { dateForm, durationForm, receivedAt, source, runner }: Telling): string {
  const [reading] = readWebhook({
    object_kind: 'build',
    project_id: job.projectId,
    build_id: job.jobId,
    build_name: 'unit',
    build_status: job.status,
    build_created_at: dateForm(NOON - DAY),
    build_started_at: dateForm(NOON - job.seconds * SECOND),
    build_finished_at: dateForm(NOON),
    build_duration: durationForm(job.seconds),
    runner,
  })
  if (reading?.status !== 'witness') throw new Error(JSON.stringify(reading))
  const context: AdmissionContext = {
    instance: INSTANCE,
    source,
    receivedAt,
    fleet: fleetWith(),
    lateAfterMs: WINDOW,
    unmanagedArms: new Set(),
    maxUnmanagedArms: 5,
  }
  const admission = admit(reading.witness, context)
  if (admission.status !== 'admitted') throw new Error(admission.reason)
  return admission.event.eventId
}

describe('law 1: the identity of an event', () => {
  test('is one for all forms in which the same job is seen', () => {
    fc.assert(
      fc.property(jobArb, tellingArb, tellingArb, (job, telling, other) => {
        expect(eventIdAsTold(job, telling)).toBe(eventIdAsTold(job, other))
      }),
    )
  })

  test('is another one for another project, job or kind', () => {
    const kindOf = (status: string) => (status === 'pending' || status === 'running' ? status : 'finished')
    fc.assert(
      fc.property(jobArb, jobArb, tellingArb, (job, other, telling) => {
        const isSame =
          job.projectId === other.projectId &&
          job.jobId === other.jobId &&
          kindOf(job.status) === kindOf(other.status)
        expect(eventIdAsTold(job, telling) === eventIdAsTold(other, telling)).toBe(isSame)
      }),
    )
  })

  test('consists of instance, project, job and kind, and of nothing else', () => {
    expect(eventIdOf('gitlab.com', 31, 7, 'job.started')).toBe('gitlab.com/31/7/job.started')
    const ids = ['gitlab.com', 'gitlab.com/3'].flatMap((instance) =>
      [1, 31].flatMap((project) =>
        [1, 7].flatMap((job) =>
          (['job.queued', 'job.started', 'job.finished'] satisfies EventKind[]).map((kind) =>
            eventIdOf(instance, project, job, kind),
          ),
        ),
      ),
    )
    expect(new Set(ids).size).toBe(24)
  })
})

describe('law 2: two claims about one identity', () => {
  const claim = (overrides: Partial<Claim> = {}): Claim => ({
    status: 'success',
    runnerId: 31,
    durationSeconds: 49.5,
    ...overrides,
  })

  test.each<[string, Partial<Claim>, boolean]>([
    ['are the same', {}, true],
    ['differ in status', { status: 'failed' }, false],
    ['differ in runner', { runnerId: 32 }, false],
    ['round the duration differently', { durationSeconds: 50 }, true],
    ['are exactly a second apart', { durationSeconds: 50.5 }, true],
    ['are more than a second apart', { durationSeconds: 50.501 }, false],
    ['are more than a second apart the other way', { durationSeconds: 48.4 }, false],
  ])('that %s', (_, overrides, expected) => {
    expect(agree(claim(), claim(overrides))).toBe(expected)
    expect(agree(claim(overrides), claim())).toBe(expected)
  })

  test('agree when what one says the other does not know', () => {
    const keys = ['status', 'runnerId', 'durationSeconds'] as const
    for (const key of keys) {
      const silent = claim({ [key]: null })
      expect(agree(silent, claim({ status: key === 'status' ? 'failed' : 'success' }))).toBe(true)
      expect(agree(claim({ runnerId: key === 'runnerId' ? 99 : 31 }), silent)).toBe(true)
      expect(agree(claim({ durationSeconds: key === 'durationSeconds' ? 9999 : 49.5 }), silent)).toBe(true)
    }
  })

  test('are known by the event and what they say, so that a repeated disagreement is the same one', () => {
    const key = (overrides: Partial<Claim>, eventId = 'a') => disagreementKey(eventId, claim(overrides))
    const { status, runnerId, durationSeconds } = claim()
    expect(disagreementKey('a', { durationSeconds, runnerId, status })).toBe(key({}))
    const others = [{ status: null }, { runnerId: null }, { durationSeconds: null }, { durationSeconds: 31 }]
    expect(new Set([key({}), key({}, 'b'), ...others.map((other) => key(other))]).size).toBe(6)
  })

  // 8.3 - 7.3 is 1.0000000000000009 in floating point.
  test('agree when they are exactly a second apart, whatever the fractions', () => {
    expect(agree(claim({ durationSeconds: 8.3 }), claim({ durationSeconds: 7.3 }))).toBe(true)
  })
})

test('the shards of a parallel job are the same job, other numbers are part of its name', () => {
  expect(jobKeyOf(42, 'rspec 3/8')).toBe('42/rspec')
  expect(jobKeyOf('group/app', 'rspec 3/8')).toBe('group/app/rspec')
  expect(jobKeyOf(42, 'build: [amd64, 2/3]')).toBe('42/build: [amd64, 2/3]')
  expect(jobKeyOf(42, 'deploy 2')).toBe('42/deploy 2')
  expect(jobKeyOf(42, '3/8')).toBe('42/3/8')
})
