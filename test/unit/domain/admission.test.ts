import { describe, expect, test } from 'vitest'
import { type AdmissionContext, admit } from '../../../shared/domain/admission.ts'
import type { JobEvent, Witness } from '../../../shared/domain/event.ts'
import {
  armOf,
  DAY,
  fleetWith,
  HOUR,
  INSTANCE,
  MINUTE,
  NOON,
  WINDOW,
  witnessOf,
} from '../../support/builders.ts'

const fleet = fleetWith(armOf({ name: 'a', id: 1, costPerHourEur: 0.07 }), armOf({ name: 'b' }))

function admissionOf(witness: Partial<Witness>, context: Partial<AdmissionContext> = {}) {
  return admit(witnessOf(witness), {
    instance: INSTANCE,
    source: 'webhook',
    receivedAt: NOON + MINUTE,
    fleet,
    lateAfterMs: WINDOW,
    unmanagedArms: new Set(),
    maxUnmanagedArms: 5,
    ...context,
  })
}

function admitted(witness: Partial<Witness>, context: Partial<AdmissionContext> = {}): JobEvent {
  const admission = admissionOf(witness, context)
  if (admission.status !== 'admitted') throw new Error(admission.reason)
  return admission.event
}

describe('an admitted event', () => {
  test('carries what the witness said, who received it when, and the arm and cost of its runner', () => {
    const { runner, ...facts } = witnessOf({ jobName: 'unit 1/2' })
    expect(runner).not.toBeNull()
    expect(admitted({ jobName: 'unit 1/2', runner: { id: 1, description: 'x', tags: ['t'] } })).toEqual({
      ...facts,
      eventId: 'gitlab.example.com/42/1/job.finished',
      instance: 'gitlab.example.com',
      source: 'webhook',
      occurredAt: NOON,
      receivedAt: NOON + MINUTE,
      jobKey: '42/unit',
      runnerId: 1,
      runnerDescription: 'x',
      runnerTags: ['t'],
      idempotencyKey: null,
      arm: 'a',
      unmanaged: false,
      costPerHourEur: 0.07,
      late: false,
      conflicting: false,
    })
  })

  test('has no arm, no cost and no tags when no runner had the job', () => {
    expect(admitted({ runner: null })).toMatchObject({
      runnerId: null,
      runnerDescription: null,
      runnerTags: [],
      arm: null,
      unmanaged: false,
      costPerHourEur: 0,
    })
  })
})

describe('when a fact happened', () => {
  const received = NOON + MINUTE
  const silent = { createdAt: null, startedAt: null, finishedAt: null, durationSeconds: null }
  const unended = { status: null, finishedAt: null, durationSeconds: null }

  test.each<[string, Partial<Witness>, number, number]>([
    ['queued: its creation', { kind: 'job.queued', ...unended }, NOON - 2 * MINUTE, NOON - 2 * MINUTE],
    ['queued without any time', { ...silent, kind: 'job.queued', status: null }, received, received],
    ['started: its start', { kind: 'job.started', ...unended }, NOON - MINUTE, NOON - MINUTE],
    [
      'started without a start',
      { ...silent, kind: 'job.started', status: null, createdAt: NOON - HOUR },
      received,
      NOON - HOUR,
    ],
    ['finished: its finish', {}, NOON, NOON],
    [
      'finished without a finish: start and duration',
      { ...silent, startedAt: NOON - HOUR, durationSeconds: 90.25 },
      NOON - HOUR + 90_250,
      NOON - HOUR + 90_250,
    ],
    ['finished with a start only', { ...silent, startedAt: NOON - HOUR }, received, NOON - HOUR],
    ['finished with a creation only', { ...silent, createdAt: NOON - DAY }, received, NOON - DAY],
    ['finished without any time', silent, received, received],
  ])('%s', (_, witness, live, replayed) => {
    expect(admitted(witness).occurredAt).toBe(live)
    expect(admitted(witness, { source: 'replay' }).occurredAt).toBe(replayed)
  })
})

describe('a runner that fleet.yaml does not describe', () => {
  const unmanaged = (id: number, description: string, context: Partial<AdmissionContext> = {}) =>
    admissionOf({ runner: { id, description, tags: [] } }, context)
  const armed = (id: number, description: string) => admitted({ runner: { id, description, tags: [] } })

  test('is an unmanaged arm named after its description, one for all ids of that description', () => {
    expect(armed(501, 'autoscaled')).toMatchObject({ arm: 'autoscaled', unmanaged: true, costPerHourEur: 0 })
    expect(armed(502, 'autoscaled').arm).toBe('autoscaled')
  })

  test('is named after its id when its description is blank', () => {
    expect(armed(501, '').arm).toBe('runner 501')
    expect(armed(501, ' \t').arm).toBe('runner 501')
  })

  test('never passes for the managed arm of the same name', () => {
    const pool = { ...armOf({ name: 'member' }), id: 'pool' }
    const event = admitted({ runner: { id: 501, description: 'pool', tags: [] } }, { fleet: fleetWith(pool) })
    expect(event).toMatchObject({ arm: 'pool (unmanaged)', unmanaged: true })
  })

  test('is admitted as long as there is room for another arm, and afterwards when its arm is known', () => {
    const full = { unmanagedArms: new Set(['old', 'older']), maxUnmanagedArms: 2 }
    expect(unmanaged(9, 'new', { ...full, maxUnmanagedArms: 3 }).status).toBe('admitted')
    expect(unmanaged(9, 'old', full).status).toBe('admitted')
    expect(unmanaged(9, 'new', full)).toEqual({
      status: 'quarantined',
      code: 'too_many_unmanaged_arms',
      reason: 'More than 2 runners are not described in fleet.yaml.',
    })
    expect(unmanaged(9, 'new', { maxUnmanagedArms: 0 }).status).toBe('quarantined')
    expect(unmanaged(9, 'b', { ...full, maxUnmanagedArms: 0 }).status).toBe('admitted')
    expect(admissionOf({ runner: null }, { ...full, maxUnmanagedArms: 0 }).status).toBe('admitted')
  })
})
