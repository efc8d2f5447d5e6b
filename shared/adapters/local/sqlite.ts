import { DatabaseSync } from 'node:sqlite'
import { ConfigError } from '../../errors.ts'

/**
 * Opens a database that this process alone may use, durable at each commit, and brings it to the present form. The
 * lock goes with the process, however it ends.
 *
 * @param migrations SQL that leads from each form of the file to the next; `user_version` counts those done.
 * @throws ConfigError when another process has it open, a newer version made it, or it cannot be opened at all.
 */
export function openExclusively(path: string, migrations: readonly string[]): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path)
    database.exec('PRAGMA locking_mode=EXCLUSIVE')
    const form = formOf(database)
    if (form > migrations.length) throw madeByNewer(path, form, migrations.length)
    database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;')
    const steps = migrations.slice(form).join('\n')
    database.exec(`BEGIN IMMEDIATE; ${steps} PRAGMA user_version = ${migrations.length}; COMMIT;`)
    return database
  } catch (error) {
    database?.close()
    if (error instanceof ConfigError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    if (/locked|busy/.test(reason))
      throw new ConfigError(`${path} is in use by another runner-bandit process.`)
    throw new ConfigError(`${path} cannot be opened (${reason}).`)
  }
}

export function formOf(database: DatabaseSync): number {
  return database.prepare('PRAGMA user_version').get()?.user_version as number
}

/** What is said of a file that this version does not know the form of. */
export function madeByNewer(path: string, found: number, known: number): ConfigError {
  return new ConfigError(
    `${path} was made by a newer version of runner-bandit (its form is ${found}, and this version knows ${known}). ` +
      'Nothing in it was changed: run the newer version, or choose another folder with --data.',
  )
}

/** Commits when `work` returns and undoes everything when it throws. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
