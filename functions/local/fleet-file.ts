/** The fleet file on the disk of who runs the command. */
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ConfigError, ConflictError } from '../../shared/errors.ts'
import type { FleetText } from '../fleet.ts'

/** Where it is when neither --file nor RUNNER_BANDIT_FLEET says so. */
export const DEFAULT_FILE = 'fleet.yaml'

/** @throws ConfigError when it is there and cannot be read. */
export async function readFleetFile(name: string): Promise<FleetText> {
  try {
    return { name, text: await readFile(name, 'utf8') }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { name, text: undefined }
    throw new ConfigError(`${name} cannot be read: ${(error as Error).message}`)
  }
}

/**
 * Replaces the file as a whole or not at all; durable when resolved. A link stays one, and the mode of the file too.
 * @throws ConflictError when somebody changed it meanwhile; ConfigError when it cannot be written.
 */
export async function writeFleetFile({ name, text: before }: FleetText, text: string): Promise<void> {
  if ((await readFleetFile(name)).text !== before)
    throw new ConflictError(`${name} was changed meanwhile, and is left as it is. Run the command again.`)
  try {
    const target = before === undefined ? name : await realpath(name)
    const mode = before === undefined ? undefined : (await stat(target)).mode & 0o777
    const draft = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`)
    try {
      const file = await open(draft, 'w')
      try {
        if (mode !== undefined) await file.chmod(mode)
        await file.writeFile(text)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(draft, target)
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
  } catch (error) {
    throw new ConfigError(`${name} cannot be written: ${(error as Error).message}`)
  }
}
