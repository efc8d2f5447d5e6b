/** Reads `sql/`: a table is a .yaml alone, a view is a .sql with its columns described in a .yaml beside it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Catalogue, parseTable, type TableDescription } from '../schema/table.ts'

const FOLDER = join(import.meta.dirname, '../../sql')
const DATASET_FOLDER = join(FOLDER, 'ci_metrics')

export function loadCatalogue(): Catalogue {
  const files = readdirSync(DATASET_FOLDER).sort()
  const named = (extension: string) =>
    files.filter((file) => file.endsWith(extension)).map((file) => file.slice(0, -extension.length))
  const selects = new Map(named('.sql').map((name) => [name, read(`${name}.sql`)]))
  const tables = named('.yaml').filter((name) => !selects.has(name))
  return {
    tables: new Map(tables.map((name) => [name, describe(name)])),
    views: inOrderOfUse(selects),
    macros: readFileSync(join(FOLDER, 'duckdb.sql'), 'utf8'),
  }
}

/** The same, read when it is first asked: most functions never are. */
export function catalogueAtFirstUse(): Catalogue {
  let loaded: Catalogue | undefined
  const catalogue = () => {
    loaded ??= loadCatalogue()
    return loaded
  }
  return {
    get tables() {
      return catalogue().tables
    },
    get views() {
      return catalogue().views
    },
    get macros() {
      return catalogue().macros
    },
  }
}

/** The columns of a table or view. */
export function describe(name: string): TableDescription {
  return parseTable(read(`${name}.yaml`))
}

function inOrderOfUse(selects: ReadonlyMap<string, string>): Map<string, string> {
  const ordered = new Map<string, string>()
  const visit = (name: string, path: readonly string[]) => {
    const select = selects.get(name)
    if (select === undefined || ordered.has(name)) return
    if (path.includes(name))
      throw new Error(`views use each other in a circle: ${[...path, name].join(' → ')}`)
    for (const [, used] of select.matchAll(/\bci_metrics\.([a-z_]+)/g)) visit(used as string, [...path, name])
    ordered.set(name, select)
  }
  for (const name of selects.keys()) visit(name, [])
  return ordered
}

function read(file: string): string {
  return readFileSync(join(DATASET_FOLDER, file), 'utf8')
}
