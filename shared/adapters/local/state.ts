/** `bandit_state.json` on disk, replaced by write to a temporary file, fsync and rename. */
import { createHash } from 'node:crypto'
import { open, readFile, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BanditState, EMPTY_STATE } from '../../domain/state.ts'
import { ConfigError, ConflictError, InvalidInputError, TransientError } from '../../errors.ts'
import type { Clock, StateSnapshot, StateStore } from '../../ports.ts'
import { decodeState, encodeState } from '../../schema/state.ts'
import { takeTurns } from './turns.ts'

const GENERATION_LENGTH = 16
const NO_GENERATION = '0'

/**
 * A generation is the hash of the content, so the file needs no envelope, and writing what is there already
 * changes nothing. One process owns the folder (the bus's lock), and in it reads and writes take turns; the
 * file is compared all the same, so that a file put there by hand is noticed and not overwritten.
 */
export function openLocalState(folder: string, clock: Clock): StateStore {
  const path = join(folder, 'bandit_state.json')
  let latest: StateSnapshot | undefined
  /** Whether the file is known to hold something else than `latest`. */
  let isStale = false
  const inTurn = takeTurns()

  async function read(): Promise<StateSnapshot> {
    if (latest !== undefined && !isStale) return latest
    const present = await readSnapshot(path)
    if (present.generation === NO_GENERATION && latest !== undefined && latest.generation !== NO_GENERATION) {
      // To go on from nothing would forget in silence what was learned.
      throw new TransientError(`${path} has vanished; "npx runner-bandit rebuild" makes it anew from the log`)
    }
    latest = present
    isStale = false
    return latest
  }

  async function write(state: BanditState, ifGeneration: string): Promise<StateSnapshot> {
    const present = generationOf(await readIfThere(path))
    if (present !== ifGeneration) {
      isStale = present !== latest?.generation
      throw new ConflictError(`the state is at generation ${present}, not ${ifGeneration}`)
    }
    const bytes = encodeState(state)
    await replaceDurably(path, bytes)
    latest = { generation: generationOf(bytes), state, updatedAt: clock.now() }
    isStale = false
    return latest
  }

  return {
    // A reader does not wait behind a write for what is in memory.
    read: async () => (latest !== undefined && !isStale ? latest : inTurn(read)),
    bytes: () => readIfThere(path),
    generation: async () => generationOf(await readIfThere(path)),
    write: (state, ifGeneration) => inTurn(() => write(state, ifGeneration)),
    latest: () => latest,
  }
}

async function readSnapshot(path: string): Promise<StateSnapshot> {
  const bytes = await readIfThere(path)
  if (bytes === undefined) return { generation: NO_GENERATION, state: EMPTY_STATE, updatedAt: null }
  try {
    const updatedAt = Math.floor((await stat(path)).mtimeMs)
    return { generation: generationOf(bytes), state: decodeState(bytes), updatedAt }
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    throw new ConfigError(
      `${path} cannot be understood (${error.message}). Run "npx runner-bandit rebuild" to make it anew from the log.`,
    )
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new TransientError(`${path} could not be read`, { cause })
  }
}

async function replaceDurably(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`
  try {
    const file = await open(temporary, 'w', 0o600)
    try {
      // One that a crash left behind keeps the mode it has.
      await file.chmod(0o600)
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    // The rename itself is durable only when the folder is.
    const folder = await open(dirname(path), 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch (cause) {
    throw new TransientError(`${path} could not be written`, { cause })
  }
}

function generationOf(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return NO_GENERATION
  return createHash('sha256').update(bytes).digest('hex').slice(0, GENERATION_LENGTH)
}
