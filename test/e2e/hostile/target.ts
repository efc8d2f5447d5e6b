/** What is attacked: the server of one machine, and the deployed functions. Each attack has one answer in both. */
import { createHash } from 'node:crypto'
import type { Deps } from '../../../shared/runtime/handler.ts'
import type { Ability } from '../../contract/ability.ts'

export const API_TOKEN = 'an-api-token-for-tests'
export const ADMIN_TOKEN = 'an-admin-token-for-tests'

export type Environment = Readonly<Record<string, string>>

export type Target = {
  /** Of who takes webhooks. */
  url: string
  port: number
  /** Asks whoever serves the path, with the token of the API unless `init` has other headers. */
  ask(path: string, init?: RequestInit): Promise<Response>
  /** The ports on what it keeps; what it got is handled before they are looked at, by `settled`. */
  deps: Deps
  settled(): Promise<void>
  /** The number of rows in what counts, a digest of the state, the names of files or objects. */
  kept(): Promise<Kept>
  /** How many rows a table has. */
  rows(table: string): Promise<number>
  /** Messages logged at info or above since the last call. */
  newlyLogged(): string[]
}

export type Kept = Record<string, unknown> & { files: string[] }

/** A process whose log and data a person looks at. */
export type Watched = {
  url: string
  /** For commands on its data. */
  env: Environment
  settled(): Promise<void>
  stderr(): string
}

export type Targets = {
  name: string
  /** Why none can be started here. */
  missing?: string
  /** To tell a webhook that comes again from one that is new. */
  knowsRepeats: Ability
  /** To put senders off while too much waits. */
  boundsItsQueue: Ability
  start(env?: Environment): Promise<Target>
  /** One that logs all there is to log. */
  watch(): Promise<Watched>
}

/** The views have what counts, each once; where repeats are not known when they come, the tables have more. */
const COUNTING = ['job_event_log', 'decision_outcomes', 'quarantine', 'recommendations', 'resets']

/** What the two have in common. */
export function looksAt(
  deps: Deps,
  settled: () => Promise<void>,
  files: () => string[],
  tables: readonly string[] = [],
): Pick<Target, 'deps' | 'settled' | 'kept' | 'rows'> {
  return {
    deps,
    settled,
    async rows(table) {
      await settled()
      const [row] = await deps.warehouse.query(`SELECT COUNT(*) AS n FROM ci_metrics.${table}`)
      return Number(row?.n)
    },
    async kept() {
      await settled()
      const state = createHash('sha256')
        .update((await deps.state.bytes()) ?? '')
        .digest('hex')
      const counts = [...COUNTING, ...tables].map(
        (table) => `(SELECT COUNT(*) FROM ci_metrics.${table}) AS ${table}`,
      )
      const [row] = await deps.warehouse.query(`SELECT ${counts.join(', ')}`)
      return { ...row, state, files: [...new Set(files())].sort() }
    },
  }
}
