/** The form of the embedded bus's file, as the steps that lead to it. */
import type { Instant } from '../../domain/event.ts'

/**
 * Step n makes a file of form n (its `user_version`) from one of form n - 1. A step is never changed once files were
 * made by it. Files from before forms were counted have the tables of form 1, and count as 0.
 *
 * @param now what messages are taken to have been said at, whose time was not written down.
 */
export function busMigrations(now: Instant): readonly string[] {
  return [
    `CREATE TABLE IF NOT EXISTS messages (
       seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, body TEXT NOT NULL);
     CREATE INDEX IF NOT EXISTS messages_of_topic ON messages (topic, seq);
     CREATE TABLE IF NOT EXISTS published (key TEXT PRIMARY KEY, claim TEXT) WITHOUT ROWID;
     CREATE TABLE IF NOT EXISTS subscriptions (
       name TEXT PRIMARY KEY, topic TEXT NOT NULL, cursor INTEGER NOT NULL);
     CREATE TABLE IF NOT EXISTS retries (
       subscription TEXT NOT NULL, seq INTEGER NOT NULL, attempts INTEGER NOT NULL, due_at INTEGER NOT NULL,
       reason TEXT NOT NULL, PRIMARY KEY (subscription, seq)) WITHOUT ROWID;
     CREATE TABLE IF NOT EXISTS dead_letters (
       subscription TEXT NOT NULL, seq INTEGER NOT NULL, topic TEXT NOT NULL, body TEXT NOT NULL,
       reason TEXT NOT NULL, died_at INTEGER NOT NULL, PRIMARY KEY (subscription, seq)) WITHOUT ROWID;`,
    `ALTER TABLE published ADD COLUMN said_at INTEGER NOT NULL DEFAULT ${Math.floor(now)};
     ALTER TABLE messages ADD COLUMN published_at INTEGER NOT NULL DEFAULT ${Math.floor(now)};
     ${['messages', 'dead_letters'].map(withNewColumns).join('\n')}`,
  ]
}

/** Rows that wait to be written, in the form that their tables have since. */
function withNewColumns(table: string): string {
  return `
     UPDATE ${table} SET body = json_insert(body, '$.job_tags', NULL, '$.idempotency_key', NULL)
     WHERE topic = 'job-events';
     UPDATE ${table} SET body = json_remove(
       json_set(body, '$.choice_set_id', NULL,
         '$.feasible_count', json_array_length(json_extract(body, '$.feasible'))),
       '$.feasible', '$.refused')
     WHERE topic = 'recommendations' AND json_type(body, '$.feasible') = 'text';`
}
