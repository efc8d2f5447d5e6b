/** What the embedded bus's file knows of one subscription: its cursor, its retries, its dead letters. */
import type { DatabaseSync } from 'node:sqlite'
import type { Topic } from '../../ports.ts'
import { MAX_BACKOFF_MS } from './subscription-options.ts'

/** A message to handle; `attempts` are the failed ones so far. */
export type Pending = { seq: number; body: string; attempts: number }

export function openSubscriptionStore(database: DatabaseSync, name: string, topic: Topic) {
  const prepare = (sql: string) => database.prepare(sql)
  prepare('INSERT OR IGNORE INTO subscriptions (name, topic, cursor) VALUES (?, ?, 0)').run(name, topic)
  const selectCursor = prepare('SELECT cursor FROM subscriptions WHERE name = ?')
  const updateCursor = prepare('UPDATE subscriptions SET cursor = ? WHERE name = ?')
  const selectNewest = prepare('SELECT MAX(seq) AS seq FROM messages WHERE topic = ?')
  const countBehind = prepare('SELECT COUNT(*) AS count FROM messages WHERE topic = ? AND seq > ?')
  const countRetries = prepare('SELECT COUNT(*) AS count FROM retries WHERE subscription = ?')
  const countUntried = prepare(
    'SELECT COUNT(*) AS count FROM retries WHERE subscription = ? AND attempts = 0',
  )
  const selectBatch = prepare(
    'SELECT seq, body, 0 AS attempts FROM messages WHERE topic = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
  )
  // Due later than any backoff is what was put off before the clock went back.
  const selectDue = prepare(`
    SELECT seq, body, attempts FROM retries JOIN messages USING (seq)
    WHERE subscription = ? AND attempts > 0 AND (due_at <= ? OR due_at > ?) ORDER BY due_at LIMIT ?`)
  const selectUntried = prepare(`
    SELECT seq, body, attempts FROM retries JOIN messages USING (seq)
    WHERE subscription = ? AND attempts = 0 ORDER BY seq LIMIT ?`)
  const selectNextDue = prepare('SELECT MIN(due_at) AS due_at FROM retries WHERE subscription = ?')
  const upsertRetry = prepare('INSERT OR REPLACE INTO retries VALUES (?, ?, ?, ?, ?)')
  const deleteRetry = prepare('DELETE FROM retries WHERE subscription = ? AND seq = ?')
  const insertDead = prepare('INSERT OR REPLACE INTO dead_letters VALUES (?, ?, ?, ?, ?, ?)')
  const deleteHandled = prepare(`
    DELETE FROM messages WHERE topic = ? AND seq NOT IN (SELECT seq FROM retries)
      AND seq <= (SELECT MIN(cursor) FROM subscriptions WHERE topic = ?)`)
  const count = (row: Record<string, unknown> | undefined) => row?.count as number

  return {
    /** The newest message that was handled or set aside; 0 before the first. */
    cursor: () => selectCursor.get(name)?.cursor as number,
    moveCursor: (seq: number) => updateCursor.run(seq, name),
    /** The newest message of the topic that is kept; 0 when none is. */
    newest: () => (selectNewest.get(topic)?.seq as number | null) ?? 0,
    backlog: (cursor: number) => count(countBehind.get(topic, cursor)) + count(countRetries.get(name)),
    retries: () => count(countRetries.get(name)),
    /** Those that were dead letters, and were not tried since. */
    untried: () => count(countUntried.get(name)),
    untriedBatch: (size: number) => selectUntried.all(name, size) as unknown as Pending[],
    batch: (cursor: number, last: number, size: number) =>
      selectBatch.all(topic, cursor, Math.min(last, Number.MAX_SAFE_INTEGER), size) as unknown as Pending[],
    dueRetries: (now: number, size: number) =>
      selectDue.all(name, now, now + MAX_BACKOFF_MS, size) as unknown as Pending[],
    nextRetryAt: () => selectNextDue.get(name)?.due_at as number | null,
    retryLater: (seq: number, attempts: number, dueAt: number, reason: string) =>
      upsertRetry.run(name, seq, attempts, dueAt, reason),
    removeRetry: (seq: number) => deleteRetry.run(name, seq),
    bury(seq: number, body: string, reason: string, at: number) {
      insertDead.run(name, seq, topic, body, reason, at)
      deleteRetry.run(name, seq)
    },
    /** Deletes what every subscription of the topic is done with. */
    prune: () => deleteHandled.run(topic, topic),
  }
}
