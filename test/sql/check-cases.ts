/** The cases of a check of the data (test/sql/check/<name>.yaml), for every engine that is to answer them. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { loadCatalogue } from '../../shared/runtime/sql.ts'
import type { Catalogue } from '../../shared/schema/table.ts'
import type { TableRows } from './cases.ts'

export type CheckAnswer = { checked: number; failed: number; example: string | null }
export type CheckCase = {
  case: string
  /** The time that counts as now. */
  now: string
  tables: TableRows
  expected: CheckAnswer
}

const NOW = '2026-01-15T12:00:00.000Z'

/** The cases as they are written; none when the file is missing. */
export function checkCasesOf(name: string): CheckCase[] {
  const file = join(import.meta.dirname, 'check', `${name}.yaml`)
  if (!existsSync(file)) return []
  return (parse(readFileSync(file, 'utf8')) as CheckCase[]).map((example) => ({
    ...example,
    now: example.now ?? NOW,
  }))
}

/** The catalogue without other views: a warehouse that has few is open sooner. */
export function onlyViews(names: readonly string[]): Catalogue {
  const { views, ...catalogue } = loadCatalogue()
  return { ...catalogue, views: new Map([...views].filter(([name]) => names.includes(name))) }
}
