/** What the warehouse on disk promises beyond its port: whatever happens to its file, and wherever it runs. */
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, onTestFinished, test } from 'vitest'
import { openDuckdb } from '../../shared/adapters/local/duckdb.ts'
import { ConfigError, TransientError } from '../../shared/errors.ts'
import { loadCatalogue } from '../../shared/runtime/sql.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { runInNode } from './process.ts'
import { quarantineRow } from './warehouse.harness.ts'

const SHARED = join(import.meta.dirname, '../../shared')
const IMPORTS = `
  import { openDuckdb } from '${SHARED}/adapters/local/duckdb.ts'
  import { loadCatalogue } from '${SHARED}/runtime/sql.ts'
  import { ConfigError, TransientError } from '${SHARED}/errors.ts'`

async function open(file = join(temporaryFolder(), 'warehouse.duckdb'), catalogue = loadCatalogue()) {
  const warehouse = await openDuckdb(file, catalogue)
  onTestFinished(() => warehouse.close())
  return warehouse
}

test('an insert that was undone does not come back when its memory is collected', async () => {
  const warehouse = await open()
  const rows = [quarantineRow('q1'), quarantineRow('q2'), quarantineRow('bad', { commit_text: 'secret' })]
  await expect(warehouse.insert('quarantine', rows)).rejects.toThrow()
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let times = 0; times < 5; times += 1) {
    collect()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  expect(await warehouse.query('SELECT COUNT(*) AS n FROM ci_metrics.quarantine')).toEqual([{ n: 0 }])
})

test('closed while the views of a read are made, it makes no more of them', async () => {
  const catalogue = loadCatalogue()
  const warehouse = await open(':memory:', catalogue)
  const sql = `SELECT 1 FROM ${[...catalogue.views.keys()].map((view) => `ci_metrics.${view}`).join(', ')}`
  const asked = [1, 2, 3].map(() => warehouse.query(sql).catch((error: unknown) => error))
  await warehouse.query('SELECT 1 FROM ci_metrics.job_event_log')
  await warehouse.close()
  for (const refusal of await Promise.all(asked)) {
    expect(refusal).toBeInstanceOf(TransientError)
    expect((refusal as Error).message).toBe('the warehouse is closed')
  }
})

test('a session that fails in the middle is over when what it asked last is answered', async () => {
  const warehouse = await open(':memory:')
  const long = 'SELECT SUM(a.range * b.range) AS n FROM range(3000) a, range(3000) b'
  const answers: unknown[] = []
  const failed = warehouse.session(async ({ query }) => {
    for (const sql of [long, 'SELECT 1 AS n'])
      void query(sql).then(
        (rows) => answers.push(rows.length),
        (error) => answers.push(error),
      )
    await query('SELECT no_such_column')
  })
  await expect(failed).rejects.toThrow('no_such_column')
  expect(answers).toEqual([1, 1])
})

test.each(['UTC', 'America/New_York', 'Asia/Kolkata'])(
  'on a machine in %s, days and instants are UTC',
  async (TZ) => {
    const file = join(temporaryFolder(), 'warehouse.duckdb')
    const row = quarantineRow('q', { received_at: '2026-11-21T23:30:00.123Z' })
    const { stdout, stderr } = await runInNode(
      `${IMPORTS}
    const warehouse = await openDuckdb('${file}', loadCatalogue())
    await warehouse.insert('quarantine', [${JSON.stringify(row)}])
    const sql = 'SELECT received_at, DATE(received_at) AS day FROM ci_metrics.quarantine'
    const pages = []
    for await (const page of warehouse.stream(sql)) pages.push(...page)
    console.log(JSON.stringify([...(await warehouse.query(sql)), ...(await warehouse.select(sql)), ...pages]))
    await warehouse.close()`,
      { TZ },
    )
    expect(stderr).toBe('')
    const expected = { received_at: '2026-11-21T23:30:00.123Z', day: '2026-11-21' }
    expect(JSON.parse(stdout)).toEqual([expected, expected, expected])
  },
)

test('is one process’s: another that opens it is told which file is in use', async () => {
  const file = join(temporaryFolder(), 'warehouse.duckdb')
  await open(file)
  const { stdout } = await runInNode(`${IMPORTS}
    const refusal = await openDuckdb('${file}', loadCatalogue()).catch((error) => error)
    console.log(refusal instanceof ConfigError, refusal.message)`)
  expect(stdout).toBe(`true ${file} is in use by another runner-bandit process.\n`)
})

test('what does not fit into memory goes beside the file, and never into the working folder', async () => {
  const file = join(temporaryFolder(), 'warehouse.duckdb')
  const folders: string[] = []
  for (const path of [file, ':memory:', ':memory:']) {
    const [row] = await (await open(path)).query("SELECT current_setting('temp_directory') AS folder")
    folders.push(String(row?.folder))
  }
  const [beside, ...own] = folders
  expect(beside).toBe(`${file}.tmp`)
  for (const folder of own) expect(dirname(folder)).toBe(tmpdir())
  expect(new Set(own).size).toBe(2)
})

test('a file that is no warehouse is a fault of the deployment', async () => {
  const file = join(temporaryFolder(), 'warehouse.duckdb')
  writeFileSync(file, 'no database '.repeat(1000))
  const refusal = await open(file).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(ConfigError)
  expect((refusal as Error).message).toContain(`${file} cannot be opened`)
})

test('on a full disk refuses inserts until there is room, and loses none and doubles none', async ({
  skip,
}) => {
  const file = join(temporaryFolder(), 'warehouse.duckdb')
  const { stdout, stderr } = await runInNode(`${IMPORTS}
    import { execFileSync } from 'node:child_process'
    const warehouse = await openDuckdb('${file}', loadCatalogue())
    const limitFileSize = (bytes) => execFileSync('prlimit', ['--pid', process.pid, '--fsize=' + bytes + ':'])
    const insert = (id) => warehouse.insert('quarantine', [{ ...${JSON.stringify(quarantineRow(''))}, quarantine_id: id }])
    await insert('before')
    limitFileSize(1)
    const refusal = await insert('refused').catch((error) => error)
    limitFileSize('unlimited')
    await insert('after')
    const sql = 'SELECT quarantine_id AS id FROM ci_metrics.quarantine ORDER BY id'
    const seen = await warehouse.query(sql)
    await warehouse.close()
    const reopened = await openDuckdb('${file}', loadCatalogue())
    console.log(JSON.stringify({ isTransient: refusal instanceof TransientError, seen, kept: await reopened.query(sql) }))
    await reopened.close()`)
  if (/spawnSync prlimit ENOENT/.test(stderr)) return skip('there is no prlimit here to fill the disk with')
  expect(stderr).toBe('')
  const rows = [{ id: 'after' }, { id: 'before' }]
  expect(JSON.parse(stdout)).toEqual({ isTransient: true, seen: rows, kept: rows })
})
