/** The ways out of a SELECT that BigQuery has of its own: to other datasets, out of money, time and memory. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConfigError, InvalidInputError } from '../../shared/errors.ts'
import { playedBigquery } from '../support/bigquery.ts'

let played: Awaited<ReturnType<typeof playedBigquery>>
beforeAll(async () => {
  played = await playedBigquery({ whenDone: afterAll })
  await played.schema.define('CREATE SCHEMA secrets')
  await played.schema.define('CREATE TABLE secrets.salaries (name STRING, eur INT64)')
})

/** What the refusal says; fails when there is none. */
async function refusalOf(answer: Promise<unknown>): Promise<string> {
  const refusal = await answer.catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(InvalidInputError)
  return (refusal as Error).message
}

describe('a select stays in the dataset', () => {
  test.each([
    'SELECT * FROM secrets.salaries',
    'SELECT * FROM `played-project.secrets.salaries`'.replace('played-project.', ''),
    'SELECT COUNT(*) FROM ci_metrics.resets WHERE reason IN (SELECT name FROM secrets.salaries)',
    'WITH resets AS (SELECT * FROM secrets.salaries) SELECT * FROM resets',
  ])('%s', async (sql) => {
    expect(await refusalOf(played.warehouse.select(sql))).toContain('not played-project.secrets.salaries')
  })

  test.each([
    "SELECT * FROM EXTERNAL_QUERY('eu.mine', 'SELECT * FROM customers')",
    'SELECT * FROM ci_metrics.INFORMATION_SCHEMA.TABLES',
    'SELECT query FROM `region-eu`.information_schema.JOBS',
  ])('%s', async (sql) => {
    const before = played.fake.requests.length
    expect(await refusalOf(played.warehouse.select(sql))).toMatch(/leads out of ci_metrics/i)
    expect(played.fake.requests.length).toBe(before)
  })
})

test('a select that would read too much is refused, the product’s own SQL is not', async () => {
  const { fake, warehouse } = await playedBigquery({ bytesProcessed: 11 * 2 ** 30 })
  expect(await refusalOf(warehouse.select('SELECT * FROM ci_metrics.resets'))).toContain('bytes billed')
  expect(await warehouse.query('SELECT * FROM ci_metrics.resets')).toEqual([])
  expect(fake.requests.length).toBeGreaterThan(0)
})

test('a select that takes too long is refused, and not tried again', async () => {
  const { fake, warehouse } = played
  // The first job is the dry run's.
  fake.faults.add({
    on: 'POST /jobs',
    how: { reason: 'stopped', message: 'Job timed out after 60 sec' },
    every: 2,
  })
  const before = fake.requests.length
  expect(await refusalOf(warehouse.select('SELECT 1 AS one'))).toContain('timed out')
  expect(fake.requests.slice(before).filter(({ method }) => method === 'POST')).toHaveLength(2)
})

test('a select has at most 100,000 rows', async () => {
  const { warehouse } = played
  expect(await warehouse.select('SELECT * FROM RANGE(100000) AS r(n)')).toHaveLength(100_000)
  expect(await refusalOf(warehouse.select('SELECT * FROM RANGE(100001) AS r(n)'))).toContain(
    'more than 100000 rows',
  )
})

test('who may begin no job is told what is missing', async () => {
  const { fake, warehouse } = played
  const message =
    'Access Denied: User does not have bigquery.jobs.create permission in project played-project.'
  fake.faults.add({ on: 'POST /jobs', how: { status: 403, reason: 'accessDenied', message } })
  const refusal = await warehouse.select('SELECT 1 AS one').catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(ConfigError)
  expect((refusal as Error).message).toContain('roles/bigquery.jobUser')
})
