/** What doctor makes of what it found on Google Cloud. */
import { describe, expect, test } from 'vitest'
import { clockVerdict, ingestVerdict, recommendVerdict } from '../../../functions/cloud/doctor/addresses.ts'
import { bucketVerdict, rightsVerdict } from '../../../functions/cloud/doctor/bucket.ts'
import { unseen } from '../../../functions/cloud/doctor/seen.ts'
import { holdVerdict, type StateFacts, stateVerdict } from '../../../functions/cloud/doctor/state.ts'
import { datasetVerdict, deadLettersVerdict } from '../../../functions/cloud/doctor/tables.ts'
import { ConfigError, TransientError } from '../../../shared/errors.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const MINUTE_MS = 60_000

describe('the state', () => {
  const lagOf = (unlearned: number, unlogged = 0, minutes = 0) => ({
    value: { unlearned, unlogged, oldestUnlearnedAt: unlearned === 0 ? null : NOW - minutes * MINUTE_MS },
  })
  const contentWith = (lag: object) => ({
    value: { isOlder: false, generation: '17', updatedAt: NOW - 3 * MINUTE_MS, observations: 12, lag },
  })
  const facts = (content: object, other: object = {}) =>
    ({ now: NOW, shards: 1, layout: { shards: 1 }, objects: [], content, ...other }) as StateFacts
  const judge = (lag: object) => stateVerdict(facts(contentWith(lag)))

  test('is well as in the log, and with events on their way to it', () => {
    expect(judge({ value: null })).toEqual({
      status: 'OK',
      finding: '12 observations in 1 shard, written 3 min ago, generation 17, as in the log',
    })
    expect(judge(lagOf(5, 0, 9))).toMatchObject({
      status: 'OK',
      finding: expect.stringMatching(/; 5 not learned yet$/),
    })
  })

  test('is told of when learn or the log lags, and fails when none does and they differ', () => {
    expect(judge(lagOf(5, 0, 11))).toMatchObject({
      status: 'Warning',
      finding: expect.stringMatching(/5 not learned yet, the oldest for 11 min/),
    })
    expect(judge(lagOf(0, 2))).toMatchObject({
      status: 'Warning',
      finding: expect.stringMatching(/the log lacks 2 events/),
    })
    expect(judge(lagOf(0))).toMatchObject({ status: 'Failed', mend: 'npx runner-bandit rebuild' })
    expect(judge({ error: new TransientError('too long') })).toMatchObject({ status: 'Warning' })
  })

  test('in another number of shards fails, whatever else it is', () => {
    expect(stateVerdict(facts(contentWith({ value: null }), { layout: { shards: 4 } }))).toMatchObject({
      status: 'Failed',
      finding: 'it has 4 shards, and BANDIT_STATE_SHARDS says 1',
    })
  })

  test('is held, sealed or being divided, or free', () => {
    const object = { name: 'bandit_state.json', generation: '1', heldUntil: null, isSealed: false }
    const held = (change: object, layout: object | null = null) =>
      holdVerdict(facts({}, { layout, objects: [object, { ...object, ...change }] }))
    expect(held({})).toMatchObject({ status: 'OK' })
    expect(held({ heldUntil: NOW - 1 })).toMatchObject({ status: 'OK' })
    expect(held({ heldUntil: NOW + MINUTE_MS })).toMatchObject({
      status: 'Warning',
      finding: expect.stringMatching(/until 2026-11-21T12:01:00.000Z/),
    })
    expect(held({ isSealed: true })).toMatchObject({ status: 'Failed' })
    expect(held({}, { shards: 1, change: { to: 3, id: 'x' } })).toMatchObject({
      status: 'Warning',
      mend: expect.stringMatching(/^npx runner-bandit reshard --shards 3 /),
    })
  })
})

describe('the bucket', () => {
  const wanted = ['storage.objects.get', 'storage.objects.list', 'storage.objects.create']

  test('has to keep versions; who may not see that is told whom to ask', () => {
    const of = (settings: { location: string; isVersioned: boolean } | null) =>
      bucketVerdict({ settings, wanted, granted: wanted }, 'b').status
    expect(of({ location: 'EU', isVersioned: true })).toBe('OK')
    expect(of({ location: 'EU', isVersioned: false })).toBe('Failed')
    expect(of(null)).toBe('Warning')
  })

  test('may be looked at without being written to', () => {
    const rights = (...granted: string[]) => rightsVerdict({ settings: null, wanted, granted }, 'b')
    expect(rights(...wanted).status).toBe('OK')
    expect(rights(...wanted.slice(0, 2))).toMatchObject({
      status: 'Warning',
      finding: expect.stringMatching(/storage\.objects\.create$/),
    })
    expect(rights('storage.objects.get')).toMatchObject({ status: 'Failed' })
  })
})

describe('the dataset', () => {
  test('that is not there, or cannot be asked, fails', () => {
    const tables = { error: new ConfigError('BigQuery refuses') }
    expect(datasetVerdict({ present: { value: null }, tables })).toMatchObject({
      status: 'Failed',
      finding: expect.stringMatching(/^not done: create dataset ci_metrics, create table /),
    })
    const table = { name: 'job_events', isView: true, columns: [], partitionBy: null }
    expect(datasetVerdict({ present: { value: [table] }, tables })).toMatchObject({
      status: 'Failed',
      finding: expect.stringMatching(/job_events is a view, and should be a table/),
    })
    expect(datasetVerdict({ present: tables, tables }).finding).toBe('BigQuery refuses')
  })

  test('dead letters are worth a warning, and so is that nobody may count them', () => {
    expect(deadLettersVerdict({ value: 0 }).status).toBe('OK')
    expect(deadLettersVerdict({ value: 20 })).toMatchObject({
      status: 'Warning',
      finding: expect.stringMatching(/^at least 20 messages/),
    })
    expect(deadLettersVerdict({ error: new ConfigError('refused') })).toMatchObject({
      status: 'Warning',
      finding: 'refused',
    })
  })
})

describe('what answers', () => {
  test('a clock may be five minutes off; of two that agree it is the third that is wrong', () => {
    const minutes = (storage: number | null, gitlab: number | null) =>
      clockVerdict({
        'Cloud Storage': storage && storage * MINUTE_MS,
        GitLab: gitlab && gitlab * MINUTE_MS,
      })
    expect(minutes(4, -4).status).toBe('OK')
    expect(minutes(6, 6)).toMatchObject({
      status: 'Failed',
      finding: 'it is 6 min behind that of Cloud Storage, 6 min behind that of GitLab',
      mend: expect.stringMatching(/^timedatectl/),
    })
    expect(minutes(0.1, -9)).toMatchObject({
      status: 'Failed',
      mend: expect.stringMatching(/^Set the clock of GitLab/),
    })
    expect(minutes(null, 6)).toMatchObject({ status: 'Failed' })
    expect(minutes(null, null).status).toBe('Skipped')
  })

  test.each([
    [null, 'Failed'],
    [{ status: 200, body: '{"ready":true,"state":{"age_seconds":5}}' }, 'OK'],
    [{ status: 200, body: '{"ready":true,"state":{"age_seconds":null}}' }, 'OK'],
    [{ status: 503, body: '{"ready":false,"state":{"age_seconds":null}}' }, 'Warning'],
    [{ status: 503, body: 'Service Unavailable' }, 'Failed'],
    [{ status: 200, body: '<html>' }, 'Failed'],
    [{ status: 404, body: '' }, 'Failed'],
    [{ status: 403, body: '' }, 'Failed'],
  ])('recommend that answers %j: %s', (answer, status) => {
    expect(recommendVerdict(answer, 'https://r.example').status).toBe(status)
  })

  test.each([
    [401, 'OK'],
    [200, 'Failed'],
    [202, 'Failed'],
    [403, 'Failed'],
    [404, 'Failed'],
    [500, 'Failed'],
  ])('ingest that answers %i to a webhook without a token: %s', (status, verdict) => {
    expect(ingestVerdict({ status, body: '' }, 'https://i.example').status).toBe(verdict)
  })

  test('what cannot be looked at fails with its own words', () => {
    expect(unseen(new TransientError('no answer'))).toMatchObject({ status: 'Failed', finding: 'no answer' })
    expect(unseen(new Error('odd')).finding).toBe('it cannot be understood (odd)')
  })
})
