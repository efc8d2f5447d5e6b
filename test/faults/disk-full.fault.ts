/** A full disk: what cannot be made durable is answered 503, the log says why, and room is all it takes to go on. */
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDuckdb } from '../../shared/adapters/local/duckdb.ts'
import { TransientError } from '../../shared/errors.ts'
import { loadCatalogue } from '../../shared/runtime/sql.ts'
import { dataFolder, kill, postWebhook, spawnServer } from '../support/server.ts'
import { expectComplete } from './findings.ts'
import { sendTo } from './ledger.ts'
import { playLoad, slicesOf } from './load.ts'
import { mountSmallDisk } from './small-disk.ts'

const NO_DISK = 'a small disk cannot be mounted here: it takes root'
const MEBIBYTE = 1024 * 1024
/** Beyond it webhooks are refused; until then they are safe in bus.db, where that can be written. */
const QUEUE_MAX_MESSAGES = 300
const REFUSALS = 50
const SLICES = 20
/** Backoff doubles from a second, and what waited has to be handled. */
const RECOVERED = { timeout: 60_000, interval: 500 }

/** Which of the data folder's files stand on the disk that fills. */
const VARIANTS = [
  { files: 'the whole data folder', folderOn: (disk: string) => join(disk, 'data') },
  {
    files: 'bus.db alone',
    folderOn(disk: string) {
      const folder = dataFolder()
      symlinkSync(join(disk, 'bus.db'), join(folder, 'bus.db'))
      return folder
    },
  },
  {
    files: 'the warehouse and the state',
    folderOn(disk: string) {
      const folder = join(disk, 'data')
      mkdirSync(folder)
      symlinkSync(join(dataFolder(), 'bus.db'), join(folder, 'bus.db'))
      return folder
    },
  },
]

test.for(VARIANTS)('a disk that fills under $files loses nothing', async ({ folderOn }, { skip }) => {
  const disk = mountSmallDisk(64)
  if (disk === undefined) return skip(NO_DISK)
  const folder = folderOn(disk.folder)
  const env = { RUNNER_BANDIT_DATA: folder, QUEUE_MAX_MESSAGES: String(QUEUE_MAX_MESSAGES) }
  const server = await spawnServer(env)
  const load = playLoad({ seed: 23, jobs: 1500 })
  const { ledger, webhooks } = load
  const [early = [], ...slices] = slicesOf(load, SLICES)
  await sendTo(server.url, early, ledger)

  // Under load, and not in the quiet before it. SQLite's log keeps the room that it once had: much still fits in there.
  const isRefusing = () => (ledger.counts.refused[503] ?? 0) > REFUSALS
  let answers = 0
  for (const slice of slices) {
    if (isRefusing()) break
    await sendTo(server.url, slice, ledger, () => {
      answers += 1
      if (answers === 20) disk.fill()
    })
  }
  expect(isRefusing()).toBe(true)
  const answered = await Promise.all(
    ledger
      .owed(webhooks)
      .slice(0, 200)
      .map(({ body }) => postWebhook(server.url, body)),
  )
  const refusals = answered.filter(({ status }) => status === 503)
  expect(new Set(refusals.map(({ headers }) => headers.get('retry-after')))).toEqual(new Set(['5']))
  expect(Object.keys(ledger.counts.refused)).toEqual(['503'])
  expect(ledger.counts.unanswered).toBe(0)
  await expect.poll(server.stderr, RECOVERED).toMatch(/disk is full|no space left/i)
  expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({ live: true })
  expect(server.process.exitCode).toBe(null)

  disk.empty()
  const recovered = async () => {
    await sendTo(server.url, ledger.owed(webhooks), ledger)
    return ledger.owed(webhooks).length
  }
  await expect.poll(recovered, RECOVERED).toBe(0)
  await expectComplete(folder, load)
  await kill(server)
  const again = await spawnServer(env)
  await expectComplete(folder, load)
  await kill(again)
  console.log(JSON.stringify({ fault: 'full disk', ...ledger.counts }))
})

test('a warehouse whose checkpoint found no room comes back by itself', async ({ skip }) => {
  const disk = mountSmallDisk(64)
  if (disk === undefined) return skip(NO_DISK)
  const warehouse = await openDuckdb(join(disk.folder, 'warehouse.duckdb'), loadCatalogue())
  let made = 0
  const kept: string[] = []
  const insert = async () => {
    const rows = Array.from({ length: 100 }, () => {
      made += 1
      return largeRow(made)
    })
    await warehouse.insert('quarantine', rows)
    kept.push(...rows.map((row) => row.quarantine_id))
  }

  // DuckDB writes a log of 16 MiB, and then all of it once more into the file.
  disk.fill(20 * MEBIBYTE)
  const refusal = await untilRefused(insert)
  expect(refusal).toBeInstanceOf(TransientError)
  expect(String(refusal.cause)).toContain('checkpoint')
  await expect(insert()).rejects.toThrow(TransientError)
  const count = 'SELECT COUNT(DISTINCT quarantine_id) AS ids FROM ci_metrics.quarantine'
  await expect(warehouse.query(count)).rejects.toThrow(TransientError)

  disk.empty()
  await insert()
  const known = await warehouse.query('SELECT DISTINCT quarantine_id AS id FROM ci_metrics.quarantine')
  const ids = new Set(known.map(({ id }) => id))
  expect(kept.filter((id) => !ids.has(id))).toEqual([])
  await warehouse.close()
})

async function untilRefused(insert: () => Promise<void>): Promise<Error> {
  for (let tries = 0; tries < 500; tries += 1) {
    try {
      await insert()
    } catch (error) {
      return error as Error
    }
  }
  throw new Error('the disk was too large')
}

/** Of about a kilobyte. */
const largeRow = (number: number) => ({
  quarantine_id: `quarantined ${number}`,
  received_at: '2026-11-21T12:00:00.000Z',
  source: 'webhook',
  code: 'not_json',
  reason: 'made up',
  project_id: null,
  job_id: null,
  body_bytes: 1024,
  payload: Array.from({ length: 64 }, (_, index) => `${(number * 7919 + index) ** 3}`.padEnd(16)).join(''),
})
