/** What a warehouse brings to its contract, and rows for it. */
import { beforeAll, onTestFinished } from 'vitest'
import type { Row, Warehouse } from '../../shared/ports.ts'
import { encodeEvent } from '../../shared/schema/event.ts'
import { finishedEvent } from '../support/builders.ts'
import type { WhenDone } from '../support/temporary-folder.ts'
import type { Ability } from './ability.ts'

export type ClosableWarehouse = Warehouse & { close(): Promise<void> }

export type WarehouseHarness = {
  adapter: string
  /** An empty warehouse of the tables and views in sql/, to be opened again and again. */
  fresh(whenDone?: WhenDone): { open(): Promise<ClosableWarehouse> }
  /** Whether an insert of many rows is refused whole when one of them is. */
  insertsAllOrNone: Ability
  /** Whether rows may be about any day, of the past and of the future. */
  takesAnyDay: Ability
}

/** Opens the warehouse for the running test. */
export async function openFor(place: ReturnType<WarehouseHarness['fresh']>): Promise<ClosableWarehouse> {
  const warehouse = await place.open()
  onTestFinished(() => warehouse.close())
  return warehouse
}

/** One warehouse for tests that leave it as they found it, or are content with their own rows in it. */
export function shared(fresh: WarehouseHarness['fresh']): () => ClosableWarehouse {
  let warehouse: ClosableWarehouse | undefined
  beforeAll(async () => {
    const cleanUps: (() => void | Promise<void>)[] = []
    warehouse = await fresh((cleanUp) => cleanUps.push(cleanUp)).open()
    return async () => {
      await warehouse?.close()
      for (const cleanUp of cleanUps) await cleanUp()
    }
  })
  return () => warehouse as ClosableWarehouse
}

const RECEIVED_AT = '2026-03-02T12:00:00.000Z'

export const quarantineRow = (id: string, changes: Row = {}): Row => ({
  quarantine_id: id,
  received_at: RECEIVED_AT,
  source: 'webhook',
  code: 'no-job',
  reason: 'It is no job.',
  project_id: null,
  job_id: null,
  body_bytes: 2,
  payload: '{}',
  ...changes,
})

export const eventRow = (jobId: number, changes: Row = {}): Row => ({
  ...encodeEvent(finishedEvent({ jobId })),
  ...changes,
})

export const decisionRow = (jobId: number, changes: Row = {}): Row => ({
  decision_id: `decision on ${jobId}`,
  instance: 'gitlab.example.com',
  project_id: 42,
  job_id: jobId,
  job_key: '42/unit',
  job_name: 'unit',
  stage: 'test',
  source: 'webhook',
  decided_at: RECEIVED_AT,
  decided_late: false,
  actual_runner: 'a',
  actual_unmanaged: false,
  nsai_feasible_count: 1,
  tags_source: 'unknown',
  known_count: 1,
  feasible: '[]',
  refused: '{}',
  choices: '[]',
  state_generation: '0',
  state_observations: 0,
  ...changes,
})

export const outcomeRow = (jobId: number, changes: Row = {}): Row => ({
  event_id: `gitlab.example.com/42/${jobId}/job.finished`,
  instance: 'gitlab.example.com',
  project_id: 42,
  job_id: jobId,
  job_status: 'success',
  job_duration: 60,
  runner_failure: false,
  arm: 'a',
  finished_at: RECEIVED_AT,
  received_at: RECEIVED_AT,
  late: false,
  ...changes,
})
