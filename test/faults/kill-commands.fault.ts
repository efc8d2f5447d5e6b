/** kill -9 of the commands that rewrite what is kept, or of the server that does it for them: the next start mends it. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createRng } from '../../shared/played-gitlab/index.ts'
import { API_TOKEN, startPlayedApi } from '../support/played-api/index.ts'
import { dataFolder, kill, runCommand, spawnCommand, spawnServer } from '../support/server.ts'
import { expectComplete, expectKept } from './findings.ts'
import { openLedger, sendTo } from './ledger.ts'
import { type Load, playLoad } from './load.ts'
import { share } from './rounds.ts'

const KILLS = share(0.1)
/** A command that owns the folder takes a start longer than one that goes through a server. */
const LONGEST_LIFE_MS = { command: 2500, server: 600 }
const TIMEOUT_MS = 60_000 + KILLS * 30_000

type Environment = Record<string, string>

/** Kills the command, and in every other round the server that runs it; after each, expects what is kept to be right. */
async function killRepeatedly(args: readonly string[], env: Environment, load: Load): Promise<void> {
  const folder = env.RUNNER_BANDIT_DATA as string
  const rng = createRng(load.day.seed, args.join(' '))
  for (let round = 0; round < KILLS; round += 1) {
    const server = round % 2 === 1 ? await spawnServer(env) : undefined
    const command = spawnCommand(args, env)
    const ended = once(command, 'exit')
    await sleep(rng.uniform() * LONGEST_LIFE_MS[server === undefined ? 'command' : 'server'])
    await kill(server ?? { process: command })
    await ended
    const next = await spawnServer(env)
    await expectKept(folder, load)
    await kill(next)
  }
  expect(await runCommand(args, env)).toMatchObject({ code: 0 })
}

async function expectAllFinished(env: Environment, load: Load): Promise<void> {
  const server = await spawnServer(env)
  expect(await expectKept(env.RUNNER_BANDIT_DATA as string, load)).toBe(load.day.jobs.length)
  await kill(server)
}

/** A folder that has learned the load from webhooks. */
async function learnedFolder(load: Load): Promise<Environment> {
  const env = { RUNNER_BANDIT_DATA: dataFolder() }
  const server = await spawnServer(env)
  await sendTo(server.url, load.webhooks, load.ledger)
  await expectComplete(env.RUNNER_BANDIT_DATA, load)
  await kill(server)
  return env
}

describe(`killed ${KILLS} times`, { timeout: TIMEOUT_MS }, () => {
  test('a replay counts every job once in the end', async () => {
    const load = playLoad({ seed: 59, jobs: 800 })
    const bodies = join(dataFolder(), 'bodies.ndjson')
    writeFileSync(bodies, load.webhooks.map(({ body }) => body).join('\n'))
    const env = { RUNNER_BANDIT_DATA: dataFolder() }
    await killRepeatedly(['replay', bodies], env, load)
    await expectAllFinished(env, load)
  })

  test('a backfill counts every job once in the end', async () => {
    const load = playLoad({ seed: 61, jobs: 800 })
    const api = await startPlayedApi({ day: load.day })
    const env = { RUNNER_BANDIT_DATA: dataFolder(), GITLAB_URL: api.url, GITLAB_API_TOKEN: API_TOKEN }
    const projects = load.day.projects.flatMap(({ id }) => ['--project', String(id)])
    await killRepeatedly(['backfill', ...projects], env, load)
    await expectAllFinished(env, load)
  })

  test('a rebuild leaves what the log says', async () => {
    const load = playLoad({ seed: 67, jobs: 300 })
    const env = await learnedFolder(load)
    await killRepeatedly(['rebuild'], env, load)
    await expectAllFinished(env, load)
  })

  test('a reset is there or is not, and the same day again counts once', async () => {
    const load = playLoad({ seed: 71, jobs: 300 })
    const env = await learnedFolder(load)
    // What was promised before a reset is in the log, and counts no more.
    const after = { ...load, ledger: openLedger() }
    await killRepeatedly(['reset', '--yes'], env, after)
    const server = await spawnServer(env)
    expect(await expectKept(env.RUNNER_BANDIT_DATA as string, after)).toBe(0)
    await sendTo(server.url, load.webhooks, after.ledger)
    await expectComplete(env.RUNNER_BANDIT_DATA as string, after)
    await kill(server)
  })
})
