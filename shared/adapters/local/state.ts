/** `bandit_state.json` on disk. */
import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Instant } from '../../domain/event.ts'
import { type BanditState, EMPTY_STATE } from '../../domain/state.ts'
import { ConfigError, ConflictError, InvalidInputError } from '../../errors.ts'
import type { Clock, StateSnapshot, StateStore } from '../../ports.ts'
import { decodeState, encodeState, STATE_SCHEMA_VERSION } from '../../schema/state.ts'
import { stateVersionOf, toPresentForm } from '../../schema/state-version.ts'
import { readIfThere, replaceDurably } from './durable-file.ts'
import { madeByNewer } from './sqlite.ts'
import { backUp } from './state-backups.ts'
import { takeTurns } from './turns.ts'

const GENERATION_LENGTH = 16
const NO_GENERATION = '0'

/**
 * A generation is the hash of the content, so the file needs no envelope, and writing what is there already
 * changes nothing. One process owns the folder (the bus's lock), and in it reads and writes take turns; the
 * file is compared all the same, so that a file put there by hand is noticed and not overwritten.
 *
 * @param options.resetAt of the present epoch: the same history gives the same bytes, so it does not stand in them.
 */
export function openLocalState(
  folder: string,
  clock: Clock,
  { resetAt = 0 }: { resetAt?: Instant } = {},
): StateStore {
  const path = join(folder, 'bandit_state.json')
  let epoch = resetAt
  let latest: StateSnapshot | undefined
  /** Whether the file is known to hold something else than `latest`. */
  let isStale = false
  const inTurn = takeTurns()

  async function read(): Promise<StateSnapshot> {
    if (latest !== undefined && !isStale) return latest
    const present = await readSnapshot(path, epoch)
    if (present.generation === NO_GENERATION && latest !== undefined && latest.generation !== NO_GENERATION) {
      // To go on from nothing would forget in silence what was learned.
      throw new ConfigError(
        `${path} has vanished. Run "npx runner-bandit rebuild" to make it anew from the log.`,
      )
    }
    latest = present
    isStale = false
    return latest
  }

  async function write(
    state: BanditState,
    ifGeneration: string,
    resetAt: Instant = epoch,
  ): Promise<StateSnapshot> {
    const presentBytes = await readIfThere(path)
    refuseNewer(path, presentBytes)
    const present = generationOf(presentBytes)
    if (present !== ifGeneration) {
      isStale = present !== latest?.generation
      throw new ConflictError(`the state is at generation ${present}, not ${ifGeneration}`)
    }
    const bytes = encodeState(state)
    await replaceDurably(path, bytes)
    epoch = resetAt
    latest = { generation: generationOf(bytes), state, updatedAt: clock.now(), resetAt }
    isStale = false
    return latest
  }

  return {
    // A reader does not wait behind a write for what is in memory.
    read: async () => (latest !== undefined && !isStale ? latest : inTurn(read)),
    bytes: () => readIfThere(path),
    generation: () =>
      inTurn(async () => {
        const present = generationOf(await readIfThere(path))
        isStale = latest !== undefined && present !== latest.generation
        return present
      }),
    write: (state, ifGeneration, { resetAt } = {}) => inTurn(() => write(state, ifGeneration, resetAt)),
    backup: () =>
      inTurn(async () => {
        const bytes = await readIfThere(path)
        return bytes === undefined ? undefined : backUp(folder, bytes, clock.now())
      }),
    latest: () => latest,
  }
}

async function readSnapshot(path: string, resetAt: Instant): Promise<StateSnapshot> {
  const bytes = await readIfThere(path)
  if (bytes === undefined) return { generation: NO_GENERATION, state: EMPTY_STATE, updatedAt: null, resetAt }
  refuseNewer(path, bytes)
  try {
    const updatedAt = Math.floor((await stat(path)).mtimeMs)
    return { generation: generationOf(bytes), state: decodeState(toPresentForm(bytes)), updatedAt, resetAt }
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    throw new ConfigError(
      `${path} cannot be understood (${error.message}). Run "npx runner-bandit rebuild" to make it anew from the log.`,
    )
  }
}

/** What this version does not know is not read, and not written over either. */
function refuseNewer(path: string, bytes: Uint8Array | undefined): void {
  const version = bytes === undefined ? undefined : stateVersionOf(bytes)
  if (version !== undefined && version > STATE_SCHEMA_VERSION)
    throw madeByNewer(path, version, STATE_SCHEMA_VERSION)
}

function generationOf(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return NO_GENERATION
  return createHash('sha256').update(bytes).digest('hex').slice(0, GENERATION_LENGTH)
}
