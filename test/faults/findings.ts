/** What a running server has kept, held against what it promised and against what happened. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { callServer } from '../../functions/local/socket.ts'
import type { OperationName } from '../../functions/operations.ts'
import type { Row } from '../../shared/ports.ts'
import type { Load } from './load.ts'
import { armsOf } from './truth.ts'

/** Runs an operation in the server that has the folder. */
export async function ask<T>(folder: string, name: OperationName, input: unknown): Promise<T> {
  const answer = await callServer(folder, name, input, () => {})
  if (answer === undefined) throw new Error(`no server has ${folder}`)
  return answer.result as T
}

export const query = (folder: string, sql: string) => ask<Row[]>(folder, 'sql', { query: sql })

/**
 * Expects of the server that has the folder: every event that was answered 2xx is in the log; the state is what the
 * log says, byte for byte; each job in the log counts once, in sums computed here from what GitLab played; no job has
 * two rows of decisions and outcomes. Returns how many jobs have finished.
 */
export async function expectKept(folder: string, { day, ledger }: Load): Promise<number> {
  // It waits until everything that was published is handled.
  const { equal } = await ask<{ equal: boolean }>(folder, 'rebuild', { check: true })
  const logged = await query(folder, 'SELECT event_id, kind, job_id FROM ci_metrics.job_event_log')
  const [rows] = await query(
    folder,
    'SELECT COUNT(*) - COUNT(DISTINCT job_id) AS doubled FROM ci_metrics.decision_outcomes',
  )
  const inLog = new Set(logged.map((row) => row.event_id))
  const finished = new Set(logged.flatMap((row) => (row.kind === 'job.finished' ? [row.job_id] : [])))
  expect({
    lost: [...ledger.promised].filter((eventId) => !inLog.has(eventId)),
    doubled: rows?.doubled,
    equal,
    arms: armsIn(folder),
  }).toEqual({
    lost: [],
    doubled: 0,
    equal: true,
    arms: armsOf(day.jobs.filter(({ id }) => finished.has(id))),
  })
  return finished.size
}

/** What the state says; there is none before the first job. */
function armsIn(folder: string): unknown {
  const path = join(folder, 'bandit_state.json')
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).arms : {}
}

/** Expects, besides, that nothing is missing: every job of the day has finished and counts. */
export async function expectComplete(folder: string, load: Load): Promise<void> {
  expect(load.ledger.owed(load.webhooks)).toEqual([])
  expect(await expectKept(folder, load)).toBe(load.day.jobs.length)
}
