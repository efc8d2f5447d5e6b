/** The dead letters in the embedded bus's file, whichever subscription gave up on them. */
import type { DatabaseSync } from 'node:sqlite'
import type { DeadLetter } from '../../ports.ts'
import { inTransaction } from './sqlite.ts'

export function openDeadLetterStore(database: DatabaseSync) {
  const prepare = (sql: string) => database.prepare(sql)
  const ofSubscription = '(@subscription IS NULL OR subscription = @subscription)'
  const count = prepare('SELECT COUNT(*) AS count FROM dead_letters')
  const list = prepare(`
    SELECT subscription, body, reason, died_at FROM dead_letters WHERE ${ofSubscription}
    ORDER BY died_at DESC, seq DESC LIMIT @limit`)
  const choose = prepare('SELECT seq FROM dead_letters WHERE subscription = ? ORDER BY seq LIMIT ?')
  // What every other subscription is done with is no longer kept; its number puts it back where it was, before
  // their cursors, and the retry keeps it there.
  const revive = prepare(`
    INSERT OR IGNORE INTO messages (seq, topic, body, published_at)
    SELECT seq, topic, body, ? FROM dead_letters WHERE subscription = ? AND seq = ?`)
  const setAside = prepare(`
    INSERT OR REPLACE INTO retries (subscription, seq, attempts, due_at, reason)
    SELECT subscription, seq, 0, ?, reason FROM dead_letters WHERE subscription = ? AND seq = ?`)
  const remove = prepare('DELETE FROM dead_letters WHERE subscription = ? AND seq = ?')

  return {
    count: () => count.get()?.count as number,
    list(subscription: string | undefined, limit: number): DeadLetter[] {
      const rows = list.all({ subscription: subscription ?? null, limit })
      return rows.map((row) => ({
        subscription: row.subscription as string,
        body: JSON.parse(row.body as string),
        reason: row.reason as string,
        diedAt: row.died_at as number,
      }))
    },
    /** Makes some of a subscription's untried retries, all or none; returns how many. */
    redriveSome(subscription: string, limit: number, now: number): number {
      return inTransaction(database, () => {
        const chosen = choose.all(subscription, limit) as { seq: number }[]
        for (const { seq } of chosen) {
          revive.run(now, subscription, seq)
          setAside.run(now, subscription, seq)
          remove.run(subscription, seq)
        }
        return chosen.length
      })
    },
  }
}
