import { DatabaseSync } from 'node:sqlite'
import { ConfigError } from '../../errors.ts'

/**
 * Opens a database that this process alone may use, durable at each commit. The lock goes with the process,
 * however it ends.
 *
 * @throws ConfigError when another process has it open, or it cannot be opened at all.
 */
export function openExclusively(path: string, schema: string): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path)
    database.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;')
    database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT;`)
    return database
  } catch (error) {
    database?.close()
    const reason = error instanceof Error ? error.message : String(error)
    if (/locked|busy/.test(reason))
      throw new ConfigError(`${path} is in use by another runner-bandit process.`)
    throw new ConfigError(`${path} cannot be opened (${reason}).`)
  }
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
