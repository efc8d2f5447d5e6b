/** The ways out of a SELECT that DuckDB has of its own: to files, to settings, out of time and memory. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openDuckdb } from '../../shared/adapters/local/duckdb.ts'
import { InvalidInputError } from '../../shared/errors.ts'
import { loadCatalogue } from '../../shared/runtime/sql.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { quarantineRow } from './warehouse.harness.ts'

const folder = temporaryFolder(afterAll)
let warehouse: Awaited<ReturnType<typeof openDuckdb>>

beforeAll(async () => {
  warehouse = await openDuckdb(join(folder, 'warehouse.duckdb'), loadCatalogue())
  return () => warehouse.close()
})

/** Another one, of other bounds. */
async function bounded(bounds: Parameters<typeof openDuckdb>[2]) {
  const warehouse = await openDuckdb(':memory:', loadCatalogue(), bounds)
  onTestFinished(() => warehouse.close())
  return warehouse
}

/** What the refusal says; fails when there is none. */
async function refusalOf(answer: Promise<unknown>): Promise<string> {
  const refusal = await answer.catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(InvalidInputError)
  return (refusal as Error).message
}

describe('a select reads no file', () => {
  test.each([
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM 'FOLDER/mine.csv'",
    "SELECT * FROM 'http://127.0.0.1:9/mine.csv'",
    "SELECT * FROM query('SELECT 1')",
    "SELECT (SELECT content FROM read_text('/etc/passwd')) AS secret",
    "SELECT 1 WHERE 1 IN (WITH q AS (FROM system.main.read_text('/etc/passwd')) SELECT 1 FROM q)",
    'SELECT * FROM duckdb_secrets()',
  ])('%s', async (sql) => {
    writeFileSync(join(folder, 'mine.csv'), 'a,b\n1,2\n')
    expect(await refusalOf(warehouse.select(sql.replace('FOLDER', folder)))).toMatch(
      /is not taken in FROM|file system operations are disabled|does not exist/,
    )
  })
})

describe('a select writes nothing and sets nothing', () => {
  test.each([
    "COPY ci_metrics.quarantine TO 'FOLDER/out.csv'",
    "COPY (SELECT 1) TO 'FOLDER/out.csv'",
    "EXPORT DATABASE 'FOLDER/out'",
    "ATTACH 'FOLDER/out.duckdb'",
    'USE memory',
    'SET enable_external_access = true',
    'RESET threads',
    'PRAGMA threads = 1',
    "PRAGMA table_info('ci_metrics.quarantine')",
    'CALL pragma_version()',
    'CHECKPOINT',
    'BEGIN',
    'EXPLAIN ANALYZE DELETE FROM ci_metrics.quarantine',
    'PREPARE p AS SELECT 1',
    'INSTALL httpfs',
    "SELECT * FROM enable_logging('QueryLog')",
    // DuckDB ends the whole process over this one.
    "SELECT * FROM enable_logging(level = 'trace', storage = 'file', storage_config = {'path': 'FOLDER/out'})",
    "SELECT * FROM enable_profiling(save_location = 'FOLDER/out')",
    'SELECT * FROM checkpoint()',
  ])('%s', async (sql) => {
    expect(await refusalOf(warehouse.select(sql.replace('FOLDER', folder)))).toMatch(
      /^Only SELECT is taken\.$|is not taken in FROM/,
    )
    expect(readdirSync(folder).filter((name) => name.startsWith('out'))).toEqual([])
  })
})

test('a select may make and unfold values', async () => {
  expect(await warehouse.select('SELECT * FROM RANGE(2) AS r(n)')).toEqual([{ n: 0 }, { n: 1 }])
  expect(await warehouse.select('SELECT unnest([1, 2]) AS n')).toEqual([{ n: 1 }, { n: 2 }])
  expect(await warehouse.select(`SELECT value->>'arm' AS arm FROM json_each('[{"arm":"a"}]')`)).toEqual([
    { arm: 'a' },
  ])
  expect(await warehouse.select('SHOW ALL TABLES')).not.toEqual([])
  expect(await warehouse.select('DESCRIBE ci_metrics.decision_outcomes')).not.toEqual([])
})

test('integers beyond what a number holds come as text, decimals as numbers, other instants as DuckDB says', async () => {
  const sql = `
    SELECT 9007199254740993 AS big, SUM(n) AS total, 1.50::DECIMAL(9, 2) AS price, 'infinity'::TIMESTAMPTZ AS ever,
      DATE '2026-01-02' AS day, [1::BIGINT] AS list
    FROM range(3) AS r(n)`
  expect(await warehouse.select(sql)).toEqual([
    { big: '9007199254740993', total: 3, price: 1.5, ever: 'infinity', day: '2026-01-02', list: [1] },
  ])
})

describe('a select has its bounds', () => {
  test.each([
    ['that only counts', 'SELECT COUNT(*) AS n FROM range(1000000000000)'],
    [
      'that recurs',
      'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT MAX(n) AS n FROM r',
    ],
    [
      'that sorts more than there is room for',
      'SELECT a.range FROM range(1000000) a, range(1000000) b ORDER BY 1 DESC',
    ],
  ])('of time, for one %s; then the warehouse goes on', async (_what, sql) => {
    const warehouse = await bounded({ timeoutMs: 100 })
    const startedAt = performance.now()
    expect(await refusalOf(warehouse.select(sql))).toBe(
      'The query was stopped: it took longer than 0.1 seconds.',
    )
    expect(performance.now() - startedAt).toBeLessThan(5000)
    await warehouse.insert('quarantine', [quarantineRow('q')])
    expect(await warehouse.select('SELECT COUNT(*) AS n FROM ci_metrics.quarantine')).toEqual([{ n: 1 }])
  })

  test('of size', async () => {
    const warehouse = await bounded({ maxRows: 5000 })
    expect((await warehouse.select('SELECT * FROM range(5000)')).length).toBe(5000)
    for (const rows of [5001, 1e12]) {
      expect(await refusalOf(warehouse.select(`SELECT * FROM range(${rows})`))).toContain(
        'more than 5000 rows',
      )
    }
  })
})

test('closing interrupts a select that still runs', async () => {
  const warehouse = await bounded({})
  const asked = refusalOfClose(warehouse.select('SELECT COUNT(*) AS n FROM range(1000000000000)'))
  await new Promise((resolve) => setTimeout(resolve, 50))
  await warehouse.close()
  expect(await asked).toBe('the warehouse was closed')
})

const refusalOfClose = (answer: Promise<unknown>) => answer.then(String, (error: Error) => error.message)
