/** What is set aside, as the warehouse keeps it: each body once, and only so many. */
import type { Row } from '../ports.ts'
import type { Deps } from './handler.ts'

const CHUNK = 500

type QuarantineDeps = Pick<Deps, 'settings' | 'warehouse'>

/** Appends the rows that are not there yet, as far as there is room. Resolves with how many were not kept. */
export async function keepInQuarantine(
  rows: readonly { quarantine_id: string }[],
  { settings, warehouse }: QuarantineDeps,
): Promise<number> {
  const fresh = new Map(rows.map((row) => [row.quarantine_id, row]))
  for (const known of await byIds([...fresh.keys()], (condition, parameters) =>
    warehouse.query(`SELECT quarantine_id FROM ci_metrics.quarantine WHERE ${condition}`, parameters),
  )) {
    for (const { quarantine_id: id } of known) fresh.delete(id as string)
  }
  if (fresh.size === 0) return 0
  const [count] = await warehouse.query('SELECT COUNT(*) AS n FROM ci_metrics.quarantine')
  const room = Math.max(0, settings.quarantineMaxRows - (count?.n as number))
  await warehouse.insert('quarantine', [...fresh.values()].slice(0, room))
  return Math.max(0, fresh.size - room)
}

/** Resolves with how many were there. */
export async function removeFromQuarantine(
  ids: readonly string[],
  { warehouse }: Pick<Deps, 'warehouse'>,
): Promise<number> {
  const removed = await byIds(ids, (condition, parameters) =>
    warehouse.remove('quarantine', condition, parameters),
  )
  return removed.reduce((sum, some) => sum + some, 0)
}

/** What `use` makes of the ids, some hundred at a time. */
async function byIds<T>(
  ids: readonly string[],
  use: (condition: string, parameters: Record<string, string>) => Promise<T>,
): Promise<T[]> {
  const results: T[] = []
  for (let start = 0; start < ids.length; start += CHUNK) {
    const parameters = Object.fromEntries(
      ids.slice(start, start + CHUNK).map((id, index) => [`id_${index}`, id]),
    )
    const names = Object.keys(parameters).map((name) => `@${name}`)
    results.push(await use(`quarantine_id IN (${names.join(', ')})`, parameters))
  }
  return results
}

/** Rows of quarantine, the newest first. */
export function quarantinedRows(
  { code, id, limit }: { code?: string | undefined; id?: string | undefined; limit?: number },
  { warehouse }: Pick<Deps, 'warehouse'>,
): Promise<Row[]> {
  const { condition, parameters } = selectionOf({ code, id })
  return warehouse.query(
    `SELECT quarantine_id, received_at, source, code, reason, project_id, job_id, body_bytes, payload
     FROM ci_metrics.quarantine WHERE ${condition} ORDER BY received_at DESC, quarantine_id
     ${limit === undefined ? '' : `LIMIT ${Math.floor(limit)}`}`,
    parameters,
  )
}

/** The condition that chooses rows by code or id; all of them when neither is named. */
export function selectionOf(chosen: { code?: string | undefined; id?: string | undefined }): {
  condition: string
  parameters: Record<string, string>
} {
  const columns = { code: 'code', id: 'quarantine_id' }
  const given = Object.entries(chosen).filter((entry): entry is [keyof typeof columns, string] => {
    return entry[1] !== undefined
  })
  const condition = given.map(([name]) => `${columns[name]} = @${name}`).join(' AND ')
  return { condition: condition === '' ? 'TRUE' : condition, parameters: Object.fromEntries(given) }
}
