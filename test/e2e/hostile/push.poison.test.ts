/** Pushes that Google signed, with what nobody should have published in them; honest ones arrive beside them. */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Waiting } from '../../support/cloud/pull.ts'
import { startPubsubEmulator } from '../../support/pubsub-emulator.ts'
import { finished, type PushTarget, startPushTarget, wrapped } from './push-target.ts'

const started = await startPubsubEmulator()
const cleanups: (() => unknown)[] = []
const whenDone = (cleanUp: () => unknown) => cleanups.push(cleanUp)
afterAll(async () => {
  for (const cleanUp of cleanups.reverse()) await cleanUp()
})

const ESCAPE = '\u001b'
const FINISHED = { type: 'job.finished' }
const subscription = (name: string) => `projects/played-project/subscriptions/${name}`
const deep = (open: string, close: string) => `${open.repeat(200_000)}1${close.repeat(200_000)}`
/** The text of an event in which a value stands as it is written here. */
const written = (key: string, text: string) =>
  JSON.stringify({ ...JSON.parse(finished(7)), [key]: '@' }).replace('"@"', text)

/** What no Pub/Sub puts around a message. */
const WRAPPINGS: readonly [string, string | Buffer, RegExp][] = [
  ['nothing', '', /not JSON/],
  ['no JSON', 'message=1', /not JSON/],
  ['half of one', '{"message":', /not JSON/],
  ['UTF-16', Buffer.from('{"message":{}}', 'utf16le'), /not JSON/],
  ['a gzip bomb', gzipSync(Buffer.alloc(50_000_000)), /not JSON/],
  ['a scalar', '42', /must be an object/],
  ['null', 'null', /must be an object/],
  ['an array', `[${wrapped(finished(7))}]`, /must be an object/],
  ['200,000 arrays in each other', deep('[', ']'), /must be an object/],
  ['no message', JSON.stringify({ subscription: subscription('learn') }), /message/],
  [
    'a message that is a text',
    JSON.stringify({ message: 'x', subscription: subscription('learn') }),
    /message/,
  ],
  ['no subscription', JSON.stringify({ message: { data: 'e30=' } }), /subscription/],
  ['data that is not base64', wrapped('').replace('"data":""', '"data":"*"'), /message\.data/],
  ['data that is an object', wrapped('').replace('"data":""', '"data":{}'), /message\.data/],
  ['attributes that are no texts', wrapped('{}').replace('"job.finished"', '{"a":1}'), /attributes/],
  ['__proto__ for a message', `{"__proto__":${wrapped(finished(7))}}`, /message/],
  ['the name of another', wrapped(finished(7), FINISHED, subscription('shadow')), /not one of learn/],
  ['a name that begins alike', wrapped(finished(7), FINISHED, subscription('learn-x')), /not one of learn/],
  ['a name that is a path', wrapped(finished(7), FINISHED, subscription('../../learn')), /not one of learn/],
  ['a name with a terminal code', wrapped(finished(7), FINISHED, `learn${ESCAPE}[2J`), /not one of learn/],
  ['a name without end', wrapped(finished(7), FINISHED, 'learn/'.repeat(100_000)), /not one of learn/],
]

/** Messages that nobody can handle, and what their dead letters say. */
const POISON: readonly [string, string | Buffer, RegExp][] = [
  ['nothing', '', /not JSON in UTF-8/],
  ['no JSON', 'job=1', /not JSON in UTF-8/],
  ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), /not JSON in UTF-8/],
  ['a scalar', '42', /must be an object/],
  ['null', 'null', /must be an object/],
  ['an array', `[${finished(7)}]`, /must be an object/],
  ['200,000 arrays in each other', deep('[', ']'), /must be an object/],
  ['200,000 objects in each other', deep('{"kind":', '}'), /event_id: is missing/],
  ['an event within __proto__', `{"__proto__":${finished(7)}}`, /event_id: is missing/],
  ['a kind of another event', written('kind', '"job.levitated"'), /kind/],
  ['1e400 for an id', written('job_id', '1e400'), /job_id/],
  ['an id of 2^53 + 1, which JSON.parse rounds', written('job_id', '9007199254740993'), /job_id/],
  ['an id in quotes', written('job_id', '"7"'), /job_id/],
  ['negative seconds', written('duration_seconds', '-1'), /duration_seconds/],
  ['1e400 seconds', written('duration_seconds', '1e400'), /duration_seconds/],
  ['the 30th of February', written('occurred_at', '"2026-02-30T00:00:00Z"'), /occurred_at/],
  ['the year 9999', written('occurred_at', '"9999-12-31T23:59:59Z"'), /occurred_at .* in the future/],
  ['a megabyte instead of an instant', written('occurred_at', `"${'x'.repeat(1_000_000)}"`), /occurred_at/],
]

describe.skipIf('missing' in started)(
  `poison in pushes${'missing' in started ? ` (${started.missing})` : ''}`,
  () => {
    let target: PushTarget
    const push = async (body: string | Buffer, path = '/push/learn') => {
      const answer = await target.send(path, { body: new Uint8Array(Buffer.from(body)) })
      return { status: answer.status, text: await answer.text() }
    }

    beforeAll(async () => {
      if ('missing' in started) return
      target = await startPushTarget(started.emulator, whenDone)
      // The first push loads what the function needs.
      expect(await push(wrapped(finished(1)))).toEqual({ status: 204, text: '' })
    }, 120_000)

    test.each(WRAPPINGS)(
      '%s around a message is refused, and changes nothing',
      async (_name, body, reason) => {
        const before = await target.kept()
        const { status, text } = await push(body)
        expect([status, (JSON.parse(text) as { error: string }).error]).toEqual([
          400,
          expect.stringMatching(reason),
        ])
        expect(text).not.toContain(ESCAPE)
        expect(await target.kept()).toEqual(before)
      },
    )

    describe('beside honest messages', () => {
      const letters = new Map<string | undefined, Waiting>()
      const HONEST = [2, 3, 4, 5, 6]

      beforeAll(async () => {
        if ('missing' in started) return
        const poison = POISON.map(([name, data]) => wrapped(data, { ...FINISHED, case: name }))
        const honest = HONEST.map((id) => wrapped(finished(id)))
        const answers = await Promise.all([...poison, ...honest].map((body) => push(body)))
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]))
        for (const letter of await target.letters()) letters.set(letter.attributes.case, letter)
      })

      test.each(POISON)('%s becomes a dead letter with the reason', (name, data, reason) => {
        const letter = letters.get(name)
        expect(letter?.attributes).toEqual({
          ...FINISHED,
          case: name,
          subscription: 'learn',
          topic: 'job-events',
          reason: expect.stringMatching(reason),
        })
        expect(letter?.data.equals(Buffer.from(data))).toBe(true)
      })

      test('and nothing else became one, and the honest ones are learned', () => {
        expect(letters.size).toBe(POISON.length)
        expect(target.state()?.arms.get('a')?.n).toBe(1 + HONEST.length)
        expect(target.restarts()).toBe(0)
      })
    })

    test('a message that others are to have is acknowledged and not handled', async () => {
      const before = await target.kept()
      for (const attributes of [
        { type: 'job.started' },
        { type: 'job.finished', redrive_for: 'shadow' },
        { type: `${ESCAPE}[2J` },
      ] as Record<string, string>[])
        expect(await push(wrapped(finished(7), attributes))).toMatchObject({ status: 204 })
      expect(await target.kept()).toEqual(before)
    })

    test('ids up to 2^53 - 1 are learned exactly', async () => {
      const [jobId, projectId] = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1]
      expect(await push(wrapped(finished(jobId, { projectId })))).toMatchObject({ status: 204 })
      const ids = [...(target.state()?.folded.values() ?? [])].flatMap((hour) => [...hour])
      expect(ids.find(([project]) => project.includes(String(projectId)))?.[1]).toContain(jobId)
    })

    test.each([
      ['quarantine', 'record-quarantine', { quarantine_id: 'q', extra: 1 }],
      ['journal', 'record-journal', { jsonPayload: { table: 'resets', row: {} } }],
      ['journal', 'record-journal', { jsonPayload: { table: 'choice_sets', row: { __proto__: null } } }],
    ])('a row of topic %s that no table takes becomes a dead letter of %s', async (topic, name, row) => {
      const before = await target.kept()
      const path = `/push/${name}`
      expect(await push(wrapped(JSON.stringify(row), {}, subscription(name)), path)).toMatchObject({
        status: 204,
      })
      const after = await target.kept()
      expect(after.letters).toMatchObject([{ attributes: { subscription: name, topic } }])
      expect({ ...after, letters: [] }).toEqual(before)
    })

    test('a row with a column so deep that no JSON can be made of it becomes a dead letter', async () => {
      const row = {
        quarantine_id: 'q',
        received_at: new Date().toISOString(),
        source: 'webhook',
        code: 'not_json',
        reason: 'none',
        project_id: null,
        job_id: null,
        body_bytes: 1,
        payload: '{}',
        extra: '@',
      }
      const data = JSON.stringify(row).replace('"@"', deep('[', ']'))
      const body = wrapped(data, {}, subscription('record-quarantine'))
      expect(await push(body, '/push/record-quarantine')).toMatchObject({ status: 204 })
      expect((await target.letters()).map(({ attributes }) => attributes.reason)).toEqual([
        expect.stringContaining('there is no column extra'),
      ])
    })
  },
)
