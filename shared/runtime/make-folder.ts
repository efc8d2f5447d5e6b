/** Makes the data folder. */
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ConfigError } from '../errors.ts'

/**
 * Makes the folder and those above it, for their owner alone; one that is there is left as it is.
 * @throws ConfigError when it cannot be made.
 */
export function makeFolder(folder: string): void {
  try {
    makeWithParents(resolve(folder))
  } catch (error) {
    throw new ConfigError(
      `RUNNER_BANDIT_DATA: the folder ${folder} cannot be made (${(error as Error).message})`,
    )
  }
}

/** mkdir's own `recursive` tries for ever where a parent is there and takes no folder, as in /proc. */
function makeWithParents(folder: string): void {
  if (existsSync(folder)) return
  makeWithParents(dirname(folder))
  mkdirSync(folder, { mode: 0o700 })
}
