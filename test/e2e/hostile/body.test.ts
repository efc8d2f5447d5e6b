/** Authentic bodies that no GitLab would send. Each is answered 202, since a refusal would count against the hook. */
import { beforeAll, describe, expect, test } from 'vitest'
import { decodeState } from '../../../shared/schema/state.ts'
import { postWebhook, WEBHOOK_TOKEN } from '../../support/server.ts'
import { jobWebhook } from '../../support/webhook.ts'
import { onEachTarget } from './each-target.ts'
import type { Kept, Target } from './target.ts'

async function postTo({ url }: Target, body: string | Uint8Array<ArrayBuffer>) {
  const response = await fetch(`${url}/webhooks/gitlab`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-gitlab-token': WEBHOOK_TOKEN },
    body,
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

/** The JSON text of a job webhook in which a value stands as it is written here. */
const written = (key: string, text: string) =>
  JSON.stringify({ ...jobWebhook({ build_id: 2 }), [key]: '@' }).replace('"@"', text)

const utf16 = (text: string) => new Uint8Array(Buffer.from(`\ufeff${text}`, 'utf16le'))
const deep = (open: string, close: string) => `${open.repeat(200_000)}1${close.repeat(200_000)}`

onEachTarget((targets) => {
  let target: Target
  let lastId = 100
  const oddArms: string[] = []
  const post = (body: string | Uint8Array<ArrayBuffer>) => postTo(target, body)

  beforeAll(async () => {
    target = await targets.start({ WEBHOOK_MAX_BYTES: String(4 * 1024 * 1024) })
    await postWebhook(target.url, jobWebhook({ build_id: 1 }))
  })

  describe('a body that is no job is set aside, and nothing else changes:', () => {
    test.each<[string, string | Uint8Array<ArrayBuffer>, string]>([
      ['an empty one', '', 'not_json'],
      ['half of one', '{"object_kind":"build"', 'not_json'],
      ['no JSON', 'object_kind=build', 'not_json'],
      ['a scalar', '42', 'not_an_object'],
      ['a text', '"build"', 'not_an_object'],
      ['null', 'null', 'not_an_object'],
      ['an array', '[{"object_kind":"build"}]', 'not_an_object'],
      ['an object of nothing', '{}', 'no_kind'],
      ['UTF-16', utf16(JSON.stringify(jobWebhook())), 'not_json'],
      ['bytes that are no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'not_json'],
      ['an overlong slash', new Uint8Array([0x22, 0xc0, 0xaf, 0x22]), 'not_json'],
      ['a bare NUL in a text', '{"object_kind":"bu\u0000ild"}', 'not_json'],
      ['200,000 arrays in each other', deep('[', ']'), 'not_an_object'],
      ['200,000 objects in each other', deep('{"object_kind":', '}'), 'no_kind'],
      ['a kind that is an object', '{"object_kind":{"toString":1}}', 'no_kind'],
      ['__proto__ for a kind', '{"__proto__":{"object_kind":"build","build_status":"success"}}', 'no_kind'],
      ['a status that is none', written('build_status', '["success"]'), 'no_status'],
      ['1e400 for an id', written('build_id', '1e400'), 'invalid_job'],
      ['-0 for an id', written('build_id', '-0'), 'invalid_job'],
      ['a negative id', written('build_id', '-7'), 'invalid_job'],
      ['an id in quotes', written('build_id', '"12"'), 'invalid_job'],
      ['an id of 2^53 + 1, which JSON.parse rounds', written('build_id', '9007199254740993'), 'invalid_job'],
      ['a project of 2^53 + 1', written('project_id', '9007199254740993'), 'invalid_job'],
      ['a runner of 2^64', written('runner', '{"id":18446744073709551616}'), 'invalid_job'],
      ['half an id', written('build_id', '1.5'), 'invalid_job'],
      ['1e400 seconds', written('build_duration', '1e400'), 'invalid_job'],
      ['negative seconds', written('build_duration', '-1'), 'invalid_job'],
      ['"NaN" seconds', written('build_duration', '"NaN"'), 'invalid_job'],
      ['a million years', written('build_duration', '"31557600000000"'), 'invalid_job'],
      ['the 30th of February', written('build_finished_at', '"2026-02-30 10:00:00 UTC"'), 'invalid_job'],
      ['a time that is a number', written('build_finished_at', '1767225600'), 'invalid_job'],
      ['the year 9999', written('build_finished_at', '"9999-12-31T23:59:59Z"'), 'in_the_future'],
      ['a queue of the year 9999', written('build_created_at', '"9999-12-31T23:59:59Z"'), 'in_the_future'],
      [
        'a finish before its start',
        written('build_finished_at', '"2020-01-01 10:00:00 UTC"'),
        'finished_before_started',
      ],
      ['a name of a megabyte', written('build_name', `"${'x'.repeat(1_000_000)}"`), 'invalid_job'],
      ['an object for a name', written('build_name', '{"length":1}'), 'invalid_job'],
      [
        'a hundred thousand tags in each other',
        written('runner', `{"id":1,"tags":${'['.repeat(1e5)}${']'.repeat(1e5)}}`),
        'invalid_job',
      ],
    ])('%s', async (_name, body, code) => {
      const before = await target.kept()
      expect(await post(body)).toMatchObject({ status: 202, body: { status: 'quarantined', code } })
      const after: Kept = await target.kept()
      expect(after).toEqual({ ...before, quarantine: expect.any(Number) })
      expect(Number(after.quarantine) - Number(before.quarantine)).toBeLessThanOrEqual(1)
      const [row] = await target.deps.warehouse.query(
        'SELECT MAX(LENGTH(payload) + LENGTH(reason)) AS longest FROM ci_metrics.quarantine',
      )
      expect(Number(row?.longest)).toBeLessThan(20_000)
    })

    test.each([
      ['a kind that GitLab may invent', '{"object_kind":"levitation"}'],
      ['a status that it may invent', written('build_status', '"levitating"')],
      ['constructor for a kind', '{"object_kind":"constructor"}'],
      ['toString for a status', written('build_status', '"toString"')],
    ])('%s is ignored', async (_name, body) => {
      const before = await target.kept()
      expect(await post(body)).toMatchObject({ status: 202, body: { status: 'ignored' } })
      expect(await target.kept()).toEqual(before)
    })
  })

  describe('a body that is odd and says what a job is counts:', () => {
    const accepted = { status: 202, body: { status: 'accepted' } }

    test('with a byte order mark', async () => {
      expect(await post(`\ufeff${JSON.stringify(jobWebhook({ build_id: 10 }))}`)).toMatchObject(accepted)
    })

    test('with keys that nobody knows yet', async () => {
      expect(await post(JSON.stringify(jobWebhook({ build_id: 11, build_mood: { x: [1] } })))).toMatchObject(
        accepted,
      )
    })

    test('with no runner', async () => {
      expect(await post(JSON.stringify(jobWebhook({ build_id: 12, runner: null })))).toMatchObject(accepted)
    })

    test('with a key given twice: the last one, once', async () => {
      const twice = JSON.stringify(jobWebhook({ build_id: 14 })).replace('{', '{"build_id":13,')
      expect(await post(twice)).toMatchObject({ body: { event_id: 'gitlab.com/101/14/job.finished' } })
      await target.settled()
      const rows = await target.deps.warehouse.query(
        'SELECT job_id FROM ci_metrics.job_events WHERE job_id IN (13, 14)',
      )
      expect(rows).toEqual([{ job_id: 14 }])
    })

    test('with the largest ids that a number holds: exact in the tables', async () => {
      const [job, project] = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1]
      expect(await post(JSON.stringify(jobWebhook({ build_id: job, project_id: project })))).toMatchObject(
        accepted,
      )
      await target.settled()
      for (const table of ['job_event_log', 'decision_outcomes']) {
        const rows = await target.deps.warehouse.query(
          `SELECT job_id, project_id FROM ci_metrics.${table} WHERE job_id > 9007199254740000`,
        )
        expect(rows).toEqual([{ job_id: job, project_id: project }])
      }
    })

    test('with -0 seconds: not measured', async () => {
      const odd = JSON.stringify(jobWebhook({ build_id: 15, build_duration: '@' })).replace('"@"', '-0')
      expect(await post(odd)).toMatchObject(accepted)
      await target.settled()
      const rows = await target.deps.warehouse.query(
        'SELECT job_duration FROM ci_metrics.job_outcomes WHERE job_id = 15',
      )
      expect(rows).toEqual([{ job_duration: null }])
    })

    test.each([
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      '',
      ' ',
      '\u0000',
      'a\u0000b',
      '\ud83d',
    ])('with a runner called %j, which is an arm like any other', async (description) => {
      lastId += 1
      const id = lastId
      const odd = JSON.stringify(
        jobWebhook({ build_id: id, runner: { id, description, tags: [description] } }),
      )
      expect(await post(odd)).toMatchObject(accepted)
      await target.settled()
      const [row] = await target.deps.warehouse.query(
        `SELECT actual_runner FROM ci_metrics.decision_outcomes WHERE job_id = ${id}`,
      )
      const arm = row?.actual_runner as string
      const { arms } = decodeState((await target.deps.state.bytes()) as Uint8Array)
      expect(arms.get(arm)?.n).toBe(1)
      oddArms.push(arm)
    })

    test('and all of these arms are among the statistics', async () => {
      const shown = async () => {
        const stats = (await (await target.ask('/stats')).json()) as { arms: { arm: string }[] }
        return stats.arms.map(({ arm }) => arm)
      }
      expect(oddArms).toHaveLength(9)
      // In the cloud they come from a state that may be two seconds old.
      await expect.poll(shown, { timeout: 10_000 }).toEqual(expect.arrayContaining(oddArms))
      expect(await target.deps.deadLetters.list({ limit: 1 })).toEqual([])
    })
  })
})
