/** Inserts into BigQuery: cut into requests, tried again, and what is said of those that cannot be. */
import { expect, test } from 'vitest'
import { openBigquery } from '../../shared/adapters/gcp/bigquery.ts'
import { afterRefusedRows } from '../../shared/adapters/gcp/bigquery-rows.ts'
import { ConfigError, InvalidInputError, TransientError } from '../../shared/errors.ts'
import { playedBigquery } from '../support/bigquery.ts'
import { eventRow, quarantineRow } from './warehouse.harness.ts'

const COUNT = 'SELECT COUNT(*) AS n FROM ci_metrics.quarantine'
const rowsNamed = (count: number, changes = {}) =>
  Array.from({ length: count }, (_, index) => quarantineRow(`q${index}`, changes))

const failure = (asked: Promise<unknown>) =>
  asked.then(
    () => new Error('nothing failed'),
    (error: Error) => error,
  )

type InsertBody = { rows: { json: object; insertId?: string }[] }
const insertsOf = (fake: Awaited<ReturnType<typeof playedBigquery>>['fake']) =>
  fake.requests
    .filter(({ path }) => path.endsWith('/insertAll'))
    .map(({ bytes, body }) => ({ bytes, rows: (body as InsertBody).rows }))

test('rows go in by requests of at most 500, in their order, and none relies on an insertId', async () => {
  const { fake, warehouse } = await playedBigquery()
  await warehouse.insert('quarantine', rowsNamed(1201))
  const inserts = insertsOf(fake)
  expect(inserts.map(({ rows }) => rows.length)).toEqual([500, 500, 201])
  expect(inserts.flatMap(({ rows }) => rows)).toEqual(rowsNamed(1201).map((json) => ({ json })))
})

test('large rows go in by requests of less than 10 MB', async () => {
  const { fake, warehouse } = await playedBigquery()
  // Quotes and Umlauts: what counts are the bytes on the wire.
  await warehouse.insert('quarantine', rowsNamed(100, { payload: '"ß'.repeat(75_000) }))
  const inserts = insertsOf(fake)
  expect(inserts.length).toBeGreaterThan(2)
  expect(Math.max(...inserts.map(({ bytes }) => bytes))).toBeLessThan(10_000_000)
  expect(await warehouse.query(COUNT)).toEqual([{ n: 100 }])
})

test('a row that no request can hold is refused with all others of its call', async () => {
  const { fake, warehouse } = await playedBigquery()
  const rows = [...rowsNamed(600), quarantineRow('long', { payload: 'x'.repeat(9_000_001) })]
  const refusal = await failure(warehouse.insert('quarantine', rows))
  expect(refusal).toBeInstanceOf(InvalidInputError)
  expect(refusal.message).toMatch(/^row 601 of 601 for quarantine: it has 90\d+ bytes/)
  expect(insertsOf(fake)).toEqual([])
})

test('a number that JSON has no word for is refused, and no NULL is written for it', async () => {
  const { warehouse } = await playedBigquery()
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const refusal = await failure(warehouse.insert('job_events', [eventRow(1, { queued_seconds: value })]))
    expect(refusal).toBeInstanceOf(InvalidInputError)
    expect(refusal.message).toContain('queued_seconds')
  }
})

test.each([
  ['a server that is not there for a moment', { status: 503, reason: 'backendError' }],
  ['an internal error', { status: 500, reason: 'internalError' }],
  ['too many requests', { status: 429, reason: 'rateLimitExceeded' }],
  ['a rate that BigQuery refuses as forbidden', { status: 403, reason: 'rateLimitExceeded' }],
  ['a connection that breaks', 'reset' as const],
])('%s is tried again', async (_what, how) => {
  const { fake, warehouse } = await playedBigquery()
  fake.faults.add({ on: 'POST /insertAll', how, times: 3 })
  await warehouse.insert('quarantine', rowsNamed(3))
  expect(await warehouse.query(COUNT)).toEqual([{ n: 3 }])
})

test.each([
  ['503', { status: 503, reason: 'backendError' }],
  ['a quota that is used up', { status: 403, reason: 'quotaExceeded' }],
  ['a connection that breaks', 'reset' as const],
])('%s again and again is a TransientError that says so', async (_what, how) => {
  const { fake, warehouse } = await playedBigquery()
  fake.faults.add({ on: 'POST /insertAll', how, times: 100 })
  const refusal = await failure(warehouse.insert('quarantine', rowsNamed(3)))
  expect(refusal).toBeInstanceOf(TransientError)
  expect(refusal.message).toContain('insert into quarantine')
  expect(refusal.cause).toBeInstanceOf(Error)
  fake.faults.clear()
  await warehouse.insert('quarantine', rowsNamed(3))
  expect(await warehouse.query(COUNT)).toEqual([{ n: 3 }])
})

test('a lost answer leaves rows twice in the table, and once in its view', async () => {
  const { fake, warehouse } = await playedBigquery()
  const events = Array.from({ length: 600 }, (_, index) => eventRow(index))
  fake.faults.add({ on: 'POST /insertAll', how: 'lose' })
  await warehouse.insert('job_events', events)
  expect(await warehouse.query('SELECT COUNT(*) AS n FROM ci_metrics.job_events')).toEqual([{ n: 1100 }])
  expect(await warehouse.query('SELECT COUNT(*) AS n FROM ci_metrics.job_event_log')).toEqual([{ n: 600 }])
})

test('a day that BigQuery takes no rows of is refused, with the row, its reason, and all others of its request', async () => {
  const { warehouse } = await playedBigquery()
  const rows = [
    ...rowsNamed(4),
    quarantineRow('future', { received_at: '2099-01-01T00:00:00.000Z' }),
    ...rowsNamed(4),
  ]
  const refusal = await failure(warehouse.insert('quarantine', rows))
  expect(refusal).toBeInstanceOf(InvalidInputError)
  expect(refusal.message).toMatch(/^row 5 of 9 for quarantine: .*date range/)
  expect(await warehouse.query(COUNT)).toEqual([{ n: 0 }])
})

test('rows that were refused for a passing reason are tried again, and are a TransientError in the end', () => {
  const batch = [{ json: {} }, { json: {} }]
  const partial = Object.assign(new Error('partial'), {
    name: 'PartialFailureError',
    errors: batch.map((row, index) => ({
      row,
      errors: [{ reason: ['timeout', 'stopped'][index], message: '' }],
    })),
  })
  expect(afterRefusedRows(partial, 'quarantine', batch)).toBeInstanceOf(TransientError)
})

test('a table that is not there is a fault of the deployment, and says what mends it', async () => {
  const { access, catalogue } = await playedBigquery({ bare: true })
  const refusal = await failure(openBigquery({ ...access, catalogue }).insert('quarantine', rowsNamed(1)))
  expect(refusal).toBeInstanceOf(ConfigError)
  expect(refusal.message).toContain('runner-bandit deploy-sql')
})

test('a table that lacks a column of this version is a fault of the deployment, and not of the row', async () => {
  const { access, catalogue } = await playedBigquery()
  const resets = catalogue.tables.get('resets')
  if (resets === undefined) throw new Error('there is no table resets')
  const column = { name: 'mood', type: 'STRING', mode: 'NULLABLE', description: 'New.' } as const
  const tables = new Map([['resets', { ...resets, columns: [...resets.columns, column] }]])
  const newer = openBigquery({ ...access, catalogue: { ...catalogue, tables } })
  const row = {
    reset_id: 'r',
    reset_at: '2026-03-01T00:00:00.000Z',
    state_generation: '0',
    state_observations: 0,
  }
  const refusal = await failure(newer.insert('resets', [{ ...row, mood: 'good' }]))
  expect(refusal).toBeInstanceOf(ConfigError)
  expect(refusal.message).toMatch(/older than this version.*mood.*deploy-sql/)
})

test('a right that is missing is a fault of the deployment, and names the roles', async () => {
  const { fake, warehouse } = await playedBigquery()
  fake.faults.add({ on: 'POST /insertAll', how: { status: 403, reason: 'accessDenied' } })
  const refusal = await failure(warehouse.insert('quarantine', rowsNamed(1)))
  expect(refusal).toBeInstanceOf(ConfigError)
  expect(refusal.message).toMatch(/roles\/bigquery\.jobUser.*roles\/bigquery\.dataEditor/)
})
