/**
 * Views are made when they are first asked for: to make all of them takes longer than to open the file. DuckDB binds a view
 * anew wherever it is read, so each is made as one statement that holds every view it needs once.
 */
import { composed } from '../../schema/compose-sql.ts'
import type { Catalogue } from '../../schema/table.ts'

/** Who asks for the list of what there is, wants all of it. */
const ASKS_FOR_ALL = /\b(information_schema|duckdb_views|duckdb_columns|show)\b/i

/**
 * Makes the views that a text names, each once.
 * @param define runs a statement that changes the file.
 */
export function viewsOnDemand(
  catalogue: Catalogue,
  define: (ddl: string) => Promise<unknown>,
): (sql: string) => Promise<void> {
  const making = new Map<string, Promise<unknown>>()
  function make(name: string): Promise<unknown> {
    const ddl = `CREATE OR REPLACE VIEW ci_metrics.${name} AS ${composed(name, catalogue)}`
    const made = define(ddl).catch((error: unknown) => {
      making.delete(name)
      throw error
    })
    making.set(name, made)
    return made
  }
  return async (sql) => {
    const words = new Set(sql.toLowerCase().match(/\w+/g))
    const all = ASKS_FOR_ALL.test(sql)
    for (const name of catalogue.views.keys()) {
      if (all || words.has(name)) await (making.get(name) ?? make(name))
    }
  }
}
