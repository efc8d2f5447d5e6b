/** Reads `sql/check/`: a check of the data is a .sql, and a .yaml beside it that says what it means. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DataCheck, parseDataCheck } from '../schema/data-check.ts'

const FOLDER = join(import.meta.dirname, '../../sql/check')

/** In the order of their names. */
export function loadDataChecks(): DataCheck[] {
  const read = (file: string) => readFileSync(join(FOLDER, file), 'utf8')
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => file.slice(0, -'.sql'.length))
    .map((name) => parseDataCheck(name, read(`${name}.yaml`), read(`${name}.sql`)))
}
