import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AdmissionContext } from '../../../shared/domain/admission.ts'
import { encodeEvent } from '../../../shared/schema/event.ts'
import { type Intake, NOT_JSON, parseBody, takeInAll } from '../../../shared/schema/intake.ts'
import { encodeRow, quarantineRow } from '../../../shared/schema/rows.ts'
import { redactWebhook } from '../../../shared/schema/webhook.ts'
import { fleetWith, INSTANCE, NOON, WINDOW } from '../../support/builders.ts'

const folder = join(import.meta.dirname, '../../fixtures/gitlab')
const fixtures = readdirSync(folder).map((name) => ({ name, bytes: readFileSync(join(folder, name)) }))

const context: AdmissionContext = {
  instance: INSTANCE,
  source: 'webhook',
  receivedAt: NOON,
  fleet: fleetWith(),
  lateAfterMs: WINDOW,
  unmanagedArms: new Set(),
  maxUnmanagedArms: 5,
}
const utf8 = (text: string) => new TextEncoder().encode(text)
/** What becomes of a body that tells of one thing. */
function intakeOf(text: string) {
  const intakes = takeInAll(parseBody(utf8(text)), utf8(text), context)
  expect(intakes).toHaveLength(1)
  return intakes[0] as Intake
}

describe('no users, e-mails, commit texts or variables are kept', () => {
  const PERSONAL = /someone|Tidy the lamp room|GREETING/i

  test.each(fixtures)('of $name', ({ bytes }) => {
    expect(bytes.toString()).toMatch(PERSONAL)
    const body = parseBody(bytes)
    expect(JSON.stringify(redactWebhook(body))).not.toMatch(PERSONAL)
    for (const intake of takeInAll(body, bytes, context)) {
      const stored = intake.status === 'admitted' ? encodeEvent(intake.event) : intake
      expect(JSON.stringify(stored)).not.toMatch(PERSONAL)
    }
  })

  test('not even where an object stands in the place of a plain value', () => {
    const nested = { email: 'someone@example.com' }
    const body = {
      object_kind: 'build',
      build_name: nested,
      sha: [nested],
      runner: { description: nested },
      project: [nested],
    }
    expect(redactWebhook(body).payload).toEqual({
      object_kind: 'build',
      build_name: null,
      sha: [null],
      runner: { description: null },
      project: {},
    })
  })
})

describe('what is set aside', () => {
  test('keeps the legible part of the body, its size and the reason', () => {
    const text = JSON.stringify({
      object_kind: 'build',
      build_status: 'success',
      build_id: 7,
      project_id: 3,
      build_name: '',
    })
    expect(intakeOf(text)).toMatchObject({
      status: 'quarantined',
      record: {
        quarantineId: expect.stringMatching(/^[0-9a-f]{32}$/),
        receivedAt: NOON,
        source: 'webhook',
        code: 'invalid_job',
        projectId: 3,
        jobId: 7,
        bodyBytes: text.length,
        payload:
          '{"object_kind":"build","build_status":"success","build_id":7,"build_name":"","project_id":3}',
      },
    })
  })

  test.each(['', '{', '\ufeff{}', 'not json'])('%j is no JSON', (text) => {
    expect(parseBody(utf8(text)) === NOT_JSON || text.startsWith('\ufeff')).toBe(true)
    expect(intakeOf(text)).toMatchObject({ status: 'quarantined' })
  })

  test('bytes that are no UTF-8 are no JSON', () => {
    expect(parseBody(new Uint8Array([0x22, 0xff, 0x22]))).toBe(NOT_JSON)
  })

  test('has one id for the same body and reason, and another for another', () => {
    const id = (text: string) => {
      const intake = intakeOf(text)
      return intake.status === 'quarantined' ? intake.record.quarantineId : undefined
    }
    expect(id('[1]')).toBe(id('[1]'))
    expect(new Set(['[1]', '[2]', '{}', '{'].map(id)).size).toBe(4)
  })

  test('always makes a row of the table quarantine', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const intake = intakeOf(text)
        if (intake.status !== 'quarantined') return
        expect(encodeRow(quarantineRow, intake.record)).toMatchObject({
          received_at: '2026-03-02T12:00:00.000Z',
        })
      }),
    )
  })
})

test('a job of the future is set aside with the reason of its admission', () => {
  const body = {
    object_kind: 'build',
    build_status: 'success',
    build_id: 7,
    project_id: 3,
    build_name: 'unit',
    build_finished_at: '2026-03-02 12:05:01 UTC',
  }
  expect(intakeOf(JSON.stringify(body))).toMatchObject({
    status: 'quarantined',
    record: { code: 'in_the_future' },
  })
  const inTime = { ...body, build_finished_at: '2026-03-02 12:05:00 UTC' }
  expect(intakeOf(JSON.stringify(inTime))).toMatchObject({
    status: 'admitted',
    event: { occurredAt: NOON + 300_000 },
  })
})
