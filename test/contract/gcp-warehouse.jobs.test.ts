/** Query jobs on BigQuery: begun once, read in pages, and what is said of those that fail. */
import { expect, test } from 'vitest'
import { openBigquery } from '../../shared/adapters/gcp/bigquery.ts'
import { ConfigError, InvalidInputError, TransientError } from '../../shared/errors.ts'
import { playedBigquery } from '../support/bigquery.ts'
import { quarantineRow } from './warehouse.harness.ts'

const IDS = 'SELECT quarantine_id AS id FROM ci_metrics.quarantine ORDER BY id'
const rowsNamed = (count: number) => Array.from({ length: count }, (_, index) => quarantineRow(`q${index}`))

const failure = (asked: Promise<unknown>) =>
  asked.then(
    () => new Error('nothing failed'),
    (error: Error) => error,
  )

test.each([
  ['the answer to its beginning is lost', { on: 'POST /jobs', how: 'lose' as const }],
  ['its results are lost', { on: 'GET /queries/', how: 'lose' as const, times: 2 }],
  [
    'it cannot be begun at once',
    { on: 'POST /jobs', how: { status: 503, reason: 'backendError' }, times: 2 },
  ],
  ['the connection breaks', { on: 'POST /jobs', how: 'reset' as const }],
  [
    'it begins, and fails of BigQuery’s own fault',
    { on: 'POST /jobs', how: { reason: 'jobBackendError' }, times: 2 },
  ],
  [
    'it races with another one',
    {
      on: 'POST /jobs',
      how: {
        reason: 'invalidQuery',
        message: 'Could not serialize access to table due to concurrent update',
      },
    },
  ],
])('a DELETE counts its rows although %s', async (_what, fault) => {
  const { fake, warehouse } = await playedBigquery()
  await warehouse.insert('quarantine', rowsNamed(5))
  fake.faults.add(fault)
  expect(await warehouse.remove('quarantine', 'quarantine_id < @last', { last: 'q3' })).toBe(3)
  expect(await warehouse.query(IDS)).toEqual([{ id: 'q3' }, { id: 'q4' }])
})

test('a DELETE counts its rows although it fails of BigQuery’s own fault while it runs', async () => {
  const { fake, warehouse } = await playedBigquery({ pollsBeforeDone: 1 })
  await warehouse.insert('quarantine', rowsNamed(5))
  fake.faults.add({ on: 'POST /jobs', how: { reason: 'backendError' } })
  expect(await warehouse.remove('quarantine', 'quarantine_id < @last', { last: 'q3' })).toBe(3)
})

test('a DELETE among rows that were just streamed has to wait until they can be deleted', async () => {
  let now = Date.parse('2026-03-02T12:00:00Z')
  const streamingBufferMs = 30 * 60_000
  const { warehouse } = await playedBigquery({ streamingBufferMs, now: () => now })
  await warehouse.insert('quarantine', rowsNamed(2))
  now += streamingBufferMs
  await warehouse.insert('quarantine', [quarantineRow('new')])
  expect(await warehouse.remove('quarantine', "quarantine_id = 'q0'")).toBe(1)
  const refusal = await failure(warehouse.remove('quarantine', 'TRUE'))
  expect(refusal).toBeInstanceOf(TransientError)
  expect(refusal.message).toContain('30 to 90 minutes')
  now += streamingBufferMs
  expect(await warehouse.remove('quarantine', 'TRUE')).toBe(2)
})

test('a stream asks page by page, waits for a job that takes its time, and survives a page that fails', async () => {
  const { fake, warehouse } = await playedBigquery({ maxPageRows: 7, pollsBeforeDone: 2 })
  await warehouse.insert('quarantine', rowsNamed(20))
  fake.faults.add({ on: 'GET /queries/', how: { status: 503, reason: 'backendError' }, every: 3, times: 3 })
  const pages: unknown[][] = []
  for await (const page of warehouse.stream(IDS)) pages.push(page.map(({ id }) => id))
  expect(pages.map((page) => page.length)).toEqual([7, 7, 6])
  expect(pages.flat()).toEqual(
    rowsNamed(20)
      .map(({ quarantine_id: id }) => id)
      .sort(),
  )
  expect(await warehouse.query(IDS)).toHaveLength(20)
  expect(await warehouse.select(IDS)).toHaveLength(20)
})

test('a query that keeps failing of BigQuery’s own fault is a TransientError', async () => {
  const { fake, warehouse } = await playedBigquery()
  fake.faults.add({ on: 'POST /jobs', how: { reason: 'backendError' }, times: 100 })
  const refusal = await failure(warehouse.query(IDS))
  expect(refusal).toBeInstanceOf(TransientError)
})

test('a fault in the product’s own SQL is none of these', async () => {
  const { warehouse } = await playedBigquery()
  const refusal = await failure(warehouse.query('SELECT nothing FROM ci_metrics.quarantine'))
  for (const kind of [ConfigError, InvalidInputError, TransientError])
    expect(refusal).not.toBeInstanceOf(kind)
  expect(refusal.message).toContain('nothing')
})

test('a question of the product that would cost more than some dollars is a fault of the deployment', async () => {
  const { fake, warehouse } = await playedBigquery({ bytesProcessed: 2 ** 40 + 1 })
  const before = fake.requests.length
  const refusal = await failure(warehouse.query(IDS))
  expect(refusal).toBeInstanceOf(ConfigError)
  expect(refusal.message).toContain('RETENTION_DAYS')
  const begun = fake.requests.slice(before).filter(({ method }) => method === 'POST')
  expect(begun).toHaveLength(1)
  const within = await playedBigquery({ bytesProcessed: 2 ** 40 })
  expect(await within.warehouse.query(IDS)).toEqual([])
})

test('every job is begun in the dataset, and a dataset in another place is a fault of the deployment', async () => {
  const { fake, access, catalogue, warehouse } = await playedBigquery()
  await warehouse.query(IDS)
  const begun = fake.requests.findLast(({ method, path }) => method === 'POST' && path.endsWith('/jobs'))
  const defaultDataset = { projectId: fake.projectId, datasetId: 'ci_metrics' }
  expect(begun?.body).toMatchObject({ configuration: { query: { defaultDataset, useLegacySql: false } } })
  const elsewhere = openBigquery({ ...access, catalogue, location: 'US' })
  const refusal = await failure(elsewhere.query(IDS))
  expect(refusal).toBeInstanceOf(ConfigError)
  expect(refusal.message).toContain('location US')
})

test('values come as the local warehouse says them', async () => {
  const { warehouse } = await playedBigquery()
  const sql = `
    SELECT 9007199254740993 AS big, -5 AS small, 1.5 AS price, TRUE AS yes, DATE '2026-01-02' AS day, [1, 2] AS list,
      TIMESTAMP WITH TIME ZONE '2026-01-02 03:04:05.123456+00' AS micros,
      TIMESTAMP WITH TIME ZONE '2026-01-02 03:04:05+00' AS second,
      {'a': 1, 'b': 'x'} AS record, NULL AS nothing`
  expect(await warehouse.query(sql)).toEqual([
    {
      big: '9007199254740993',
      small: -5,
      price: 1.5,
      yes: true,
      day: '2026-01-02',
      list: [1, 2],
      micros: '2026-01-02T03:04:05.123Z',
      second: '2026-01-02T03:04:05.000Z',
      record: { a: 1, b: 'x' },
      nothing: null,
    },
  ])
})

test('closing waits for what runs', async () => {
  const { warehouse } = await playedBigquery()
  let isDone = false
  const inserted = warehouse.insert('quarantine', rowsNamed(1200)).then(() => {
    isDone = true
  })
  await warehouse.close()
  expect(isDone).toBe(true)
  await inserted
  expect(await failure(warehouse.insert('quarantine', rowsNamed(1)))).toBeInstanceOf(TransientError)
})

test.each([
  ['the answer to its beginning is lost', { on: 'POST /jobs', how: 'lose' as const, times: 1 }],
  [
    'every third request fails',
    { on: '/', how: { status: 503, reason: 'backendError' }, every: 3, times: 4 },
  ],
])('a session keeps and tells although %s, and is ended', async (_what, fault) => {
  const { fake, warehouse } = await playedBigquery()
  fake.faults.add(fault)
  const rows = await warehouse.session(async (session) => {
    const kept = await session.keep('kept', 'SELECT 1 AS one')
    return session.query(`SELECT one FROM ${kept}`)
  })
  expect(rows).toEqual([{ one: 1 }])
  const [last] = fake.requests.filter(({ method }) => method === 'POST').slice(-1)
  expect(JSON.stringify(last?.body)).toContain('CALL BQ.ABORT_SESSION()')
})

test('a session that cannot be ended has told all the same', async () => {
  const { fake, warehouse } = await playedBigquery()
  const rows = await warehouse.session(async (session) => {
    const answer = await session.query('SELECT 1 AS one')
    fake.faults.add({ on: 'POST /jobs', how: { status: 403, reason: 'accessDenied' } })
    return answer
  })
  expect(rows).toEqual([{ one: 1 }])
})
