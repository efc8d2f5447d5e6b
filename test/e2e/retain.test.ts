/** What is removed after its time, what goes together, and what stays for good. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { openFolder } from '../../functions/local/folder.ts'
import { startTicks } from '../../functions/local/ticks.ts'
import { rebuild } from '../../functions/rebuild.ts'
import { replay } from '../../functions/replay.ts'
import { retain } from '../../functions/retain.ts'
import { TransientError } from '../../shared/errors.ts'
import type { Row } from '../../shared/ports.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { encodeEvent } from '../../shared/schema/event.ts'
import { decisionRow, outcomeRow, quarantineRow } from '../contract/warehouse.harness.ts'
import { DAY, finishedEvent, NOON, startedEvent } from '../support/builders.ts'
import { fixedClock } from '../support/fixed-clock.ts'
import { dataFolder, postWebhook, silent, startServer, WEBHOOK_TOKEN } from '../support/server.ts'
import { jobWebhook } from '../support/webhook.ts'

const KEPT_DAYS = 100
const CUTOFF = NOON - KEPT_DAYS * DAY

async function folder() {
  const settings = loadConfig({
    RUNNER_BANDIT_DATA: dataFolder(),
    GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN,
    RETENTION_DAYS: String(KEPT_DAYS),
    QUARANTINE_DAYS: '10',
  })
  const deps = await openFolder(settings, silent, { clock: fixedClock(NOON) })
  onTestFinished(() => deps.close())
  return deps
}

const at = (moment: number) => new Date(moment).toISOString()
const jobsOf = (rows: Row[]) => new Set(rows.map((row) => row.job_id as number))

test('a job’s decisions and outcome are removed together, when the newest of them is old', async () => {
  const deps = await folder()
  const { warehouse } = deps
  const times = [-400 * DAY, -DAY, -1, 0, 1, DAY, 60 * DAY]
  const newest = new Map<number, number>()
  const decisions: Row[] = []
  const outcomes: Row[] = []
  // Every combination of a start's decision, a late one and an outcome on either side of the border, or missing.
  for (const start of [undefined, ...times])
    for (const late of [undefined, ...times])
      for (const end of [undefined, ...times]) {
        const job = newest.size + 1
        const present = [start, late, end].filter((time) => time !== undefined)
        newest.set(job, Math.max(...present))
        if (start !== undefined) decisions.push(decisionRow(job, { decided_at: at(CUTOFF + start) }))
        if (late !== undefined)
          decisions.push(decisionRow(job, { decided_at: at(CUTOFF + late), decided_late: true }))
        if (end !== undefined) outcomes.push(outcomeRow(job, { finished_at: at(CUTOFF + end) }))
      }
  await warehouse.insert('runner_decisions', decisions)
  await warehouse.insert('job_outcomes', outcomes)

  for (const _twice of [1, 2]) {
    await retain(deps)
    const kept = {
      runner_decisions: await warehouse.query('SELECT job_id, decided_at FROM ci_metrics.runner_decisions'),
      job_outcomes: await warehouse.query('SELECT job_id FROM ci_metrics.job_outcomes'),
    }
    const isKept = ({ job_id }: Row) => (newest.get(job_id as number) as number) >= 0
    expect(kept.runner_decisions).toHaveLength(decisions.filter(isKept).length)
    expect(kept.job_outcomes).toHaveLength(outcomes.filter(isKept).length)
    expect(jobsOf(kept.runner_decisions)).toEqual(jobsOf(decisions.filter(isKept)))
    expect(jobsOf(kept.job_outcomes)).toEqual(jobsOf(outcomes.filter(isKept)))
  }
})

test('a job of the same number in another project or instance is another job', async () => {
  const deps = await folder()
  const old = { decided_at: at(CUTOFF - DAY) }
  await deps.warehouse.insert('runner_decisions', [
    decisionRow(1, old),
    decisionRow(1, { ...old, project_id: 43 }),
    decisionRow(1, { ...old, instance: 'elsewhere' }),
  ])
  await deps.warehouse.insert('job_outcomes', [outcomeRow(1, { finished_at: at(CUTOFF + DAY) })])
  await retain(deps)
  expect(await deps.warehouse.query('SELECT instance, project_id FROM ci_metrics.runner_decisions')).toEqual([
    { instance: 'gitlab.example.com', project_id: 42 },
  ])
})

test('of the log only finishes stay for good, so the state is still what it says', async () => {
  const deps = await folder()
  const { warehouse } = deps
  const ages = [3 * 400, 400, KEPT_DAYS + 1, KEPT_DAYS - 1, 1]
  const events = ages.flatMap((age, index) => {
    const job = { jobId: index + 1, occurredAt: NOON - age * DAY }
    return [startedEvent(job), finishedEvent(job), finishedEvent({ ...job, conflicting: true })]
  })
  await warehouse.insert('job_events', events.map(encodeEvent))
  await rebuild({ check: false }, deps)
  await retain(deps)
  expect(await rebuild({ check: true }, deps)).toMatchObject({ equal: true, observations: 5 })
  const kinds = 'SELECT kind, COUNT(*) AS n FROM ci_metrics.job_events GROUP BY kind ORDER BY kind'
  expect(await warehouse.query(kinds)).toEqual([
    { kind: 'job.finished', n: 10 },
    { kind: 'job.started', n: 2 },
  ])
})

test('what a recommendation was drawn from is kept as long as the last one drawn from it', async () => {
  const deps = await folder()
  const set = (id: string, age: number) => ({
    choice_set_id: id,
    made_at: at(NOON - age * DAY),
    policy: 'ucb1',
    policy_version: '1',
    parameters: '{}',
    state_generation: 'g',
    feasible: '[]',
    refused: '{}',
  })
  const drawn = (id: string, from: string, age: number) => ({
    decision_id: id,
    decided_at: at(NOON - age * DAY),
    kind: 'arm',
    project: 'crm',
    job_name: 'unit',
    job_key: 'crm/unit',
    policy: 'ucb1',
    policy_version: '1',
    choice_set_id: from,
    feasible_count: 1,
  })
  await deps.warehouse.insert('choice_sets', [set('old', 300), set('used', 300), set('young', 99)])
  await deps.warehouse.insert('recommendations', [
    drawn('1', 'old', 101),
    drawn('2', 'used', 101),
    drawn('3', 'used', 99),
  ])
  await retain(deps)
  const sets = 'SELECT choice_set_id AS id FROM ci_metrics.choice_sets ORDER BY id'
  expect(await deps.warehouse.query(sets)).toEqual([{ id: 'used' }, { id: 'young' }])
  const kept = 'SELECT decision_id AS id FROM ci_metrics.recommendations'
  expect(await deps.warehouse.query(kept)).toEqual([{ id: '3' }])
})

test('quarantine has a period of its own', async () => {
  const deps = await folder()
  const ages = { old: 11, young: 9 }
  await deps.warehouse.insert(
    'quarantine',
    Object.entries(ages).map(([id, age]) => quarantineRow(id, { received_at: at(NOON - age * DAY) })),
  )
  await retain(deps)
  expect(await deps.warehouse.query('SELECT quarantine_id FROM ci_metrics.quarantine')).toEqual([
    { quarantine_id: 'young' },
  ])
})

test('the keys of the bus are kept for the window of lateness and two days', async () => {
  const deps = await folder()
  const clock = deps.clock as ReturnType<typeof fixedClock>
  const message = { topic: 'quarantine', key: 'k', body: quarantineRow('q') } as const
  await deps.bus.publish(message)
  clock.advance(9 * DAY)
  await retain(deps)
  expect(await deps.bus.publish(message)).toMatchObject({ status: 'duplicate' })
  clock.advance(1)
  await retain(deps)
  expect(await deps.bus.publish(message)).toEqual({ status: 'accepted' })
})

test('what is inserted meanwhile waits for a step, and is there', async () => {
  const deps = await folder()
  const { warehouse } = deps
  const rows = Array.from({ length: 2000 }, (_, index) =>
    decisionRow(index, { decided_at: at(CUTOFF - (index % 300) * DAY - 1) }),
  )
  await warehouse.insert('runner_decisions', rows)
  const retaining = retain(deps)
  for (let job = 10_000; job < 10_020; job += 1)
    await warehouse.insert('runner_decisions', [decisionRow(job, { decided_at: at(NOON) })])
  await retaining
  expect(await warehouse.query('SELECT COUNT(*) AS n FROM ci_metrics.runner_decisions')).toEqual([{ n: 20 }])
})

test('a server does it at its start, and goes on when it fails', async () => {
  const deps = await folder()
  const failures: unknown[] = []
  deps.log = { ...silent, error: (message, fields) => failures.push([message, fields?.name]) }
  await deps.warehouse.insert('quarantine', [quarantineRow('old', { received_at: at(0) })])
  const { warehouse } = deps
  deps.warehouse = { ...warehouse, remove: () => Promise.reject(new TransientError('the disk is full')) }
  await startTicks(deps).stop()
  expect(failures).toEqual([['tick.failed', 'retain']])
  deps.warehouse = warehouse
  const ticks = startTicks(deps)
  await sleep(1)
  await ticks.stop()
  expect(await warehouse.query('SELECT COUNT(*) AS n FROM ci_metrics.quarantine')).toEqual([{ n: 0 }])
  expect(await replay({ paths: [] }, deps)).toMatchObject({ accepted: 0 })
})

test('a job reported again after its id and key are gone is a duplicate all the same', async () => {
  const { url, deps } = await startServer({ RUNNER_BANDIT_API_TOKEN: 'api-token' })
  const clock = fixedClock(Date.now())
  deps.clock = clock
  await postWebhook(url, jobWebhook({ build_id: 1 }))
  await deps.deliveries.drained()
  clock.advance(11 * DAY)
  // The bus has a clock of its own: its keys are made old by hand.
  await deps.bus.forget()
  await postWebhook(url, jobWebhook({ build_id: 2 }, clock.now()))
  await deps.deliveries.drained()
  const response = await fetch(`${url}/update`, {
    method: 'POST',
    headers: { authorization: 'Bearer api-token' },
    body: new URLSearchParams({
      project_id: '101',
      job_id: '1',
      job_name: 'rspec',
      status: 'success',
      duration_seconds: '60',
      runner_id: '2',
      runner_description: 'Mac Docker Runner',
    }),
  })
  expect(await response.json()).toMatchObject({ status: 'duplicate' })
  await deps.deliveries.drained()
  expect(await rebuild({ check: true }, deps)).toMatchObject({ equal: true, observations: 2 })
})
