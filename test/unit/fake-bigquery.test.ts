/** The fake of BigQuery is as strict as what it stands for; asked here without the client. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { playedBigquery } from '../support/bigquery.ts'

const row = (changes: object = {}) => ({
  reset_id: 'r',
  reset_at: '2026-03-01T00:00:00.000Z',
  state_generation: '0',
  state_observations: 0,
  ...changes,
})

type ApiAnswer = { status: number; body: Record<string, unknown> }

async function ask(base: string, method: string, path: string, body?: object): Promise<ApiAnswer> {
  const answer = await fetch(`${base}/bigquery/v2/projects/played-project${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  return { status: answer.status, body: (await answer.json()) as ApiAnswer['body'] }
}

async function played(options: Parameters<typeof playedBigquery>[0] = {}) {
  const { fake } = await playedBigquery(options)
  const insert = (rows: object[], more: object = {}) =>
    ask(fake.url, 'POST', '/datasets/ci_metrics/tables/resets/insertAll', { rows, ...more })
  const job = (query: object, more: object = {}) =>
    ask(fake.url, 'POST', '/jobs', { configuration: { query: { useLegacySql: false, ...query } }, ...more })
  return { fake, insert, job }
}

/** For tests that leave nothing behind. */
let common: Awaited<ReturnType<typeof played>>
beforeAll(async () => {
  common = await played({ whenDone: afterAll })
})

const COUNT = 'SELECT COUNT(*) AS n FROM ci_metrics.resets'

test('one row that is wrong keeps all of its request out, and is the only one to blame', async () => {
  const { insert, job } = await played()
  const { status, body } = await insert([
    { json: row() },
    { json: row({ state_observations: 1.5 }) },
    { json: row({ mood: 'good' }) },
  ])
  expect(status).toBe(200)
  const errors = body.insertErrors as { index: number; errors: { reason: string; location: string }[] }[]
  expect(errors.map(({ index, errors: [error] }) => [index, error?.reason, error?.location])).toEqual([
    [0, 'stopped', ''],
    [1, 'invalid', 'state_observations'],
    [2, 'invalid', 'mood'],
  ])
  const counted = await job({ query: COUNT }, { jobReference: { jobId: 'counting' } })
  expect(counted.status).toBe(200)
})

test.each<[string, object]>([
  ['text for a number', { state_observations: 'many' }],
  ['a number for text', { reset_id: 1 }],
  ['no value where one is required', { reset_id: null }],
  ['a day that is none', { reset_at: '2026-13-01T00:00:00Z' }],
  ['a day more than ten years ago', { reset_at: '2009-01-01T00:00:00Z' }],
  ['a day more than a year ahead', { reset_at: '2099-01-01T00:00:00Z' }],
])('refuses %s', async (_what, changes) => {
  expect((await common.insert([{ json: row(changes) }])).body.insertErrors).toHaveLength(1)
})

test('an insertId keeps no row from coming twice', async () => {
  const { fake, insert } = await played()
  for (let times = 0; times < 2; times += 1) await insert([{ insertId: 'same', json: row() }])
  const { body } = await ask(fake.url, 'POST', '/queries', { query: COUNT, useLegacySql: false })
  expect(body.rows).toEqual([{ f: [{ v: '2' }] }])
})

test.each<[string, (asked: Awaited<ReturnType<typeof played>>) => Promise<ApiAnswer>, number, string]>([
  ['501 rows', ({ insert }) => insert(Array(501).fill({ json: row() })), 400, 'too many rows'],
  ['no rows', ({ insert }) => insert([]), 400, 'No rows'],
  [
    'a key that the API does not have',
    ({ insert }) => insert([{ json: row() }], { types: {} }),
    400,
    'Unknown name',
  ],
  [
    'more than 10 MB',
    ({ insert }) => insert([{ json: row({ reason: 'x'.repeat(10.5e6) }) }]),
    413,
    'too large',
  ],
  [
    'a table that is not there',
    ({ fake }) =>
      ask(fake.url, 'POST', '/datasets/ci_metrics/tables/nothing/insertAll', { rows: [{ json: {} }] }),
    404,
    'Not found: Table played-project:ci_metrics.nothing',
  ],
  ['legacy SQL', ({ job }) => job({ query: 'SELECT 1', useLegacySql: true }), 200, 'legacy SQL'],
  [
    'another location',
    ({ job }) => job({ query: 'SELECT 1' }, { jobReference: { location: 'US' } }),
    404,
    'location US',
  ],
  [
    'a parameter that is not given',
    ({ job }) => job({ query: 'SELECT @a' }),
    200,
    "Query parameter 'a' not found",
  ],
])('refuses %s', async (_what, asking, status, reason) => {
  const answer = await asking(common)
  expect(answer.status).toBe(status)
  expect(JSON.stringify(answer.body)).toContain(reason)
})

test('a job has its name once', async () => {
  const { job } = common
  const begun = () => job({ query: 'SELECT 1' }, { jobReference: { jobId: 'mine' } })
  expect((await begun()).status).toBe(200)
  const again = await begun()
  expect(again.status).toBe(409)
  expect(JSON.stringify(again.body)).toContain('duplicate')
})

test('a text in a query that looks like a parameter stays a text', async () => {
  const { body } = await ask(common.fake.url, 'POST', '/queries', {
    query: "SELECT 'ci@example.com' AS a",
    useLegacySql: false,
  })
  expect(body.rows).toEqual([{ f: [{ v: 'ci@example.com' }] }])
})

test('tables can be made, listed and given columns by the API alone', async () => {
  const { fake } = await played({ bare: true })
  await ask(fake.url, 'POST', '/datasets', { datasetReference: { datasetId: 'mine' } })
  const fields = [{ name: 'at', type: 'TIMESTAMP', mode: 'REQUIRED', description: 'When "it" was.' }]
  const made = {
    tableReference: { tableId: 't' },
    schema: { fields },
    timePartitioning: { type: 'DAY', field: 'at' },
  }
  expect((await ask(fake.url, 'POST', '/datasets/mine/tables', made)).body.schema).toEqual({ fields })
  expect((await ask(fake.url, 'POST', '/datasets/mine/tables', made)).status).toBe(409)
  const more = [...fields, { name: 'n', type: 'INTEGER', mode: 'NULLABLE' }]
  await ask(fake.url, 'PATCH', '/datasets/mine/tables/t', { schema: { fields: more } })
  expect((await ask(fake.url, 'GET', '/datasets/mine/tables/t')).body.schema).toEqual({ fields: more })
  const required = [...more, { name: 'm', type: 'INTEGER', mode: 'REQUIRED' }]
  expect(
    (await ask(fake.url, 'PATCH', '/datasets/mine/tables/t', { schema: { fields: required } })).status,
  ).toBe(400)
  expect((await ask(fake.url, 'GET', '/datasets/mine/tables')).body.totalItems).toBe(1)
})

test('views read views, and what they say changes with the rows and with a new text', async () => {
  const { fake, insert, job } = await played()
  const rowsOf = async (query: string) =>
    (await ask(fake.url, 'POST', '/queries', { query, useLegacySql: false })).body.rows
  const make = (name: string, select: string) => job({ query: `CREATE OR REPLACE VIEW ${name} AS ${select}` })
  await make('ci_metrics.generations', 'SELECT DISTINCT state_generation AS g FROM ci_metrics.resets')
  await make('ci_metrics.counted', 'SELECT COUNT(*) AS n FROM `ci_metrics.generations`')
  const count = 'SELECT n FROM ci_metrics.counted'
  expect(await rowsOf(count)).toEqual([{ f: [{ v: '0' }] }])
  await insert([{ json: row() }, { json: row() }, { json: row({ state_generation: '1' }) }])
  expect(await rowsOf(count)).toEqual([{ f: [{ v: '2' }] }])
  const copied = async () => {
    await make('ci_metrics.copied', 'SELECT g FROM ci_metrics.generations')
    const { schema } = (await ask(fake.url, 'GET', '/datasets/ci_metrics/tables/copied')).body
    return (schema as { fields: { type: string }[] }).fields.map(({ type }) => type)
  }
  expect(await copied()).toEqual(['STRING'])
  await make('ci_metrics.generations', 'SELECT 1.5 AS g')
  expect(await rowsOf(count)).toEqual([{ f: [{ v: '1' }] }])
  expect(await copied()).toEqual(['FLOAT'])
})

test('a view takes neither rows nor columns, loses none, and has no columns of other names', async () => {
  const { fake, job } = await played()
  const view = 'ci_metrics.job_event_log'
  const refusals = [
    await job({ query: `DELETE FROM ${view} WHERE TRUE` }),
    await job({ query: `ALTER TABLE ${view} ADD COLUMN n INT64` }),
    await job({ query: `CREATE VIEW ci_metrics.mine (a) AS SELECT job_id FROM ${view}` }),
    await job({ query: `CREATE VIEW ci_metrics.mine AS SELECT nothing FROM ${view}` }),
  ]
  const failed = refusals.map(({ body }) => (body.status as { errorResult?: object }).errorResult)
  expect(failed).toEqual(Array(refusals.length).fill(expect.objectContaining({ reason: 'invalidQuery' })))
  const rows = [{ json: {} }]
  const inserted = await ask(fake.url, 'POST', '/datasets/ci_metrics/tables/job_event_log/insertAll', {
    rows,
  })
  expect(inserted.status).toBe(400)
})

test('as a process it says where it is, and takes faults on command', async () => {
  const main = join(import.meta.dirname, '../support/fake-bigquery/main.ts')
  const child = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill())
  const [line] = await once(child.stdout, 'data')
  const url = String(line).trim()
  const fault = { on: 'POST /queries', how: { status: 503, reason: 'backendError' } }
  await fetch(`${url}/faults`, { method: 'POST', body: JSON.stringify(fault) })
  const query = () => ask(url, 'POST', '/queries', { query: 'SELECT 1 AS one', useLegacySql: false })
  expect((await query()).status).toBe(503)
  expect((await query()).body.rows).toEqual([{ f: [{ v: '1' }] }])
})
