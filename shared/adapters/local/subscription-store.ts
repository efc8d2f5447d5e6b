/** What the embedded bus's file knows of one subscription: its cursor, its retries, its dead letters. */
import type { DatabaseSync } from 'node:sqlite'
import type { Topic } from '../../ports.ts'

export const SUBSCRIPTION_SCHEMA = `
  CREATE TABLE IF NOT EXISTS subscriptions (name TEXT PRIMARY KEY, topic TEXT NOT NULL, cursor INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS retries (
    subscription TEXT NOT NULL, seq INTEGER NOT NULL, attempts INTEGER NOT NULL, due_at INTEGER NOT NULL,
    reason TEXT NOT NULL, PRIMARY KEY (subscription, seq)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS dead_letters (
    subscription TEXT NOT NULL, seq INTEGER NOT NULL, topic TEXT NOT NULL, body TEXT NOT NULL,
    reason TEXT NOT NULL, died_at INTEGER NOT NULL, PRIMARY KEY (subscription, seq)) WITHOUT ROWID;`

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
  const selectBatch = prepare(
    'SELECT seq, body, 0 AS attempts FROM messages WHERE topic = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
  )
  const selectDue = prepare(`
    SELECT seq, body, attempts FROM retries JOIN messages USING (seq)
    WHERE subscription = ? AND due_at <= ? ORDER BY due_at LIMIT ?`)
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
    batch: (cursor: number, last: number, size: number) =>
      selectBatch.all(topic, cursor, Math.min(last, Number.MAX_SAFE_INTEGER), size) as unknown as Pending[],
    dueRetries: (now: number, size: number) => selectDue.all(name, now, size) as unknown as Pending[],
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
