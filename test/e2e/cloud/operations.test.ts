/** The commands of an operator on the cloud, beside what is published and learned meanwhile. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { checkState } from '../../../functions/check-state.ts'
import { ingest } from '../../../functions/ingest.ts'
import { learnBatch } from '../../../functions/learn-batch.ts'
import { type OperationName, runOperation } from '../../../functions/operations.ts'
import { recordQuarantine } from '../../../functions/record-quarantine.ts'
import { reset } from '../../../functions/reset.ts'
import { shadow } from '../../../functions/shadow.ts'
import { fold } from '../../../shared/domain/fold.ts'
import { totalObservations } from '../../../shared/domain/state.ts'
import type { CloudDeps } from '../../../shared/runtime/deps-cloud.ts'
import { finishedEvent } from '../../support/builders.ts'
import { ADMIN_TOKEN, startPlayedCloud } from '../../support/cloud/index.ts'
import { bigquerySubscription } from '../../support/cloud/no-code.ts'
import { startPubsubEmulator } from '../../support/pubsub-emulator.ts'
import { dataFolder, WEBHOOK_TOKEN } from '../../support/server.ts'
import { jobWebhook } from '../../support/webhook.ts'

const started = await startPubsubEmulator()
const cleanups: (() => unknown)[] = []
afterAll(async () => {
  for (const cleanUp of cleanups.reverse()) await cleanUp()
})
let clouds = 0

/** A cloud whose functions are this process: what is published waits until `work` is called. */
async function setting(env: Record<string, string> = {}) {
  if ('missing' in started) throw new Error(started.missing)
  clouds += 1
  const whenDone = (cleanUp: () => unknown) => cleanups.push(cleanUp)
  const projectId = `cloud-${clouds}`
  const cloud = await startPlayedCloud(started.emulator, whenDone, {
    run: [],
    delivers: false,
    projectId,
    env,
  })
  const log = bigquerySubscription(cloud.pubsub.subscription('record-events'), 'job_events', cloud.warehouse)
  cleanups.push(() => log.close())
  const lines: string[] = []
  const note = (message: string) => lines.push(message)
  const open = (more: Record<string, string> = {}): CloudDeps =>
    Object.assign(cloud.openDeps(more), { log: { debug() {}, info: note, warning: note, error: note } })
  const deps = open()
  return {
    cloud,
    deps,
    open,
    lines,
    take: (bodies: readonly unknown[]) => Promise.all(bodies.map((body) => take(body, deps))),
    work: (by = deps) => work(by),
    run: <T>(name: OperationName, input: object, by = deps) =>
      runOperation(name, input, by, () => {}) as Promise<T>,
    logged: (events: number) =>
      expect
        .poll(
          async () => {
            const [row] = await cloud.warehouse.query('SELECT COUNT(*) AS n FROM ci_metrics.job_event_log')
            return row?.n
          },
          { interval: 100, timeout: 20_000 },
        )
        .toBe(events),
  }
}

async function take(body: unknown, deps: CloudDeps): Promise<unknown> {
  const bytes = Buffer.from(JSON.stringify(body))
  const headers = { 'x-gitlab-token': WEBHOOK_TOKEN, 'content-type': 'application/json' }
  const request = { body: async () => bytes, drain: async () => bytes.length }
  const answer = await ingest({ method: 'POST', query: new URLSearchParams(), headers, ...request }, deps)
  expect(answer.status).toBe(202)
  return answer.body
}

/** What waits is handled as the functions would, each by itself: whether more comes they wait for some seconds. */
async function work(deps: CloudDeps): Promise<void> {
  const handlers = { shadow, 'record-quarantine': recordQuarantine }
  const pulls = Object.entries(handlers).map(async ([subscription, handle]) => {
    const { bodies, ack } = await deps.inbox.take(subscription, 10_000)
    await handle(bodies, deps)
    await ack()
  })
  await Promise.all([learnBatch(deps), ...pulls])
}

const jobs = (count: number, from = 1) =>
  Array.from({ length: count }, (_, index) => jobWebhook({ build_id: from + index }))
const observations = async (deps: CloudDeps) => totalObservations((await deps.state.read()).state)

describe.skipIf('missing' in started)(
  `an operator${'missing' in started ? ` (${started.missing})` : ''}`,
  () => {
    let place: Awaited<ReturnType<typeof setting>>
    beforeEach(async () => {
      place = await setting()
    })

    test('has learned by pulling: one write for all that waited, and the state is the fold of the log', async () => {
      const { deps, cloud } = place
      await place.take(jobs(500))
      // What the log's subscription has, the learner's has, too.
      await place.logged(500)
      const writes = cloud.storage.counts.put
      await place.work()
      expect(await observations(deps)).toBe(500)
      // The state, and the object that says into how many shards it is divided.
      expect(cloud.storage.counts.put - writes).toBeLessThanOrEqual(2)
      expect(await place.run('rebuild', { check: true })).toMatchObject({
        equal: true,
        events: 500,
        unlearned: 0,
      })
      await checkState(deps)
      expect(place.lines).toContain('state.checked')
    })

    test('checks a state while events are on their way, and finds one that is wrong', async () => {
      const { deps } = place
      await place.take(jobs(10))
      await place.work()
      await place.take(jobs(5, 100))
      await place.logged(15)
      await checkState(deps)
      expect(place.lines).toEqual(expect.arrayContaining(['state.checked']))
      expect(place.lines).not.toContain('state.differed')

      // As if another witness of job 1 had been learned than the log says.
      const { state, generation } = await deps.state.read()
      const wrong = { ...state, newestFinishAt: (state.newestFinishAt as number) + 1 }
      await deps.state.write(wrong, generation)
      await checkState(deps)
      expect(place.lines).toContain('state.differed')
      await place.work()
      expect(await observations(deps)).toBe(15)
      expect(await place.run('rebuild', { check: true })).toMatchObject({ equal: true, events: 15 })
    })

    test('is told when the log lacks what the state holds, and loses none of it', {
      timeout: 120_000,
    }, async () => {
      const { deps } = place
      await place.take(jobs(3))
      await place.work()
      await place.logged(3)
      const { state, generation } = await deps.state.read()
      const unlogged = { ...finishedEvent({ jobId: 77, arm: 'Mac Docker Runner' }), instance: 'gitlab.com' }
      await deps.state.write(
        fold(state, [{ ...unlogged, occurredAt: state.newestFinishAt as number }], 604_800_000),
        generation,
      )
      await expect(place.run('rebuild', { check: false })).rejects.toThrow(
        /1 events could not be written to the log/,
      )
      expect(await observations(deps)).toBe(4)
    })

    test('resets: what was received before does not count, in flight or not; the same history sent again does', async () => {
      const { deps } = place
      await place.take(jobs(4))
      await place.work()
      // Published before the reset and delivered after it.
      await place.take(jobs(2, 50))
      await place.logged(6)
      const request = {
        method: 'POST',
        query: new URLSearchParams(),
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
        body: async () => Buffer.from('{"reason":"new fleet"}'),
        drain: async () => 0,
      }
      expect(await reset(request, deps)).toMatchObject({ status: 200, body: { state_observations: 4 } })
      await place.work()
      expect(await observations(deps)).toBe(0)
      expect(await place.run('rebuild', { check: true })).toMatchObject({ equal: true, events: 0 })
      await place.take(jobs(4))
      await place.work()
      expect(await observations(deps)).toBe(4)
      await place.logged(4)
      expect(await place.run('rebuild', { check: true })).toMatchObject({ equal: true, events: 4 })
    })

    test('mends a reset that died between its row and the state', async () => {
      const { deps } = place
      await place.take(jobs(3))
      await place.work()
      await place.logged(3)
      const row = { reset_id: 'r', reset_at: new Date(Date.now() + 1).toISOString(), reason: null }
      await deps.warehouse.insert('resets', [{ ...row, state_generation: '1', state_observations: 3 }])
      await checkState(deps)
      expect(place.lines).toContain('state.differed')
      expect(await observations(deps)).toBe(0)
      await place.take(jobs(2))
      await place.work()
      expect(await observations(deps)).toBe(2)
      await place.logged(2)
      expect(await place.run('rebuild', { check: true })).toMatchObject({ equal: true, events: 2 })
    })

    test('learns from the log what did not come for an hour, and counts it once when it comes', async () => {
      const { deps } = place
      await place.take(jobs(3))
      await place.logged(3)
      await checkState(Object.assign({}, deps, { clock: { now: () => Date.now() + 7_200_000 } }))
      expect(place.lines).toContain('events.unlearned')
      expect(await observations(deps)).toBe(3)
      await place.work()
      expect(await observations(deps)).toBe(3)
    })

    test('replays the past beside the present, twice without effect', async () => {
      const { deps } = place
      await place.take(jobs(3))
      await place.work()
      await place.logged(3)
      const path = join(dataFolder(), 'past.ndjson')
      writeFileSync(
        path,
        jobs(6, 2)
          .map((body) => JSON.stringify(body))
          .join('\n'),
      )
      expect(await place.run('replay', { paths: [path] })).toMatchObject({ accepted: 4, duplicates: 2 })
      expect(await place.run('replay', { paths: [path] })).toMatchObject({ accepted: 0, duplicates: 6 })
      expect(await observations(deps)).toBe(7)
      await place.work()
      expect(await place.run('rebuild', { check: true })).toMatchObject({
        equal: true,
        events: 7,
        unlearned: 0,
      })
    })

    test('takes in again what quarantine has, 300 bodies, and a repetition finds none', {
      timeout: 180_000,
    }, async () => {
      const strangers = Array.from({ length: 300 }, (_, index) =>
        jobWebhook({ build_id: index + 1, runner: { id: 900, description: 'a stranger', tags: [] } }),
      )
      const closed = place.open({ MAX_UNMANAGED_ARMS: '0' })
      await Promise.all(strangers.map((body) => take(body, closed)))
      await place.work(closed)
      expect(await place.run('quarantine', { limit: 1 })).toMatchObject({ quarantined: 300 })
      const steps: number[] = []
      const report = await runOperation('quarantine-redrive', {}, place.deps, ({ done }) => steps.push(done))
      expect(report).toMatchObject({ bodies: 300, accepted: 300, left: 300, stayed: 0 })
      expect(steps.length).toBeGreaterThan(2)
      expect(await place.run('quarantine-redrive', {})).toMatchObject({ bodies: 0, accepted: 0 })
      expect(await observations(place.deps)).toBe(300)
      expect(await place.run('rebuild', { check: true })).toMatchObject({ equal: true, events: 300 })
    })

    test('divides the state, and learning goes on where it was', async () => {
      const { deps } = place
      await place.take(jobs(40))
      await place.work()
      expect(await place.run('reshard', { shards: 4 })).toMatchObject({
        before: 1,
        shards: 4,
        observations: 40,
      })
      await place.take(jobs(45))
      // A function of the old number is refused, and its messages come again.
      await expect(learnBatch(deps)).rejects.toThrow(/reshard/)
      const divided = place.open({ BANDIT_STATE_SHARDS: '4' })
      const { bodies, ack } = await divided.inbox.take('learn', 1000)
      const { learn } = await import('../../../functions/learn.ts')
      await learn(bodies, divided)
      await ack()
      expect(await observations(divided)).toBe(45)
      await place.logged(45)
      expect(await place.run('rebuild', { check: true }, divided)).toMatchObject({ equal: true, events: 45 })
    })
  },
)
