/** Files that are whole or the ones before, whenever the process or the machine dies. */
import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { TransientError } from '../../errors.ts'

/** Undefined when there is no such file. */
export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new TransientError(`${path} could not be read`, { cause })
  }
}

/** By write to a temporary file, fsync and rename; its owner's alone. */
export async function replaceDurably(path: string, bytes: Uint8Array): Promise<void> {
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
