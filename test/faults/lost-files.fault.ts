/** Files of the data folder that are garbage, of a newer version, or gone: what the server says, and what mends it. */
import { once } from 'node:events'
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { dataFolder, kill, runCommand, spawnServer } from '../support/server.ts'
import { ask, expectComplete } from './findings.ts'
import { sendTo } from './ledger.ts'
import { playLoad, slicesOf } from './load.ts'

const GARBAGE = 'no database and no state '.repeat(1000)
const NEWER = /was made by a newer version of runner-bandit/
const SOON = { timeout: 30_000, interval: 100 }

const load = playLoad({ seed: 43, jobs: 60 })
let whole: string

/** A folder that has learned the whole load, and was closed in order. */
beforeAll(async () => {
  whole = dataFolder()
  const server = await spawnServer({ RUNNER_BANDIT_DATA: whole })
  await sendTo(server.url, load.webhooks, load.ledger)
  await expectComplete(whole, load)
  server.process.kill('SIGTERM')
  await once(server.process, 'exit')
})

function copyOfWhole(): string {
  const folder = dataFolder()
  cpSync(whole, folder, { recursive: true })
  return folder
}

const start = (folder: string) => spawnServer({ RUNNER_BANDIT_DATA: folder })
const run = (folder: string, ...args: string[]) => runCommand(args, { RUNNER_BANDIT_DATA: folder })

function rewrite(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

const toNewer = (text: string) => text.replace('"schema_version":1', '"schema_version":99')
const toHalf = (text: string) => text.slice(0, text.length / 2)

describe('at the start', () => {
  test.each([
    ['garbage', () => GARBAGE],
    ['empty', () => ''],
    ['cut off', toHalf],
  ])('a state that is %s is refused, and rebuild mends it', async (_kind, change) => {
    const folder = copyOfWhole()
    rewrite(join(folder, 'bandit_state.json'), change)
    await expect(start(folder)).rejects.toThrow(
      /bandit_state.json cannot be understood.*"npx runner-bandit rebuild"/,
    )
    expect(await run(folder, 'rebuild')).toMatchObject({ code: 0 })
    const server = await start(folder)
    await expectComplete(folder, load)
    await kill(server)
  })

  test('a state that is gone is made anew from the log', async () => {
    const folder = copyOfWhole()
    rmSync(join(folder, 'bandit_state.json'))
    const server = await start(folder)
    expect(server.stderr()).toContain('state.rebuilt')
    await expectComplete(folder, load)
    await kill(server)
  })

  test('a state of a newer version is refused and left as it is, also by rebuild', async () => {
    const folder = copyOfWhole()
    const path = join(folder, 'bandit_state.json')
    const original = readFileSync(path, 'utf8')
    rewrite(path, toNewer)
    await expect(start(folder)).rejects.toThrow(NEWER)
    expect((await run(folder, 'rebuild')).stderr).toMatch(NEWER)
    expect(readFileSync(path, 'utf8')).toBe(toNewer(original))
    writeFileSync(path, original)
    const server = await start(folder)
    await expectComplete(folder, load)
    await kill(server)
  })

  test('a log that is gone is not taken for one that says nothing', async () => {
    const folder = copyOfWhole()
    const path = join(folder, 'warehouse.duckdb')
    renameSync(path, `${path}.away`)
    await expect(start(folder)).rejects.toThrow(
      /The state holds \d+ observations, and the log in warehouse.duckdb is empty\. Put warehouse.duckdb back, or/,
    )
    renameSync(`${path}.away`, path)
    const server = await start(folder)
    await expectComplete(folder, load)
    await kill(server)
  })

  test('who rebuilds from a lost log on purpose keeps a copy of the state, and learns again', async () => {
    const folder = copyOfWhole()
    rmSync(join(folder, 'warehouse.duckdb'))
    const state = readFileSync(join(folder, 'bandit_state.json'), 'utf8')
    expect(await run(folder, 'rebuild')).toMatchObject({ code: 0 })
    const [copy] = readdirSync(join(folder, 'backups'))
    expect(readFileSync(join(folder, 'backups', copy as string), 'utf8')).toBe(state)
    const bodies = join(dataFolder(), 'bodies.ndjson')
    writeFileSync(bodies, load.webhooks.map(({ body }) => body).join('\n'))
    expect(await run(folder, 'replay', bodies)).toMatchObject({ code: 0 })
    expect(readFileSync(join(folder, 'bandit_state.json'), 'utf8')).toBe(state)
  })

  test.each(['warehouse.duckdb', 'bus.db'])('a %s that is garbage is refused by its name', async (name) => {
    const folder = copyOfWhole()
    const path = join(folder, name)
    const original = readFileSync(path)
    writeFileSync(path, GARBAGE)
    await expect(start(folder)).rejects.toThrow(`${path} cannot be opened`)
    writeFileSync(path, original)
    const server = await start(folder)
    await expectComplete(folder, load)
    await kill(server)
  })

  test('a bus.db that is gone costs its memory of repeats, and no repeat counts', async () => {
    const folder = copyOfWhole()
    rmSync(join(folder, 'bus.db'))
    const server = await start(folder)
    await expectComplete(folder, load)
    await sendTo(server.url, load.webhooks, load.ledger)
    await expectComplete(folder, load)
    await kill(server)
  })
})

describe('while it serves', () => {
  test.each([
    ['garbage', (path: string) => writeFileSync(path, GARBAGE), /cannot be understood/],
    ['gone', (path: string) => rmSync(path), /has vanished. Run \\"npx runner-bandit rebuild\\"/],
  ])(
    'a state that is %s stops the learning and no webhook, and rebuild mends it',
    async (_kind, harm, says) => {
      const folder = dataFolder()
      const server = await start(folder)
      const own = playLoad({ seed: 47, jobs: 60 })
      const [early = [], rest = []] = slicesOf(own, 2)
      await sendTo(server.url, early, own.ledger)
      await ask(folder, 'rebuild', { check: true })
      harm(join(folder, 'bandit_state.json'))
      await sendTo(server.url, rest, own.ledger)
      expect(own.ledger.owed(own.webhooks)).toEqual([])
      await expect.poll(server.stderr, SOON).toMatch(says)
      expect(await run(folder, 'rebuild')).toMatchObject({ code: 0 })
      await expectComplete(folder, own)
      await kill(server)
    },
  )

  test('a state of a newer version is not written over, and the server goes on when the old one is back', async () => {
    const folder = dataFolder()
    const server = await start(folder)
    const own = playLoad({ seed: 53, jobs: 60 })
    const [early = [], rest = []] = slicesOf(own, 2)
    await sendTo(server.url, early, own.ledger)
    await ask(folder, 'rebuild', { check: true })
    const path = join(folder, 'bandit_state.json')
    const original = readFileSync(path, 'utf8')
    rewrite(path, toNewer)
    await sendTo(server.url, rest, own.ledger)
    await expect.poll(server.stderr, SOON).toMatch(NEWER)
    expect(readFileSync(path, 'utf8')).toBe(toNewer(original))
    writeFileSync(path, original)
    await expect
      .poll(
        () =>
          expectComplete(folder, own).then(
            () => 'whole',
            () => 'not yet',
          ),
        SOON,
      )
      .toBe('whole')
    await kill(server)
  })
})
