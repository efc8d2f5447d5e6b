import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readWebhook } from '../../../shared/schema/webhook.ts'

/** The reading of a body that tells of one thing. */
function readOne(body: unknown) {
  const readings = readWebhook(body)
  expect(readings).toHaveLength(1)
  return readings[0]
}

/** Bodies in the forms of several GitLab generations, written by hand. */
const folder = join(import.meta.dirname, '../../fixtures/gitlab')
const body = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))

describe('a job hook', () => {
  test('takes its duration from its times when it does not say', () => {
    const { build_duration: _, ...silent } = body('15.8-success')
    expect(readOne(silent)).toHaveProperty('witness.durationSeconds', 49)
    expect(readOne({ ...silent, build_started_at: null })).toHaveProperty('witness.durationSeconds', null)
    expect(readOne({ ...silent, build_duration: 0 })).toHaveProperty('witness.durationSeconds', null)
  })

  test('has half a character replaced, which stores would replace each in its own way', () => {
    const halved = { ...body('15.8-success'), build_name: 'half \ud83d' }
    expect(readOne(halved)).toHaveProperty('witness.jobName', 'half \ufffd')
  })

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['without a project', { project_id: undefined }, /^project_id: /],
    ['without a name', { build_name: '' }, /^build_name: /],
    ['with an id that is no whole number', { build_id: 1.5 }, /^build_id: /],
    ['with an id beyond 2^53', { build_id: 2 ** 53 }, /^build_id: /],
    ['with a duration that is no number', { build_duration: '1,5' }, /^build_duration: /],
    ['with a negative duration', { build_duration: -1 }, /^build_duration: /],
    [
      'with a date that no calendar has',
      { build_finished_at: '2026-02-30 09:00:00 UTC' },
      /not a date: "2026-02-30/,
    ],
    ['with a runner that is no object', { runner: 'Mac' }, /^runner: /],
    ['with two faults, named both', { project_id: 'x', build_id: 'y' }, /build_id: .*; project_id: /],
  ])('%s is quarantined, and the reason names it', (_, change, reason) => {
    expect(readOne({ ...body('15.8-success'), ...change })).toEqual({
      status: 'quarantined',
      code: 'invalid_job',
      reason: expect.stringMatching(reason),
      kept: expect.any(Function),
    })
  })
})

describe('another body', () => {
  test.each([
    ['push', 'ignored', 'other_kind', 'A "push" hook tells of no jobs.'],
    ['19.x-created', 'ignored', 'other_status', 'The job status "created" makes no event.'],
    ['custom-template', 'quarantined', 'no_kind', 'The body has no object_kind.'],
  ])('%s is %s', (name, status, code, reason) => {
    expect(readOne(body(name))).toMatchObject({ status, code, reason })
  })

  test.each([
    'created',
    'preparing',
    'manual',
    'skipped',
    'scheduled',
    'canceling',
    'waiting_for_resource',
    'new',
  ])('with the status %s makes no event', (status) => {
    expect(readOne({ ...body('15.8-success'), build_status: status })).toHaveProperty('code', 'other_status')
  })

  test('of whatever JSON is answered and never throws', () => {
    const anyBody = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom(...Object.keys(body('19.x-success'))), fc.jsonValue()).map((changes) => ({
        ...body('19.x-success'),
        ...changes,
      })),
    )
    fc.assert(
      fc.property(anyBody, (value) => {
        for (const { status } of readWebhook(value)) {
          expect(['witness', 'ignored', 'quarantined']).toContain(status)
        }
      }),
      { numRuns: 500 },
    )
  })
})
