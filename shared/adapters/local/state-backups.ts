/** Copies of the bandit state in `backups/`, named by when they were made. */
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Instant } from '../../domain/event.ts'
import { TransientError } from '../../errors.ts'
import { replaceDurably } from './durable-file.ts'

const KEPT = 10
const NAME = /^bandit_state-.*\.json$/

/** Returns the path of the copy. */
export async function backUp(folder: string, bytes: Uint8Array, at: Instant): Promise<string> {
  const backups = join(folder, 'backups')
  // A colon is no part of a file name everywhere.
  const path = join(backups, `bandit_state-${new Date(at).toISOString().replaceAll(':', '-')}.json`)
  try {
    await mkdir(backups, { recursive: true, mode: 0o700 })
    await replaceDurably(path, bytes)
    const copies = (await readdir(backups)).filter((name) => NAME.test(name)).sort()
    for (const name of copies.slice(0, -KEPT)) await rm(join(backups, name), { force: true })
  } catch (cause) {
    if (cause instanceof TransientError) throw cause
    throw new TransientError(`${backups} could not be written`, { cause })
  }
  return path
}
