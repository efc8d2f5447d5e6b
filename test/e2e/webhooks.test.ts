/** POST /webhooks/gitlab over HTTP: every answer it can give, and what is kept after it. */
import { request } from 'node:http'
import { beforeAll, describe, expect, test } from 'vitest'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import { postWebhook, startServer, WEBHOOK_TOKEN } from '../support/server.ts'
import { gitlabTime, jobWebhook, running } from '../support/webhook.ts'

const DAY_MS = 86_400_000

let url: string
let deps: LocalDeps

beforeAll(async () => {
  const server = await startServer({ GITLAB_WEBHOOK_TOKEN: `an-older-token,${WEBHOOK_TOKEN}` })
  url = server.url
  deps = server.deps
})

async function post(body: unknown, headers?: Record<string, string>) {
  const response = await postWebhook(url, body, headers)
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function query(sql: string) {
  await deps.deliveries.drained()
  return deps.warehouse.query(sql)
}

describe('an event', () => {
  test('is accepted under the identity of instance, project, job and kind', async () => {
    expect(await post(jobWebhook({ build_id: 1 }))).toEqual({
      status: 202,
      body: { status: 'accepted', event_id: 'gitlab.com/101/1/job.finished' },
    })
  })

  test('is a duplicate when it comes again, also with its duration as a string', async () => {
    await post(jobWebhook({ build_id: 2 }))
    const again = await post(jobWebhook({ build_id: 2, build_duration: '60.9' }))
    expect(again.body).toMatchObject({ status: 'duplicate', conflicting: false })
  })

  test('that disagrees with the first is logged as conflicting, once, and changes nothing', async () => {
    await post(jobWebhook({ build_id: 3 }))
    await deps.deliveries.drained()
    const before = (await deps.state.read()).generation
    for (let repeat = 0; repeat < 3; repeat += 1) {
      const answer = await post(
        jobWebhook({ build_id: 3, build_status: 'failed', build_failure_reason: 'script_failure' }),
      )
      expect(answer.body).toMatchObject({ status: 'duplicate', conflicting: true })
    }
    const rows = await query(
      'SELECT status, conflicting FROM ci_metrics.job_events WHERE job_id = 3 ORDER BY conflicting',
    )
    expect(rows).toEqual([
      { status: 'success', conflicting: false },
      { status: 'failed', conflicting: true },
    ])
    expect((await deps.state.read()).generation).toBe(before)
  })

  test('received eight days after its finish makes rows and is not learned from', async () => {
    const at = Date.now() - 8 * DAY_MS
    const times = {
      build_created_at: gitlabTime(at),
      build_started_at: gitlabTime(at),
      build_finished_at: gitlabTime(at + 60_000),
    }
    const before = (await deps.state.read()).generation
    expect((await post(jobWebhook({ build_id: 4, ...times }))).body.status).toBe('accepted')
    expect(await query('SELECT late, job_status FROM ci_metrics.job_outcomes WHERE job_id = 4')).toEqual([
      { late: true, job_status: 'success' },
    ])
    expect((await deps.state.read()).generation).toBe(before)
  })

  test('of a canceled job without a runner has an outcome and no arm', async () => {
    await post(
      jobWebhook({
        build_id: 5,
        build_status: 'canceled',
        runner: null,
        build_started_at: null,
        build_duration: null,
      }),
    )
    const [row] = await query(
      'SELECT actual_runner, mab_would_match, job_status FROM ci_metrics.decision_outcomes WHERE job_id = 5',
    )
    expect(row).toEqual({ actual_runner: null, mab_would_match: null, job_status: 'canceled' })
  })

  test('of a running job freezes the decision that its outcome is joined to', async () => {
    await post(running({ build_id: 6 }))
    const [early] = await query(
      'SELECT decided_at, mab_runner, job_status FROM ci_metrics.decision_outcomes WHERE job_id = 6',
    )
    expect(early).toMatchObject({ job_status: null })
    await post(jobWebhook({ build_id: 6 }))
    const [joined] = await query(
      'SELECT decided_at, mab_runner, job_status, decided_late FROM ci_metrics.decision_outcomes WHERE job_id = 6',
    )
    expect(joined).toEqual({ ...early, job_status: 'success', decided_late: false })
  })

  test('carries nothing of users, e-mails or commit texts into any table', async () => {
    await post(jobWebhook({ build_id: 7 }))
    await post({ ...jobWebhook({ build_id: 8 }), build_status: 42 })
    for (const table of ['job_events', 'runner_decisions', 'job_outcomes', 'quarantine']) {
      const text = JSON.stringify(await query(`SELECT * FROM ci_metrics.${table}`))
      expect(text).not.toMatch(/someone|Some One|commit text/)
    }
  })
})

describe('what makes no event', () => {
  test.each([
    ['another kind of hook', { object_kind: 'push' }, 'ignored'],
    ['a status that is not learned from', jobWebhook({ build_id: 20, build_status: 'created' }), 'ignored'],
    ['a status GitLab may invent', jobWebhook({ build_id: 20, build_status: 'levitating' }), 'ignored'],
    ['a job without its id', jobWebhook({ build_id: undefined }), 'quarantined'],
    ['an id beyond 2^53', jobWebhook({ build_id: 2 ** 53 }), 'quarantined'],
    ['a negative duration', jobWebhook({ build_id: 21, build_duration: -1 }), 'quarantined'],
    [
      'a date that no calendar has',
      jobWebhook({ build_id: 21, build_finished_at: '2026-02-30 10:00:00 UTC' }),
      'quarantined',
    ],
    [
      'a finish in the future',
      jobWebhook({ build_id: 21, build_finished_at: gitlabTime(Date.now() + DAY_MS) }),
      'quarantined',
    ],
    [
      'a finish before its start',
      jobWebhook({ build_id: 21, build_finished_at: '2020-01-01 10:00:00 UTC' }),
      'quarantined',
    ],
    ['an array', [], 'quarantined'],
    ['null', 'null', 'quarantined'],
    ['what is not JSON', '{"object_kind":', 'quarantined'],
  ])('%s is answered 202 with a reason', async (_name, body, status) => {
    const before = (await deps.state.read()).generation
    const answer = await post(body)
    expect(answer).toMatchObject({ status: 202, body: { status, reason: expect.stringMatching(/\w/) } })
    await deps.deliveries.drained()
    expect((await deps.state.read()).generation).toBe(before)
  })

  test('is kept once in quarantine, however often it comes', async () => {
    await post({ nonsense: true })
    await post({ nonsense: true })
    const rows = await query('SELECT code, payload FROM ci_metrics.quarantine WHERE body_bytes = 17')
    expect(rows).toEqual([{ code: 'no_kind', payload: '{}' }])
  })
})

describe('refusals', () => {
  test.each([
    ['no token', undefined],
    ['a wrong token of the same length', 'x'.repeat(WEBHOOK_TOKEN.length)],
    ['a prefix of the token', WEBHOOK_TOKEN.slice(0, -1)],
    ['both tokens at once', `an-older-token,${WEBHOOK_TOKEN}`],
  ])('401 for %s', async (_name, token) => {
    const response = await fetch(`${url}/webhooks/gitlab`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { 'x-gitlab-token': token }),
      },
      body: JSON.stringify(jobWebhook()),
    })
    expect(response.status).toBe(401)
  })

  test('any of the tokens is taken while one is being changed', async () => {
    expect((await post(jobWebhook({ build_id: 30 }), { 'x-gitlab-token': 'an-older-token' })).status).toBe(
      202,
    )
  })

  test('405 with Allow for another method', async () => {
    const response = await fetch(`${url}/webhooks/gitlab`)
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('415 for another content type, and for a compressed body', async () => {
    expect((await post(jobWebhook(), { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await post(jobWebhook(), { 'content-encoding': 'gzip' })).status).toBe(415)
  })

  test.each(['//', 'http://[', '*', '/%', '//evil.example/webhooks/gitlab'])(
    'a request for %s is answered, and the server lives',
    async (target) => {
      const { hostname, port } = new URL(url)
      const status = await new Promise((resolve, reject) => {
        const asking = request({ hostname, port, path: target, agent: false }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
        asking.on('error', reject)
        asking.end()
      })
      expect(status).toBe(404)
      expect((await fetch(`${url}/health`)).status).toBe(200)
    },
  )

  test('404 for a path that is not there', async () => {
    expect((await fetch(`${url}/webhooks/github`)).status).toBe(404)
  })
})

describe('a body over the limit', () => {
  const long = (event?: string, bytes = 1024 * 1024) =>
    post(
      { object_kind: 'build', padding: 'x'.repeat(bytes) },
      event === undefined ? {} : { 'x-gitlab-event': event, 'idempotency-key': `over-long ${event}` },
    )

  test.each(['Push Hook', 'Merge Request Hook', 'Note Hook'])(
    'of a %s is read, kept nowhere and answered 202: no job can be in it',
    async (event) => {
      const before = await query('SELECT COUNT(*) AS n FROM ci_metrics.quarantine')
      expect(await long(event)).toMatchObject({ status: 202, body: { status: 'ignored' } })
      expect(await query('SELECT COUNT(*) AS n FROM ci_metrics.quarantine')).toEqual(before)
    },
  )

  test.each(['Job Hook', 'Pipeline Hook', 'System Hook'])(
    'of a %s is answered 202 and put on record without its content, once however often it comes',
    async (event) => {
      for (let repeat = 0; repeat < 2; repeat += 1) {
        expect(await long(event)).toMatchObject({
          status: 202,
          body: { status: 'quarantined', code: 'too_large' },
        })
      }
      const rows = await query(
        `SELECT body_bytes, payload FROM ci_metrics.quarantine WHERE code = 'too_large' ORDER BY received_at DESC`,
      )
      expect(rows[0]).toEqual({ body_bytes: 1024 * 1024 + 36, payload: '{}' })
      expect(rows).toHaveLength(['Job Hook', 'Pipeline Hook', 'System Hook'].indexOf(event) + 1)
    },
  )
})

describe("GitLab's name of a delivery", () => {
  test.each<[string, Record<string, string>, string | null]>([
    [
      'is recorded',
      { 'idempotency-key': 'f5e5f430-f57b-4e6e-9fac-d9128cd7232f' },
      'f5e5f430-f57b-4e6e-9fac-d9128cd7232f',
    ],
    ['is webhook-id where that is all there is', { 'webhook-id': 'msg_1' }, 'msg_1'],
    ['is none when it is too long', { 'idempotency-key': 'x'.repeat(201) }, null],
    ['is none when it cannot be printed', { 'idempotency-key': 'caf\u00e9' }, null],
    ['is none when it is not there', {}, null],
  ])('%s', async (name, headers, expected) => {
    const id = 40 + name.length
    await post(jobWebhook({ build_id: id }), headers)
    expect(await query(`SELECT idempotency_key FROM ci_metrics.job_events WHERE job_id = ${id}`)).toEqual([
      { idempotency_key: expected },
    ])
  })
})

test("what a played GitLab sends is marked as nobody's", async () => {
  const demo = await startServer()
  demo.deps.settings.synthetic = true
  await postWebhook(demo.url, jobWebhook())
  await demo.deps.deliveries.drained()
  expect(await demo.deps.warehouse.query('SELECT source FROM ci_metrics.job_events')).toEqual([
    { source: 'synthetic' },
  ])
})

test('503 with Retry-After when the queue is at its bound, and nothing is lost or taken', async () => {
  const bounded = await startServer({ QUEUE_MAX_MESSAGES: '1' })
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => postWebhook(bounded.url, jobWebhook({ build_id: 100 + index }))),
  )
  const refused = answers.filter((answer) => answer.status === 503)
  expect(refused.length).toBeGreaterThan(0)
  expect(refused[0]?.headers.get('retry-after')).toBe('5')
  await bounded.deps.deliveries.drained()
  const rows = await bounded.deps.warehouse.query('SELECT job_id FROM ci_metrics.job_event_log')
  expect(rows).toHaveLength(20 - refused.length)
})

test('the jobs of one runner too many are quarantined', async () => {
  const capped = await startServer({ MAX_UNMANAGED_ARMS: '1' })
  const by = (id: number) =>
    jobWebhook({ build_id: id, runner: { id: 900 + id, description: `stranger ${id}`, tags: [] } })
  const statuses: unknown[] = []
  for (const id of [1, 2, 1]) {
    const response = await postWebhook(capped.url, by(id))
    statuses.push(((await response.json()) as { status: string }).status)
  }
  expect(statuses).toEqual(['accepted', 'quarantined', 'duplicate'])
})
