/** POST /update over HTTP: a job reports its own end, with the variables that its after_script has. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import { fixedClock } from '../support/fixed-clock.ts'
import { buildOf, pipelineWebhook } from '../support/pipeline-webhook.ts'
import { postWebhook, startServer } from '../support/server.ts'
import { gitlabTime, jobWebhook } from '../support/webhook.ts'

const NOW = Date.parse('2026-11-21T08:00:00Z')
const API_TOKEN = 'an-api-token-for-tests'

let url: string
let deps: LocalDeps

beforeAll(async () => {
  const server = await startServer({ RUNNER_BANDIT_API_TOKEN: API_TOKEN })
  url = server.url
  deps = server.deps
})
beforeEach(() => {
  deps.clock = fixedClock(NOW)
})

/** As CI has them: all of them text. */
const report = (id: number, changes: Record<string, string> = {}): Record<string, string> => ({
  project_id: '101',
  project_path: 'example/backoffice',
  job_id: String(id),
  job_name: 'rspec 1/4',
  stage: 'test',
  pipeline_id: '501',
  commit_sha: '0123456789012345678901234567890123456789',
  status: 'success',
  started_at: '2026-11-21T07:59:00Z',
  runner_id: '2',
  runner_description: 'Mac Docker Runner',
  runner_tags: '["docker-any", "mac-docker"]',
  ...changes,
})

async function post(body: RequestInit['body'], headers: Record<string, string> = {}, to = url) {
  const response = await fetch(`${to}/update`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_TOKEN}`, ...headers },
    ...(body === undefined ? {} : { body }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}
const form = (fields: Record<string, string>) => new URLSearchParams(fields)
const JSON_BODY = { 'content-type': 'application/json' }

async function query(sql: string, of = deps) {
  await of.deliveries.drained()
  return of.warehouse.query(sql)
}

describe('a report', () => {
  test('becomes the event that a webhook would make, timed from its start to its coming', async () => {
    expect(await post(form(report(1)))).toEqual({
      status: 202,
      body: { status: 'accepted', event_id: 'gitlab.com/101/1/job.finished' },
    })
    const [row] = await query('SELECT * FROM ci_metrics.job_events WHERE job_id = 1')
    expect(row).toMatchObject({
      source: 'update',
      kind: 'job.finished',
      project_path: 'example/backoffice',
      job_key: '101/rspec',
      stage: 'test',
      pipeline_id: 501,
      commit_sha: '0123456789012345678901234567890123456789',
      attempt: null,
      started_at: '2026-11-21T07:59:00.000Z',
      finished_at: '2026-11-21T08:00:00.000Z',
      duration_seconds: 60,
      status: 'success',
      runner_id: 2,
      runner_tags: 'docker-any,mac-docker',
      arm: 'Mac Docker Runner',
      late: false,
    })
    expect(
      await query("SELECT jobs FROM ci_metrics.arm_performance WHERE arm = 'Mac Docker Runner'"),
    ).toEqual([{ jobs: 1 }])
  })

  test('may be JSON, with numbers as numbers and tags as a list', async () => {
    const body = {
      ...report(2),
      project_id: 101,
      job_id: 2,
      runner_id: 2,
      runner_tags: ['mac-docker', 'docker-any'],
    }
    expect((await post(JSON.stringify(body), JSON_BODY)).body).toMatchObject({ status: 'accepted' })
    expect(await query('SELECT runner_tags FROM ci_metrics.job_events WHERE job_id = 2')).toEqual([
      { runner_tags: 'docker-any,mac-docker' },
    ])
  })

  test('may say its duration and its finish itself', async () => {
    await post(form(report(3, { duration_seconds: '12.5', finished_at: '2026-11-21T07:59:30Z' })))
    expect(
      await query('SELECT duration_seconds, occurred_at FROM ci_metrics.job_events WHERE job_id = 3'),
    ).toEqual([{ duration_seconds: 12.5, occurred_at: '2026-11-21T07:59:30.000Z' }])
  })

  test('again is a duplicate; later, when its time would be another, too, and a conflict that changes nothing', async () => {
    await post(form(report(4)))
    expect((await post(form(report(4)))).body).toMatchObject({ status: 'duplicate', conflicting: false })
    deps.clock = fixedClock(NOW + 1001)
    expect((await post(form(report(4)))).body).toMatchObject({ status: 'duplicate', conflicting: true })
    expect(await query('SELECT duration_seconds FROM ci_metrics.job_event_log WHERE job_id = 4')).toEqual([
      { duration_seconds: 60 },
    ])
  })

  test('meets the webhooks of the same job in one event, and the first of them counts', async () => {
    const job = jobWebhook({ build_id: 5, build_started_at: gitlabTime(NOW - 60_000) }, NOW)
    await post(form(report(5)))
    deps.clock = fixedClock(NOW + 10_000)
    const seen = { ...job, build_finished_at: gitlabTime(NOW + 5000), build_duration: 65.2 }
    expect(await (await postWebhook(url, seen)).json()).toMatchObject({
      status: 'duplicate',
      conflicting: true,
    })
    expect(await (await postWebhook(url, pipelineWebhook([buildOf(seen)]))).json()).toMatchObject({
      status: 'duplicate',
      conflicting: true,
    })
    expect(
      await query('SELECT source, duration_seconds FROM ci_metrics.job_event_log WHERE job_id = 5'),
    ).toEqual([{ source: 'update', duration_seconds: 60 }])
  })

  test.each<[string, Record<string, string>, RegExp]>([
    ['without a runner', { runner_id: '' }, /runner_id is missing/],
    ['without a start', { started_at: '' }, /neither started_at nor duration_seconds/],
  ])('%s is accepted, and says that nothing is learned from it', async (name, change, warning) => {
    const id = 10 + name.length
    expect(await post(form(report(id, change)))).toMatchObject({
      status: 202,
      body: { status: 'accepted', warning: expect.stringMatching(warning) },
    })
    expect(await query(`SELECT reward FROM ci_metrics.job_outcomes WHERE job_id = ${id}`)).toEqual([
      { reward: null },
    ])
  })

  test.each<[string, Record<string, string>, string]>([
    ['of the future', { finished_at: '2026-11-21T08:05:01Z' }, 'in_the_future'],
    ['that ended before it began', { started_at: '2026-11-21T08:00:02Z' }, 'finished_before_started'],
  ])('%s is quarantined, as a webhook is', async (_name, change, code) => {
    expect(await post(form(report(40, change)))).toMatchObject({
      status: 202,
      body: { status: 'quarantined', code },
    })
    expect(
      await query(`SELECT source, job_id, payload FROM ci_metrics.quarantine WHERE code = '${code}'`),
    ).toEqual([
      {
        source: 'update',
        job_id: 40,
        payload: '{"project_id":101,"job_id":40,"job_name":"rspec 1/4","status":"success"}',
      },
    ])
  })
})

describe('a report that is wrong is answered 400, with every fault by name:', () => {
  test('an empty one', async () => {
    const answer = await post('')
    expect(answer.status).toBe(400)
    expect(answer.body.error).toMatch(/project_id: .*job_id: .*job_name: .*status: /)
  })

  test.each<[string, Record<string, string>, RegExp]>([
    ['an id beyond 2^53', { job_id: '9007199254740993' }, /job_id: /],
    ['an id that is no number', { job_id: '0x10' }, /job_id: not a whole number/],
    ['a negative id', { project_id: '-1' }, /project_id: /],
    ['an id of 0', { project_id: '0' }, /project_id: /],
    ['a status that is not final', { status: 'running' }, /status: success, failed or canceled/],
    ['a date that no calendar has', { started_at: '2026-02-30T00:00:00Z' }, /started_at: not a date/],
    ['a negative duration', { duration_seconds: '-1' }, /duration_seconds: not a number/],
    ['an endless duration', { duration_seconds: '1e400' }, /duration_seconds: not a number/],
    ['a duration of years', { duration_seconds: '100000001' }, /duration_seconds: /],
    ['a name of a book', { job_name: 'x'.repeat(1025) }, /job_name: /],
    ['two faults', { job_id: '', status: 'x' }, /job_id: is missing; status: /],
  ])('%s', async (_name, change, fault) => {
    const answer = await post(form(report(50, change)))
    expect([answer.status, answer.body.error]).toEqual([400, expect.stringMatching(fault)])
    expect(await query('SELECT job_id FROM ci_metrics.job_events WHERE job_id = 50')).toEqual([])
  })

  test.each([
    ['JSON that is none', '{', JSON_BODY],
    ['JSON that is a list', '[1]', JSON_BODY],
    [
      'an id that JSON.parse rounds',
      '{"project_id":1,"job_id":9007199254740993,"job_name":"x","status":"failed"}',
      JSON_BODY,
    ],
    ['a body of a megabyte', 'x'.repeat(1_000_000), {}],
  ])('%s', async (_name, body, headers) => {
    expect((await post(body, headers)).status).toBe(400)
  })
})

test('it is closed while no token of the API is set, and says how to open it', async () => {
  const closed = await startServer()
  const answer = await post(form(report(1)), {}, closed.url)
  expect([answer.status, answer.body.error]).toEqual([
    403,
    expect.stringContaining('Set RUNNER_BANDIT_API_TOKEN'),
  ])
  expect(await query('SELECT job_id FROM ci_metrics.job_events', closed.deps)).toEqual([])
})

test('it takes POST only', async () => {
  const response = await fetch(`${url}/update?${form(report(60))}`)
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
})
