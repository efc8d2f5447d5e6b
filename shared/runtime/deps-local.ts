/** Builds the real things on one machine. */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../adapters/clock.ts'
import { type LocalBus, openLocalBus } from '../adapters/local/bus.ts'
import { type BusReading, openBusForReading } from '../adapters/local/bus-reading.ts'
import { openLocalDocuments } from '../adapters/local/documents.ts'
import { openLocalSpool } from '../adapters/local/spool.ts'
import { openLocalState } from '../adapters/local/state.ts'
import { playedVms } from '../adapters/local/vms.ts'
import { localWebhookFiles } from '../adapters/local/webhook-files.ts'
import { systemRng } from '../adapters/rng.ts'
import { ConfigError, InvalidInputError } from '../errors.ts'
import type { Clock, Inbox, Log, StateLayout, StateStore, Warehouse } from '../ports.ts'
import type { Settings } from '../schema/settings.ts'
import { either, gitlabBy, idTokensBy, loadFleet } from './deps.ts'
import { lastResetAt } from './event-log.ts'
import type { Deps } from './handler.ts'
import { makeFolder } from './make-folder.ts'
import { loadCatalogue } from './sql.ts'

const TOKEN_BYTES = 24
const ONE_FILE: StateLayout = {
  begin() {
    throw new InvalidInputError('On one machine the state is one file; it is divided on Google Cloud alone.')
  },
}
/** The embedded bus hands messages over by itself. */
const EMPTY_INBOX: Inbox = {
  take: async () => ({ bodies: [], ack: async () => {}, bury: async () => {}, giveBack: async () => {} }),
}

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
  // Who sets a signing token means deliveries to be signed: a token made here would be a second way in.
  const isOwnToken = settings.webhookTokens === undefined && settings.signingTokens === undefined
  // What is made here is its owner's alone.
  process.umask(0o077)
  makeFolder(folder)
  const ending = new AbortController()
  const bus = openBus(folder, { clock, maxQueued: settings.queueMaxMessages })
  try {
    const { openDuckdb } = await import('../adapters/local/duckdb.ts')
    const warehouse = await openDuckdb(join(folder, 'warehouse.duckdb'), loadCatalogue())
    const state = openLocalState(folder, clock, { resetAt: await lastResetAt(warehouse) })
    return {
      clock,
      rng: systemRng,
      bus,
      deadLetters: bus.deadLetters,
      inbox: EMPTY_INBOX,
      deliveries: bus,
      state,
      shards: [state],
      layout: ONE_FILE,
      warehouse,
      documents: openLocalDocuments(join(folder, 'documents')),
      vms: playedVms(join(folder, 'played-vms.json'), { clock, log }),
      webhookFiles: localWebhookFiles,
      spool: openLocalSpool(join(folder, 'spool')),
      gitlab: (apiToken, signal) =>
        gitlabBy(apiToken ?? settings.gitlabApiToken, settings, log, either(ending.signal, signal)),
      idTokens: idTokensBy(settings, log, clock),
      log,
      fleet,
      settings: { ...settings, webhookTokens: isOwnToken ? [ownToken(folder)] : settings.webhookTokens },
      unmanagedArms: new Set(),
      ownToken: isOwnToken,
      async close() {
        ending.abort()
        await bus.close()
        await warehouse.close()
      },
    }
  } catch (error) {
    await bus.close()
    throw error
  }
}

/** What a data folder holds while nobody has it open. */
export type LocalReading = {
  bus: BusReading
  state: StateStore
  warehouse: Pick<Warehouse, 'query'>
  /** Whether the next start has to bring the files to the present form; not all may be there to be asked for. */
  isOlder: boolean
  close(): Promise<void>
}

/**
 * Opens a data folder that is there to look at it, and changes nothing in it.
 * @throws ConfigError when a process has it open, a newer version made it, or something in it cannot be read.
 */
export async function openLocalForReading(folder: string, clock: Clock = systemClock): Promise<LocalReading> {
  const { openDuckdbForReading } = await import('../adapters/local/duckdb.ts')
  const warehouse = await openDuckdbForReading(join(folder, 'warehouse.duckdb'), loadCatalogue())
  try {
    const bus = openBusForReading(join(folder, 'bus.db'), clock.now())
    return {
      bus,
      state: openLocalState(folder, clock),
      warehouse,
      isOlder: warehouse.isOlder,
      async close() {
        bus.close()
        await warehouse.close()
      },
    }
  } catch (error) {
    await warehouse.close()
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
