/** The keys that were said on the embedded bus, what each was first said with, and when. */
import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Instant } from '../../domain/event.ts'

/** So many keys are looked through at a time when old ones are forgotten; webhooks are answered in between. */
const KEYS_AT_ONCE = 2000

export function openKeyStore(database: DatabaseSync) {
  const prepare = (sql: string) => database.prepare(sql)
  const insert = prepare('INSERT OR IGNORE INTO published (key, claim, said_at) VALUES (?, ?, ?)')
  const selectClaim = prepare('SELECT claim FROM published WHERE key = ?')
  const selectPage = prepare(`
    SELECT MAX(key) AS last FROM (SELECT key FROM published WHERE key > ? ORDER BY key LIMIT ${KEYS_AT_ONCE})`)
  const deletePage = prepare('DELETE FROM published WHERE key > ? AND key <= ? AND said_at < ?')
  const deleteAll = prepare('DELETE FROM published')

  return {
    /** Whether the key is new; an old one keeps what it was first said with. */
    say: (key: string, claim: string, at: Instant) => insert.run(key, claim, at).changes === 1,
    firstClaim: (key: string) => selectClaim.get(key)?.claim as string,
    forgetAll: () => Number(deleteAll.run().changes),
    /** Page by page in the order of keys: an index of times would double what each key takes. */
    async forgetSaidBefore(moment: Instant, goesOn: () => boolean): Promise<number> {
      let forgotten = 0
      let from = ''
      while (goesOn()) {
        const last = selectPage.get(from)?.last as string | null
        if (last === null) break
        forgotten += Number(deletePage.run(from, last, moment).changes)
        from = last
        await nextTurn()
      }
      return forgotten
    },
  }
}
