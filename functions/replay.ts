/**
 * replay: the past, from files of webhook bodies. A bulk source (law 6): see `shared/runtime/bulk.ts`.
 *
 * Called by: the command line. Reads: files, the log. Writes: what `takeInPast` writes. Repetition: what is in the log
 * is a duplicate.
 */
import { startPast, takeInPast } from '../shared/runtime/bulk.ts'
import type { Deps, Progress } from '../shared/runtime/handler.ts'
import { parseBody, takeInAll } from '../shared/schema/intake.ts'

export type ReplayReport = {
  /** Bodies read; a line of NDJSON is one. */
  files: number
  accepted: number
  duplicates: number
  ignored: number
  quarantined: number
  /** Why bodies were ignored or quarantined, and how many. */
  by_reason: Record<string, number>
}

type ReplayDeps = Parameters<typeof takeInPast>[1] & Pick<Deps, 'webhookFiles'>

export async function replay(
  input: { paths: readonly string[] },
  deps: ReplayDeps,
  progress: Progress = () => {},
): Promise<ReplayReport> {
  const past = startPast('replay', deps)
  let files = 0
  for await (const { name, bytes } of deps.webhookFiles.read(input.paths)) {
    files += 1
    progress({ doing: 'reading', done: files })
    past.add(takeInAll(parseBody(bytes), bytes, past.context), name)
  }
  const { accepted, duplicates } = await takeInPast(past, deps, progress)
  const report = { files, accepted, duplicates, ...past.counts }
  deps.log.info('files.replayed', { ...report })
  return report
}
