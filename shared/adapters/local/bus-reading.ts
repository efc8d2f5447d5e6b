/** What the embedded bus's file says while nobody has it open, without a byte of it being changed. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Instant } from '../../domain/event.ts'
import { ConfigError } from '../../errors.ts'
import type { EventBus, Topic } from '../../ports.ts'
import { busMigrations } from './bus-schema.ts'
import { openDeadLetterStore } from './dead-letter-store.ts'
import { openExclusively } from './sqlite.ts'
import { openSubscriptionStore } from './subscription-store.ts'

export type BusReading = Pick<EventBus, 'depths' | 'oldestWaitingAt' | 'deadLetterCount'> & {
  close(): void
}

/**
 * Reads a copy: opening the file itself would write its log back into it.
 * @throws ConfigError when the file was made by a newer version, or cannot be read.
 */
export function openBusForReading(path: string, now: Instant): BusReading {
  const folder = mkdtempSync(join(tmpdir(), 'runner-bandit-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const copy = join(folder, 'bus.db')
    for (const ending of ['', '-wal'])
      if (existsSync(path + ending)) copyFileSync(path + ending, copy + ending)
    const database = openExclusively(copy, busMigrations(now))
    const deadLetters = openDeadLetterStore(database)
    const oldest = database.prepare('SELECT MIN(published_at) AS at FROM messages')
    const subscriptions = database.prepare('SELECT name, topic FROM subscriptions').all() as {
      name: string
      topic: Topic
    }[]
    return {
      depths: () =>
        Object.fromEntries(
          subscriptions.map(({ name, topic }) => {
            const store = openSubscriptionStore(database, name, topic)
            return [name, store.backlog(store.cursor())]
          }),
        ),
      oldestWaitingAt: () => (oldest.get()?.at as number | null) ?? null,
      deadLetterCount: deadLetters.count,
      close() {
        database.close()
        remove()
      },
    }
  } catch (error) {
    remove()
    if (error instanceof ConfigError)
      throw new ConfigError(error.message.replaceAll(folder, join(path, '..')))
    throw new ConfigError(`${path} cannot be read (${(error as Error).message}).`)
  }
}
