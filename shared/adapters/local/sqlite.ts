import { DatabaseSync } from 'node:sqlite'
import { ConfigError } from '../../errors.ts'

/**
 * Opens a database that this process alone may use, durable at each commit. The lock goes with the process,
 * however it ends.
 *
 * @throws ConfigError when another process has it open.
 */
export function openExclusively(path: string, schema: string): DatabaseSync {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;')
    database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT;`)
  } catch (cause) {
    database.close()
    if (!/locked|busy/.test(String(cause))) throw cause
    throw new ConfigError(`${path} is in use by another runner-bandit process.`)
  }
  return database
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
