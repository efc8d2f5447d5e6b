/** The form of the warehouse's file: what sql/ describes is made, and what an older version made is brought up to it. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { ConfigError } from '../../errors.ts'
import type { Catalogue, TableDescription } from '../../schema/table.ts'
import { DUCKDB_TYPE } from './duckdb-cells.ts'
import { RESHAPES, type Reshape } from './duckdb-reshapes.ts'

export const DATASET = 'ci_metrics'
/** The warehouse shares a process with the server; a person's query must not take the machine. */
const MEMORY_LIMIT = '1GB'

type Column = TableDescription['columns'][number]

/** @throws ConfigError when a newer version made the file, or a table in it cannot become what is described. */
export async function prepareFile(
  connection: DuckDBConnection,
  path: string,
  { tables, macros }: Catalogue,
): Promise<void> {
  await connection.run("SET GLOBAL TimeZone = 'UTC'")
  await connection.run("SET GLOBAL default_null_order = 'nulls_first_on_asc_last_on_desc'")
  const present = await presentColumns(connection)
  refuseNewer(path, tables, present)
  const reshaped = [...present.keys()].filter((name) => isOfOldShape(name, present))
  refuseOther(path, tables, present, reshaped)
  await connection.run(`BEGIN TRANSACTION; CREATE SCHEMA IF NOT EXISTS ${DATASET}`)
  for (const [name, { columns }] of tables) {
    const found = present.get(name)
    if (found === undefined) await connection.run(createTable(name, columns))
    if (found === undefined || reshaped.includes(name)) continue
    for (const column of columns.slice(found.length)) {
      await connection.run(`ALTER TABLE ${DATASET}.${name} ADD COLUMN ${definitionOf(column)}`)
    }
  }
  for (const name of reshaped) await reshape(connection, name, tables, present)
  await connection.run(macros)
  await connection.run('COMMIT')
  await connection.run(`SET memory_limit = '${MEMORY_LIMIT}'`)
  // Rows come in the order that is asked for; to keep that of the table as well takes the memory that a million jobs need.
  await connection.run('SET preserve_insertion_order = false')
  await connection.run('SET enable_external_access = false; SET lock_configuration = true')
}

/** Table → its columns, in their order. */
export async function presentColumns(connection: DuckDBConnection): Promise<Map<string, string[]>> {
  const result = await connection.runAndReadAll(`
    SELECT table_name, column_name
    FROM duckdb_columns() JOIN duckdb_tables() USING (schema_name, table_name)
    WHERE schema_name = '${DATASET}' ORDER BY column_index`)
  const present = new Map<string, string[]>()
  for (const [table, column] of result.getRows() as [string, string][]) {
    present.set(table, [...(present.get(table) ?? []), column])
  }
  return present
}

/** @throws ConfigError: what this version does not know would be lost of every row that it writes. */
export function refuseNewer(path: string, tables: Catalogue['tables'], present: Map<string, string[]>): void {
  const faults = [...tables].flatMap(([name, { columns }]) => {
    const known = new Set(columns.map((column) => column.name))
    const isKnown = (column: string) => known.has(column) || RESHAPES[name]?.retired.includes(column)
    const unknown = (present.get(name) ?? []).filter((column) => !isKnown(column))
    return unknown.length === 0 ? [] : [`${DATASET}.${name} has ${unknown.join(', ')}`]
  })
  if (faults.length === 0) return
  throw new ConfigError(
    `${path} was made by a newer version of runner-bandit: it has columns that this version does not know. ` +
      'Nothing in it was changed: run the newer version, or choose another folder with --data.',
    faults,
  )
}

/**
 * A column that the file lacks can be added when it is one of the last, since rows are appended by position, and may
 * be NULL, since the rows that are there have no value for it.
 */
function refuseOther(
  path: string,
  tables: Catalogue['tables'],
  present: Map<string, string[]>,
  reshaped: readonly string[],
): void {
  const faults = [...tables].flatMap(([name, { columns }]) => {
    const found = present.get(name)
    if (found === undefined || reshaped.includes(name)) return []
    const isPrefix = found.every((column, index) => columns[index]?.name === column)
    if (isPrefix && columns.slice(found.length).every(({ mode }) => mode === 'NULLABLE')) return []
    const described = columns.map((column) => column.name).join(', ')
    return [`${DATASET}.${name} has the columns ${found.join(', ')}, not ${described}`]
  })
  if (faults.length > 0) throw new ConfigError(`${path} was made by another version.`, faults)
}

function isOfOldShape(name: string, present: Map<string, string[]>): boolean {
  const { retired = [] } = RESHAPES[name] ?? {}
  return retired.some((column) => present.get(name)?.includes(column))
}

/** Makes the table anew, from the rows of the one that is there. */
async function reshape(
  connection: DuckDBConnection,
  name: string,
  tables: Catalogue['tables'],
  present: Map<string, string[]>,
): Promise<void> {
  const { before, values } = RESHAPES[name] as Reshape
  const { columns } = tables.get(name) as TableDescription
  const kept = new Set(present.get(name))
  const cells = columns.map((column) => values[column.name] ?? (kept.has(column.name) ? column.name : 'NULL'))
  const old = `${name}_of_old_shape`
  await connection.run(before)
  await connection.run(`CREATE TEMPORARY TABLE ${old} AS SELECT * FROM ${DATASET}.${name}`)
  await connection.run(`DROP TABLE ${DATASET}.${name}`)
  await connection.run(createTable(name, columns))
  await connection.run(`INSERT INTO ${DATASET}.${name} SELECT ${cells.join(', ')} FROM ${old}`)
  await connection.run(`DROP TABLE ${old}`)
}

function createTable(name: string, columns: readonly Column[]): string {
  const definitions = columns.map(
    (column) => definitionOf(column) + (column.mode === 'REQUIRED' ? ' NOT NULL' : ''),
  )
  return `CREATE TABLE ${DATASET}.${name} (${definitions.join(', ')})`
}

const definitionOf = ({ name, type }: Column) => `${name} ${DUCKDB_TYPE[type]}`
