/**
 * check-data: whether the data can bear a verdict.
 *
 * Called by: the command `check`; `evaluate`, which gives no verdict while an error fails. Reads: what sql/check/ asks of
 * log and tables. Writes: nothing. Repetition: says the same of the same data and time.
 */
import type { Warehouse } from '../shared/ports.ts'
import { loadDataChecks } from '../shared/runtime/data-checks.ts'
import type { Deps, Progress } from '../shared/runtime/handler.ts'
import type { DataCheck } from '../shared/schema/data-check.ts'

type CheckDeps = Pick<Deps, 'clock'> & { warehouse: Pick<Warehouse, 'query'> }

export type CheckedData = {
  /** No error failed; warnings may have. */
  ok: boolean
  /** The time that counts as now, in ISO 8601. */
  checked_at: string
  checks: DataFinding[]
}

export type DataFinding = Omit<DataCheck, 'sql'> & {
  /** `empty`: there is nothing to check, as in a log that is. */
  status: 'passed' | 'failed' | 'empty'
  checked: number
  /** Of these; 0 while their share is within the check's limit. */
  failed: number
  /** An id of one that failed; null when none did. */
  example: string | null
}

/** Errors first, each kind by name. */
export async function checkData(
  { warehouse, clock }: CheckDeps,
  progress: Progress = () => {},
): Promise<CheckedData> {
  const now = new Date(clock.now()).toISOString()
  const questions = loadDataChecks()
  const checks: DataFinding[] = []
  // One after the other: a server goes on serving meanwhile.
  for (const [index, check] of questions.entries()) {
    progress({ doing: 'checking the data', done: index, total: questions.length, at: check.name })
    checks.push(await findingOf(check, now, warehouse))
  }
  checks.sort((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'))
  const ok = checks.every(({ severity, status }) => severity === 'warning' || status !== 'failed')
  return { ok, checked_at: now, checks }
}

/** @throws RangeError for a check that does not answer one row. */
async function findingOf(
  { sql, ...check }: DataCheck,
  now: string,
  warehouse: CheckDeps['warehouse'],
): Promise<DataFinding> {
  const rows = await warehouse.query(sql, sql.includes('@now') ? { now } : {})
  const [row] = rows as { checked: number; failed: number; example: string | null }[]
  if (row === undefined || rows.length !== 1)
    throw new RangeError(`${check.name} answers ${rows.length} rows`)
  const { checked, failed, example } = row
  return {
    ...check,
    status: checked === 0 ? 'empty' : failed > 0 ? 'failed' : 'passed',
    checked,
    failed,
    example,
  }
}
