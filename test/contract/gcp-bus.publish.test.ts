/** What publishing to Pub/Sub sends, and what each of its refusals becomes. */
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { openPubsubBus, type PubsubOptions } from '../../shared/adapters/gcp/pubsub.ts'
import { inTime, translating } from '../../shared/adapters/gcp/pubsub-calls.ts'
import { ConfigError, InvalidInputError, TransientError } from '../../shared/errors.ts'
import { type PlayedPubsub, startPlayedPubsub } from '../support/played-pubsub.ts'
import { numbers } from './event-bus.harness.ts'
import { silent } from './gcp-bus.harness.ts'

const event = { kind: 'job.finished', project_id: 7, job_id: 42, status: 'success' }

afterEach(() => {
  vi.unstubAllEnvs()
})

function openAt({ host }: Pick<PlayedPubsub, 'host'>, options: Partial<PubsubOptions> = {}) {
  const bus = openPubsubBus({
    projectId: 'played',
    apiEndpoint: host,
    shards: 8,
    log: silent,
    journal() {},
    ...options,
  })
  onTestFinished(() => bus.close())
  return bus
}

test('sends the body as it is, with the attributes that subscriptions filter by', async () => {
  const pubsub = await startPlayedPubsub('ok')
  const bus = openAt(pubsub)
  expect(await bus.publish({ topic: 'job-events', key: 'k', body: event, claim: 1 })).toEqual({
    status: 'accepted',
  })
  await bus.publish({ topic: 'quarantine', body: { quarantine_id: 'q', project_id: null } })
  // FNV-1a of "7/42" in 32 bits is 225182557, and 5 modulo 8.
  expect(pubsub.requests).toEqual([
    {
      topic: 'projects/played/topics/job-events',
      messages: [
        { data: JSON.stringify(event), attributes: { type: 'job.finished', project_id: '7', shard: '5' } },
      ],
    },
    {
      topic: 'projects/played/topics/quarantine',
      messages: [{ data: '{"quarantine_id":"q","project_id":null}', attributes: {} }],
    },
  ])
})

test('sends the jobs of one pipeline hook in one request', async () => {
  const pubsub = await startPlayedPubsub('ok')
  const bus = openAt(pubsub)
  await Promise.all(numbers(200).map((body) => bus.publish({ topic: 'job-events', body })))
  expect(pubsub.requests.map(({ messages }) => messages.length)).toEqual([200])
})

test('writes recommendations and small choice sets to the journal, and only them', async () => {
  const pubsub = await startPlayedPubsub('ok')
  const rows: unknown[] = []
  const bus = openAt(pubsub, { journal: (table, row) => rows.push([table, row]) })
  const choiceSet = (length: number) => ({ choice_set_id: 'c', arms: 'ä'.repeat(length) })
  const publishing = [
    bus.publish({ topic: 'recommendations', body: { decision_id: 'd' }, patient: true }),
    bus.publish({ topic: 'choice-sets', body: choiceSet(10), patient: true }),
    bus.publish({ topic: 'choice-sets', body: choiceSet(99_000), patient: true }),
    // Of two bytes each: 200,000 and a few more.
    bus.publish({ topic: 'choice-sets', body: choiceSet(100_000), patient: true }),
  ]
  // Before anything is awaited: there may be no time afterwards.
  expect(rows).toEqual([
    ['recommendations', { decision_id: 'd' }],
    ['choice_sets', choiceSet(10)],
    ['choice_sets', choiceSet(99_000)],
  ])
  expect(await Promise.all(publishing)).toEqual(Array(4).fill({ status: 'accepted' }))
  expect(pubsub.requests.map(({ topic, messages }) => [topic, messages.length])).toEqual([
    ['projects/played/topics/choice-sets', 1],
  ])
})

test.each([
  ['unavailable', 14],
  ['out of quota', 8],
  ['aborting', 10],
])('tries again while Pub/Sub is %s', async (_what, code) => {
  const pubsub = await startPlayedPubsub(code, 'ok')
  expect(await openAt(pubsub).publish({ topic: 'job-events', body: event })).toEqual({ status: 'accepted' })
  expect(pubsub.requests).toHaveLength(2)
})

test.each([
  ['is unavailable', 14],
  ['is out of quota', 8],
  ['does not answer', 'silent'],
] as const)('says in bounded time that it may work later, when Pub/Sub %s', async (_what, reaction) => {
  const bus = openAt(await startPlayedPubsub(reaction), { publishWithinMs: 300 })
  const refusal = await bus.publish({ topic: 'job-events', body: event }).catch((error) => error)
  expect(refusal).toBeInstanceOf(TransientError)
  expect(refusal.message).toContain('topic job-events in project played')
  expect(refusal.cause).toBeDefined()
})

test('says the same when not even credentials come', async () => {
  const asked = { what: 'topic', name: 'job-events', projectId: 'played', role: 'none' } as const
  const refusal = await translating(asked, () => inTime<Error>(new Promise(() => {}), 1)).catch(
    (error) => error,
  )
  expect(refusal).toBeInstanceOf(TransientError)
  expect(refusal.message).toContain('topic job-events in project played')
  expect(refusal.cause).toBeDefined()
})

test('says the same when nothing is at its address', async () => {
  const bus = openAt({ host: '127.0.0.1:1' }, { publishWithinMs: 300 })
  await expect(bus.publish({ topic: 'job-events', body: event })).rejects.toThrow(TransientError)
})

test.each([
  ['there is no topic', 5, 'Pub/Sub has no topic job-events in project played. Apply infra/'],
  ['it may not publish', 7, 'Its caller needs roles/pubsub.publisher'],
  ['it is nobody', 16, 'Its caller needs roles/pubsub.publisher'],
])('says what to do when %s', async (_what, code, advice) => {
  const bus = openAt(await startPlayedPubsub(code))
  const refusal = await bus.publish({ topic: 'job-events', body: event }).catch((error) => error)
  expect(refusal).toBeInstanceOf(ConfigError)
  expect(refusal.message).toContain(advice)
  expect(refusal.cause).toBeDefined()
})

test('looks for credentials again when it found none', async () => {
  const bus = openPubsubBus({ projectId: 'played', shards: 1, log: silent, journal() {} })
  onTestFinished(() => bus.close())
  vi.stubEnv('PUBSUB_EMULATOR_HOST', undefined)
  for (const name of ['one', 'two']) {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', `/nowhere/${name}.json`)
    for (const call of [
      () => bus.publish({ topic: 'job-events', body: 1 }),
      () => bus.inbox.take('learn', 1),
    ]) {
      const refusal = await call().catch((error) => error)
      expect(refusal).toBeInstanceOf(ConfigError)
      expect(refusal.message).toContain(`/nowhere/${name}.json`)
    }
  }
})

test('says that the input is at fault for what Pub/Sub never takes', async () => {
  const bus = openAt(await startPlayedPubsub(3))
  await expect(bus.publish({ topic: 'job-events', body: event })).rejects.toThrow(InvalidInputError)
})

test('does not send what is larger than Pub/Sub’s limit: it would get no answer', async () => {
  const pubsub = await startPlayedPubsub('ok')
  const body = 'x'.repeat(10_000_000)
  await expect(openAt(pubsub).publish({ topic: 'quarantine', body })).rejects.toThrow(InvalidInputError)
  expect(pubsub.requests).toEqual([])
})

test('knows nothing of keys, and nothing of what waits', async () => {
  const bus = openAt({ host: '127.0.0.1:1' })
  bus.remember([{ key: 'k', claim: 1 }])
  expect(await bus.forget()).toBe(0)
  expect([bus.depths(), bus.oldestWaitingAt(), bus.deadLetterCount()]).toEqual([{}, null, null])
})
