/** What was not understood is kept within bounds, without what is a person's, and can be taken in later. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runOperation } from '../../functions/operations.ts'
import type { QuarantineReport, RedriveReport } from '../../functions/quarantine.ts'
import { rebuild } from '../../functions/rebuild.ts'
import { replay } from '../../functions/replay.ts'
import { resetState } from '../../functions/reset.ts'
import { InvalidInputError } from '../../shared/errors.ts'
import type { Log } from '../../shared/ports.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import { DAY } from '../support/builders.ts'
import { dataFolder, postWebhook, runCommand, startServer } from '../support/server.ts'
import { jobWebhook } from '../support/webhook.ts'

const run = <T>(name: Parameters<typeof runOperation>[0], input: object, deps: LocalDeps) =>
  runOperation(name, input, deps, () => {}) as Promise<T>
const list = (deps: LocalDeps) => run<QuarantineReport>('quarantine', { limit: 5 }, deps)
const redrive = (deps: LocalDeps, input: object = {}) => run<RedriveReport>('quarantine-redrive', input, deps)

/** A job of a runner that may not become an arm. */
const strangers = (id: number, now?: number) =>
  jobWebhook({ build_id: id, runner: { id: 900 + id, description: `stranger ${id}`, tags: [] } }, now)
const garbled = (id: number) => jobWebhook({ build_id: id, build_duration: 'long' })

/** Keeps every line. */
function listening(): { log: Log; lines: { message: string; fields: Record<string, unknown> }[] } {
  const lines: { message: string; fields: Record<string, unknown> }[] = []
  const add = (message: string, fields: Record<string, unknown> = {}) => lines.push({ message, fields })
  return { log: { debug: add, info: add, warning: add, error: add }, lines }
}

async function send(url: string, bodies: readonly unknown[]): Promise<void> {
  const answers = await Promise.all(bodies.map((body) => postWebhook(url, body)))
  expect(answers.map(({ status }) => status)).toEqual(bodies.map(() => 202))
}

describe('the bound of quarantine', () => {
  test('is not passed by webhooks; what is not kept is answered as ever, and counted in few lines', async () => {
    const { url, deps } = await startServer({ QUARANTINE_MAX_ROWS: '3' })
    const { log, lines } = listening()
    deps.log = log
    for (let start = 0; start < 40; start += 10) {
      await send(
        url,
        Array.from({ length: 10 }, (_, index) => garbled(1 + start + index)),
      )
      await deps.deliveries.drained()
    }
    expect(await list(deps)).toMatchObject({ quarantined: 3, by_code: [{ code: 'invalid_job', bodies: 3 }] })
    const overflows = lines.filter(({ message }) => message === 'quarantine.overflowed')
    expect(overflows).toMatchObject([{ fields: { max_rows: 3 } }])
    expect(deps.bus.deadLetterCount()).toBe(0)
  })

  test('is not passed by a replay either', async () => {
    const { deps } = await startServer({ QUARANTINE_MAX_ROWS: '3' })
    const path = join(dataFolder(), 'bodies.ndjson')
    writeFileSync(path, [1, 2, 3, 4, 5].map((id) => JSON.stringify(garbled(id))).join('\n'))
    expect(await replay({ paths: [path] }, deps)).toMatchObject({ quarantined: 5 })
    expect(await list(deps)).toMatchObject({ quarantined: 3 })
  })

  test('counts a body once, also one that the bus has forgotten', async () => {
    const { url, deps } = await startServer({ QUARANTINE_MAX_ROWS: '2' })
    for (let times = 0; times < 3; times += 1) {
      await send(url, [garbled(1)])
      await deps.deliveries.drained()
      await deps.bus.forget()
    }
    await send(url, [garbled(2)])
    expect(await list(deps)).toMatchObject({ quarantined: 2 })
  })
})

describe('redrive', () => {
  async function withStrangers(count: number) {
    const server = await startServer({ MAX_UNMANAGED_ARMS: '0' })
    const { url, deps } = server
    const now = Date.now()
    // Each a day older than the one before: live, the oldest would be late.
    const bodies = Array.from({ length: count }, (_, index) => strangers(index + 1, now - index * DAY))
    await send(url, [...bodies, garbled(1000)])
    await deps.deliveries.drained()
    return { ...server, bodies }
  }
  const allow = (deps: LocalDeps) => {
    deps.settings = { ...deps.settings, maxUnmanagedArms: 1000 }
  }

  test('takes in what is understood now, however old; what is not stays', async () => {
    const { deps } = await withStrangers(20)
    expect(await redrive(deps)).toMatchObject({ bodies: 21, accepted: 0, left: 0, stayed: 21 })
    allow(deps)
    expect(await redrive(deps)).toEqual({
      bodies: 21,
      accepted: 20,
      duplicates: 0,
      ignored: 0,
      left: 20,
      stayed: 1,
    })
    expect(await rebuild({ check: true }, deps)).toMatchObject({ equal: true, observations: 20 })
    const sql = 'SELECT COUNT(*) AS jobs, COUNT(job_status) AS ended FROM ci_metrics.decision_outcomes'
    expect(await deps.warehouse.query(sql)).toEqual([{ jobs: 20, ended: 20 }])

    expect(await redrive(deps)).toMatchObject({ bodies: 1, accepted: 0, left: 0, stayed: 1 })
    expect(await list(deps)).toMatchObject({ quarantined: 1, by_code: [{ code: 'invalid_job' }] })
  })

  test('that dies before the bodies leave is made good by repeating it', async () => {
    const { deps } = await withStrangers(3)
    allow(deps)
    const { warehouse } = deps
    deps.warehouse = { ...warehouse, remove: () => Promise.reject(new Error('killed')) }
    await expect(redrive(deps)).rejects.toThrow('killed')
    deps.warehouse = warehouse
    expect(await redrive(deps)).toMatchObject({ accepted: 0, duplicates: 3, left: 3 })
    expect(await rebuild({ check: true }, deps)).toMatchObject({ equal: true, observations: 3 })
  })

  test('counts no job again that came by webhook meanwhile', async () => {
    const { url, deps, bodies } = await withStrangers(3)
    allow(deps)
    await send(url, bodies)
    expect(await redrive(deps)).toMatchObject({ accepted: 0, duplicates: 3, left: 3 })
    await send(url, bodies)
    await deps.deliveries.drained()
    expect(await rebuild({ check: true }, deps)).toMatchObject({ equal: true, observations: 3 })
  })

  test('is of one code, or of one body, when that is said; so is drop', async () => {
    const { deps } = await withStrangers(2)
    allow(deps)
    const [{ quarantine_id: id } = {}] = await deps.warehouse.query(
      "SELECT quarantine_id FROM ci_metrics.quarantine WHERE code <> 'invalid_job'",
    )
    expect(await redrive(deps, { code: 'invalid_job' })).toMatchObject({ bodies: 1, left: 0 })
    expect(await redrive(deps, { id })).toMatchObject({ bodies: 1, left: 1 })
    expect(await redrive(deps, { id })).toMatchObject({ bodies: 0 })
    const drop = (input: object) => run('quarantine-drop', { all: false, ...input }, deps)
    await expect(drop({})).rejects.toThrow(InvalidInputError)
    await expect(drop({ code: 'x', all: true })).rejects.toThrow(InvalidInputError)
    expect(await drop({ code: 'nothing' })).toEqual({ dropped: 0 })
    expect(await drop({ code: 'invalid_job' })).toEqual({ dropped: 1 })
    expect(await drop({ all: true })).toEqual({ dropped: 1 })
    expect(await list(deps)).toEqual({ quarantined: 0, by_code: [], newest: [] })
  })
})

/** Every byte below the folder. */
function everythingIn(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n')
}

test('nothing of a person is kept: not in quarantine, dead letters, backups, files, logs or lists', async () => {
  const { url, deps } = await startServer({ MAX_UNMANAGED_ARMS: '1' })
  const { log, lines } = listening()
  deps.log = log
  const personal = {
    user: { id: 7, name: 'Ursula Userova', username: 'ursula', email: 'ursula@example.com' },
    user_email: 'ursula@example.com',
    commit: { message: 'the-text-of-a-commit', author_name: 'Ursula Userova', author_email: 'u@example.com' },
    variables: [{ key: 'A_VARIABLE_KEY', value: 'a-variable-value' }],
    build_variables: { A_VARIABLE_KEY: 'a-variable-value' },
    environment: { name: 'prod', A_VARIABLE_KEY: 'a-variable-value' },
  }
  const { warehouse } = deps
  deps.warehouse = {
    ...warehouse,
    insert: (table, rows) =>
      table === 'job_outcomes' && rows.length > 0
        ? Promise.reject(new InvalidInputError('shadow is broken'))
        : warehouse.insert(table, rows),
  }
  await send(url, [
    { ...strangers(1), ...personal },
    { ...strangers(2), ...personal },
    { ...garbled(3), ...personal },
    { ...jobWebhook({ build_id: 4, object_kind: 7 }), ...personal },
    { ...jobWebhook({ build_id: 5, runner: personal }), ...personal },
    [personal],
    'Ursula Userova is no JSON',
  ])
  await deps.deliveries.drained()
  deps.warehouse = warehouse
  await resetState({ reason: null }, deps)
  const lists = [await list(deps), await run('dead-letters', { limit: 9 }, deps), await redrive(deps)]
  expect(deps.bus.deadLetterCount()).toBeGreaterThan(0)
  expect((await list(deps)).quarantined).toBeGreaterThan(2)
  const kept = [everythingIn(deps.settings.dataFolder), JSON.stringify(lists), JSON.stringify(lines)].join(
    '\n',
  )
  expect(kept).toContain('stranger 1')
  for (const word of ['Userova', 'ursula', 'example.com', 'the-text-of', 'VARIABLE_KEY', 'a-variable-value'])
    expect(kept.includes(word), word).toBe(false)
})

test('the commands print what they did', async () => {
  const folder = dataFolder()
  const on = ['--data', folder]
  const path = join(dataFolder(), 'bodies.ndjson')
  writeFileSync(path, [garbled(1), garbled(2)].map((body) => JSON.stringify(body)).join('\n'))
  await runCommand(['replay', path, ...on])
  const listed = await runCommand(['quarantine', 'list', '--limit', '1', ...on])
  expect(listed.code).toBe(0)
  expect(listed.stdout).toMatch(/^code +bodies +oldest_at/)
  expect(listed.stdout).toMatch(/\ninvalid_job +2 +/)
  expect(listed.stdout).toContain('2 bodies in quarantine.')
  const redriven = await runCommand(['quarantine', 'redrive', ...on])
  expect(redriven.stdout).toBe(
    '2 bodies: 0 events accepted, 0 duplicates, 0 ignored. 0 left quarantine, 2 are still not understood.\n',
  )
  const nothing = await runCommand(['quarantine', 'drop', ...on])
  expect([nothing.code, nothing.stderr]).toEqual([
    1,
    'runner-bandit: Say what to drop: --code, --id or --all.\n',
  ])
  expect((await runCommand(['quarantine', 'drop', '--all', ...on])).stdout).toBe('2 bodies dropped.\n')
  expect((await runCommand(['quarantine', 'list', ...on])).stdout).toBe('Quarantine is empty.\n')
  const wrong = await runCommand(['quarantine', 'list', '--limit', 'many', ...on])
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('whole number from 1')])
})
