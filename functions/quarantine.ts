/**
 * quarantine: what was authentic and not understood is looked at, taken in again, or dropped.
 *
 * Called by: the command line. Reads and writes: table `quarantine`; redrive also what `takeInPast` writes. Repetition:
 * what was taken in has left, and a crash before it left makes a duplicate of it, which leaves the next time.
 */
import { InvalidInputError } from '../shared/errors.ts'
import { breather } from '../shared/runtime/breathe.ts'
import { startPast, takeInPast } from '../shared/runtime/bulk.ts'
import type { Deps, Progress } from '../shared/runtime/handler.ts'
import { quarantinedRows, removeFromQuarantine, selectionOf } from '../shared/runtime/quarantine.ts'
import { parseBody, takeInAll } from '../shared/schema/intake.ts'

/** Which bodies are meant. */
export type Selection = { code?: string | undefined; id?: string | undefined }

export type QuarantineReport = {
  quarantined: number
  by_code: { code: string; bodies: number; oldest_at: string; newest_at: string }[]
  newest: Record<string, unknown>[]
}

export type RedriveReport = {
  /** Bodies looked at. */
  bodies: number
  /** Events that are new, and those that were in the log. */
  accepted: number
  duplicates: number
  /** Bodies that tell of nothing that is learned from. */
  ignored: number
  /** Bodies that left, and those that are still not understood. */
  left: number
  stayed: number
}

export async function listQuarantine(
  { limit }: { limit: number },
  deps: Pick<Deps, 'warehouse'>,
): Promise<QuarantineReport> {
  const byCode = await deps.warehouse.query(`
    SELECT code, COUNT(DISTINCT quarantine_id) AS bodies, MIN(received_at) AS oldest_at, MAX(received_at) AS newest_at
    FROM ci_metrics.quarantine GROUP BY code ORDER BY bodies DESC, code`)
  return {
    quarantined: byCode.reduce((sum, { bodies }) => sum + (bodies as number), 0),
    by_code: byCode as QuarantineReport['by_code'],
    newest: await quarantinedRows({ limit }, deps),
  }
}

/** Takes the bodies in again as the past (law 6): never late, and not if the log has them. */
export async function redriveQuarantine(
  selection: Selection,
  deps: Parameters<typeof takeInPast>[1],
  progress: Progress,
): Promise<RedriveReport> {
  const rows = await quarantinedRows(selection, deps)
  const past = startPast('replay', deps)
  const breathe = breather()
  const leaving: string[] = []
  for (const { quarantine_id: id, payload } of rows as { quarantine_id: string; payload: string }[]) {
    const bytes = new TextEncoder().encode(payload)
    const intakes = takeInAll(parseBody(bytes), bytes, past.context)
    await breathe()
    if (intakes.some(({ status }) => status === 'quarantined')) continue
    past.add(intakes, id)
    leaving.push(id)
  }
  const { accepted, duplicates } = await takeInPast(past, deps, progress)
  const left = await removeFromQuarantine(leaving, deps)
  const report = {
    bodies: rows.length,
    accepted,
    duplicates,
    ignored: past.counts.ignored,
    left,
    stayed: rows.length - leaving.length,
  }
  deps.log.info('bodies.redriven', report)
  return report
}

/** @throws InvalidInputError when neither a selection nor `all` says what is meant. */
export async function dropQuarantine(
  { all, ...selection }: Selection & { all: boolean },
  { warehouse, log }: Pick<Deps, 'warehouse' | 'log'>,
): Promise<{ dropped: number }> {
  const isSelected = selection.code !== undefined || selection.id !== undefined
  if (isSelected === all) throw new InvalidInputError('Say what to drop: --code, --id or --all.')
  const { condition, parameters } = selectionOf(selection)
  const dropped = await warehouse.remove('quarantine', condition, parameters)
  log.info('bodies.dropped', { ...selection, dropped })
  return { dropped }
}
