/** Builds the real things. The only importer of adapters. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../adapters/clock.ts'
import { type LocalBus, openLocalBus } from '../adapters/local/bus.ts'
import { openDuckdb } from '../adapters/local/duckdb.ts'
import { openLocalState } from '../adapters/local/state.ts'
import { localWebhookFiles } from '../adapters/local/webhook-files.ts'
import { systemRng } from '../adapters/rng.ts'
import type { Fleet } from '../domain/fleet.ts'
import { ConfigError } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import { parseFleet } from '../schema/fleet.ts'
import type { Settings } from '../schema/settings.ts'
import type { Deps } from './handler.ts'
import { loadCatalogue } from './sql.ts'

const EXAMPLE_FLEET = join(import.meta.dirname, '../fleet.example.yaml')
const TOKEN_BYTES = 24

export type LocalDeps = Deps & {
  bus: LocalBus
  /** Whether the webhook token was made here, and so has to be shown to its owner. */
  ownToken: boolean
  close(): Promise<void>
}

/**
 * Everything on one machine, in the data folder, which is made when it is not there.
 * @throws ConfigError when another process has the folder, or something in it cannot be used.
 */
export async function openLocalDeps(
  settings: Settings,
  log: Log,
  clock: Clock = systemClock,
): Promise<LocalDeps> {
  const folder = settings.dataFolder
  const fleet = loadFleet(settings.fleetFile)
  // What is made here is its owner's alone.
  process.umask(0o077)
  makeFolder(folder)
  const bus = openBus(folder, { clock, maxQueued: settings.queueMaxMessages })
  try {
    const warehouse = await openDuckdb(join(folder, 'warehouse.duckdb'), loadCatalogue())
    const state = openLocalState(folder, clock)
    return {
      clock,
      rng: systemRng,
      bus,
      deliveries: bus,
      state,
      warehouse,
      webhookFiles: localWebhookFiles,
      log,
      fleet,
      settings: { ...settings, webhookTokens: settings.webhookTokens ?? [ownToken(folder)] },
      unmanagedArms: new Set(),
      ownToken: settings.webhookTokens === undefined,
      async close() {
        await bus.close()
        await warehouse.close()
      },
    }
  } catch (error) {
    await bus.close()
    throw error
  }
}

/** The bus's file is the lock of the folder. */
function openBus(folder: string, options: Parameters<typeof openLocalBus>[1]): LocalBus {
  try {
    return openLocalBus(join(folder, 'bus.db'), options)
  } catch (error) {
    if (!(error instanceof ConfigError) || !error.message.includes('in use')) throw error
    throw new ConfigError(
      `The data folder ${folder} is in use by another runner-bandit. Stop it, or choose another folder with --data.`,
    )
  }
}

function loadFleet(file: string | undefined): Fleet {
  const path = file ?? EXAMPLE_FLEET
  try {
    return parseFleet(readFileSync(path, 'utf8'), path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    throw new ConfigError(`RUNNER_BANDIT_FLEET: ${path} cannot be read`)
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new ConfigError(
      `RUNNER_BANDIT_DATA: the folder ${folder} cannot be made (${(error as Error).message})`,
    )
  }
}

/** The webhook token of this data folder, made on first use. */
function ownToken(folder: string): string {
  const path = join(folder, 'webhook-token')
  try {
    writeFileSync(path, `${randomBytes(TOKEN_BYTES).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const token = readFileSync(path, 'utf8').trim()
  if (token === '') throw new ConfigError(`${path} holds no token; delete it to have one made`)
  return token
}
