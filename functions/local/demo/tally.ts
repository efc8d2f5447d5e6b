/**
 * The newest jobs as the warehouse takes them: what each policy would have picked, and how they ended. Counted from
 * the rows on their way, since the views take the longer the more rows there are.
 */
import type { FinalStatus, Instant } from '../../../shared/domain/event.ts'
import type { TableName, Warehouse } from '../../../shared/ports.ts'
import { decisionRow, outcomeRow } from '../../../shared/schema/rows.ts'
import { decodeOrThrow } from '../../../shared/schema/wire.ts'

export type SeenJob = {
  project: string
  name: string
  /** Null when no runner had it. */
  arm: string | null
  /** What each policy picked of the feasible set. */
  picks: ReadonlyMap<string, string | null>
  status: FinalStatus
  runnerFailure: boolean
  /** Null when not known. */
  seconds: number | null
  finishedAt: Instant
}

type Decided = Pick<SeenJob, 'project' | 'name' | 'picks'> & { late: boolean; arm: string | null }
type Ended = Pick<SeenJob, 'status' | 'runnerFailure' | 'seconds' | 'finishedAt' | 'arm'>

export type Tally = {
  take(table: TableName, rows: readonly object[]): void
  /** The newest jobs that were decided on and have ended, in the order in which that was recorded. */
  newest(): SeenJob[]
}

/** As the view decision_outcomes: the decision at a job's start counts, else the late one; of outcomes the first. */
export function createTally(most: number): Tally {
  const decided = new Map<number, Decided>()
  const ended = new Map<number, Ended>()

  function takeDecision(row: object): void {
    const { job_id, job_name, project_path, decided_late, actual_runner, choices } = decodeOrThrow(
      decisionRow,
      row,
      'runner_decisions',
    )
    if (decided.get(job_id)?.late === false || (decided.has(job_id) && decided_late)) return
    decided.set(job_id, {
      project: project_path?.split('/').at(-1) ?? '',
      name: job_name,
      arm: actual_runner,
      picks: new Map(choices.flatMap(({ policy, set, arm }) => (set === 'feasible' ? [[policy, arm]] : []))),
      late: decided_late,
    })
  }

  function takeOutcome(row: object): void {
    const { job_id, job_status, job_duration, runner_failure, finished_at, arm } = decodeOrThrow(
      outcomeRow,
      row,
      'job_outcomes',
    )
    if (ended.has(job_id)) return
    ended.set(job_id, {
      status: job_status,
      runnerFailure: runner_failure,
      seconds: job_duration,
      finishedAt: finished_at,
      arm,
    })
    if (ended.size <= most) return
    const [oldest] = ended.keys()
    ended.delete(oldest as number)
    decided.delete(oldest as number)
  }

  return {
    take(table, rows) {
      if (table === 'runner_decisions') rows.forEach(takeDecision)
      if (table === 'job_outcomes') rows.forEach(takeOutcome)
    },
    newest: () =>
      [...ended].flatMap(([jobId, outcome]) => {
        const decision = decided.get(jobId)
        if (decision === undefined) return []
        const { late: _, ...rest } = decision
        return [{ ...rest, ...outcome, arm: outcome.arm ?? decision.arm }]
      }),
  }
}

/** The warehouse, with every row that it has taken shown to the tally. */
export function tallied(warehouse: Warehouse, tally: Tally): Warehouse {
  return {
    ...warehouse,
    async insert(table, rows) {
      await warehouse.insert(table, rows)
      tally.take(table, rows)
    },
  }
}
