/** Dead letters given back count once, however old they are, and decide nothing from what came after them. */
import { expect, onTestFinished, test } from 'vitest'
import { ingest } from '../../functions/ingest.ts'
import { openFolder } from '../../functions/local/folder.ts'
import { runOperation } from '../../functions/operations.ts'
import { rebuild } from '../../functions/rebuild.ts'
import { InvalidInputError } from '../../shared/errors.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import { DAY, NOON } from '../support/builders.ts'
import { type FixedClock, fixedClock } from '../support/fixed-clock.ts'
import { dataFolder, runCommand, silent, startServer, WEBHOOK_TOKEN } from '../support/server.ts'
import { jobWebhook } from '../support/webhook.ts'

type Setting = { deps: LocalDeps; clock: FixedClock; take(body: unknown): Promise<unknown> }

async function setting(): Promise<Setting> {
  const settings = loadConfig({ RUNNER_BANDIT_DATA: dataFolder(), GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN })
  const clock = fixedClock(NOON)
  const deps = await openFolder(settings, silent, { clock })
  onTestFinished(() => deps.close())
  const headers = { 'x-gitlab-token': WEBHOOK_TOKEN, 'content-type': 'application/json' }
  async function take(body: unknown) {
    const bytes = Buffer.from(JSON.stringify(body))
    const request = { body: async () => bytes, drain: async () => bytes.length }
    const answer = await ingest({ method: 'POST', query: new URLSearchParams(), headers, ...request }, deps)
    await deps.deliveries.drained()
    return answer.body
  }
  return { deps, clock, take }
}

/** The job of this number, ended ten seconds before now. */
const job = (id: number, clock: FixedClock) => jobWebhook({ build_id: id }, clock.now())
const redrive = (deps: LocalDeps, input: object = {}) =>
  runOperation('dead-letters-redrive', input, deps, () => {})

/** While it lasts, learn can do nothing and gives up at once. */
function breakLearn(deps: LocalDeps): () => void {
  const { shards } = deps
  const broken = () => Promise.reject(new InvalidInputError('learn is broken'))
  deps.shards = shards.map((shard) => ({ ...shard, write: broken }))
  return () => {
    deps.shards = shards
  }
}

const observations = async (deps: LocalDeps) => (await rebuild({ check: true }, deps)).observations

test('learn counts each once, and a repetition changes nothing', async () => {
  const { deps, clock, take } = await setting()
  const mend = breakLearn(deps)
  for (const id of [1, 2, 3]) await take(job(id, clock))
  expect(deps.bus.deadLetterCount()).toBe(3)
  mend()
  expect(await redrive(deps)).toEqual({ redriven: { learn: 3 }, dead_letters: 0, rebuilt: false })
  const before = await deps.state.generation()
  expect(await redrive(deps)).toEqual({ redriven: {}, dead_letters: 0, rebuilt: false })
  expect(await deps.state.generation()).toBe(before)
  expect(await rebuild({ check: true }, deps)).toMatchObject({ equal: true, observations: 3 })
})

test.each([
  ['that a rebuild had counted meanwhile', true],
  ['that nobody had counted', false],
])('a letter %s is counted once when it comes after its id is forgotten', async (_which, isRebuilt) => {
  const { deps, clock, take } = await setting()
  const mend = breakLearn(deps)
  await take(job(1, clock))
  mend()
  if (isRebuilt) await rebuild({ check: false }, deps)
  // The id of a job is kept for the window of seven days, and one day.
  clock.advance(10 * DAY)
  await take(job(2, clock))
  expect(await redrive(deps)).toMatchObject({ redriven: { learn: 1 }, rebuilt: !isRebuilt })
  expect(await rebuild({ check: true }, deps)).toMatchObject({ equal: true, observations: 2 })
})

test('the log has what its writer gave up on, and the state is what it says', async () => {
  const { deps, clock, take } = await setting()
  const { warehouse } = deps
  deps.warehouse = {
    ...warehouse,
    insert: (table, rows) =>
      table === 'job_events'
        ? Promise.reject(new InvalidInputError('record is broken'))
        : warehouse.insert(table, rows),
  }
  await take(job(1, clock))
  deps.warehouse = warehouse
  expect(await rebuild({ check: true }, deps)).toMatchObject({ equal: false })
  expect(await redrive(deps, { subscription: 'record-events' })).toMatchObject({ rebuilt: false })
  expect(await rebuild({ check: true }, deps)).toMatchObject({ equal: true, observations: 1 })
})

test('a start that comes after the id of its end is forgotten decides nothing: the state holds the outcome', async () => {
  const { deps, clock, take } = await setting()
  const { warehouse } = deps
  deps.warehouse = {
    ...warehouse,
    insert: (table, rows) =>
      table === 'runner_decisions' && rows.length > 0
        ? Promise.reject(new InvalidInputError('shadow is broken'))
        : warehouse.insert(table, rows),
  }
  await take(jobWebhook({ build_id: 1, build_status: 'running', build_finished_at: null }, clock.now()))
  deps.warehouse = warehouse
  expect(await deps.bus.deadLetters.list({ limit: 1 })).toMatchObject([{ subscription: 'shadow' }])
  await take(job(1, clock))
  clock.advance(10 * DAY)
  await take(job(2, clock))
  await redrive(deps)
  const decisions = await warehouse.query(
    'SELECT job_id, decided_late FROM ci_metrics.runner_decisions ORDER BY job_id',
  )
  expect(decisions).toEqual([
    { job_id: 1, decided_late: true },
    { job_id: 2, decided_late: true },
  ])
  expect(await observations(deps)).toBe(2)
})

test('a late finish is decided on even when it is given back late: it is in no state', async () => {
  const { deps, clock, take } = await setting()
  const { warehouse } = deps
  deps.warehouse = { ...warehouse, insert: () => Promise.reject(new InvalidInputError('shadow is broken')) }
  await take(jobWebhook({ build_id: 1 }, clock.now() - 9 * DAY))
  deps.warehouse = warehouse
  clock.advance(10 * DAY)
  await take(job(2, clock))
  await redrive(deps)
  const outcomes = 'SELECT job_id, outcome_late FROM ci_metrics.decision_outcomes ORDER BY job_id'
  expect(await warehouse.query(outcomes)).toEqual([
    { job_id: 1, outcome_late: true },
    { job_id: 2, outcome_late: false },
  ])
})

test('the list names what each is about, and holds nothing of a person', async () => {
  const { deps } = await startServer()
  await deps.bus.publish({ topic: 'job-events', body: { event_id: 'an event', kind: 'nonsense' } })
  await deps.deliveries.drained()
  const report = await runOperation('dead-letters', { limit: 2 }, deps, () => {})
  expect(report).toMatchObject({
    dead_letters: 3,
    newest: [{ about: 'an event' }, { about: 'an event', reason: expect.stringContaining('job event: ') }],
  })
})

test('the commands print both', async () => {
  const on = ['--data', dataFolder()]
  const list = await runCommand(['dead-letters', 'list', ...on])
  expect([list.code, list.stdout]).toEqual([0, 'There are no dead letters.\n'])
  const redriven = await runCommand(['dead-letters', 'redrive', '--subscription', 'learn', ...on])
  expect([redriven.code, redriven.stdout]).toEqual([0, 'There was nothing to give back.\n'])
})
