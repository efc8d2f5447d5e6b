/** `bandit_state.json` on disk, replaced by write to a temporary file, fsync and rename. */
import { createHash } from 'node:crypto'
import { open, readFile, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { EMPTY_STATE } from '../../domain/state.ts'
import { ConfigError, ConflictError, InvalidInputError, TransientError } from '../../errors.ts'
import type { Clock, StateSnapshot, StateStore } from '../../ports.ts'
import { decodeState, encodeState } from '../../schema/state.ts'

const GENERATION_LENGTH = 16

/**
 * A generation is the hash of the content, so the file needs no envelope, and writing what is there already
 * changes nothing. One process owns the folder (the bus's lock), so comparing in memory is enough.
 */
export function openLocalState(folder: string, clock: Clock): StateStore {
  const path = join(folder, 'bandit_state.json')
  let latest: StateSnapshot | undefined
  let writing: Promise<unknown> = Promise.resolve()

  async function read(): Promise<StateSnapshot> {
    latest ??= await readSnapshot(path)
    return latest
  }

  async function write(state: StateSnapshot['state'], ifGeneration: string): Promise<StateSnapshot> {
    const present = (await readGeneration(path)) ?? '0'
    if (present !== ifGeneration) {
      latest = undefined
      throw new ConflictError(`the state is at generation ${present}, not ${ifGeneration}`)
    }
    const bytes = encodeState(state)
    await replaceDurably(path, bytes)
    latest = { generation: generationOf(bytes), state, updatedAt: clock.now() }
    return latest
  }

  return {
    read,
    generation: async () => (await readGeneration(path)) ?? '0',
    write(state, ifGeneration) {
      const result = writing.then(() => write(state, ifGeneration))
      writing = result.catch(() => undefined)
      return result
    },
    latest: () => latest,
  }
}

async function readSnapshot(path: string): Promise<StateSnapshot> {
  const bytes = await readIfThere(path)
  if (bytes === undefined) return { generation: '0', state: EMPTY_STATE, updatedAt: null }
  try {
    const updatedAt = Math.floor((await stat(path)).mtimeMs)
    return { generation: generationOf(bytes), state: decodeState(bytes), updatedAt }
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    throw new ConfigError(
      `${path} cannot be understood (${error.message}). Run "runner-bandit rebuild" to make it anew from the log.`,
    )
  }
}

async function readGeneration(path: string): Promise<string | undefined> {
  const bytes = await readIfThere(path)
  return bytes === undefined ? undefined : generationOf(bytes)
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function replaceDurably(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`
  try {
    const file = await open(temporary, 'w', 0o600)
    try {
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

function generationOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, GENERATION_LENGTH)
}
