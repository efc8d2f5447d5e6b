/** Pipeline webhooks as the second witness of jobs: their events and those of the job webhooks are the same. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { replay } from '../../functions/replay.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import { buildOf, pipelineWebhook } from '../support/pipeline-webhook.ts'
import { dataFolder, postWebhook, startServer } from '../support/server.ts'
import { gitlabTime, jobWebhook, running } from '../support/webhook.ts'

const NOW = Date.now()

let url: string
let deps: LocalDeps

beforeAll(async () => {
  const server = await startServer()
  url = server.url
  deps = server.deps
})

async function post(body: unknown, to = url) {
  const response = await postWebhook(to, body, { 'x-gitlab-event': 'Pipeline Hook' })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function query(sql: string, of = deps) {
  await of.deliveries.drained()
  return of.warehouse.query(sql)
}

const pending = (id: number) =>
  jobWebhook(
    {
      build_id: id,
      build_status: 'pending',
      runner: null,
      build_started_at: null,
      build_finished_at: null,
      build_duration: null,
    },
    NOW,
  )
const COUNTS = { accepted: 0, duplicate: 0, conflicting: 0, quarantined: 0, ignored: 0 }

test('one pipeline hook makes an event of each of its jobs, of the source "pipeline"', async () => {
  const answer = await post(
    pipelineWebhook([
      buildOf(jobWebhook({ build_id: 1 })),
      buildOf(running({ build_id: 2 })),
      buildOf(pending(3)),
      buildOf(jobWebhook({ build_id: 4, build_status: 'manual' })),
    ]),
  )
  expect(answer).toEqual({
    status: 202,
    body: {
      status: 'accepted',
      jobs: { ...COUNTS, accepted: 3, ignored: 1 },
      first: [
        { status: 'accepted', event_id: 'gitlab.com/101/1/job.finished' },
        { status: 'accepted', event_id: 'gitlab.com/101/2/job.started' },
        { status: 'accepted', event_id: 'gitlab.com/101/3/job.queued' },
        { status: 'ignored', reason: 'The job status "manual" makes no event.' },
      ],
    },
  })
  expect(
    await query(
      'SELECT job_id, source, pipeline_id, attempt, commit_sha FROM ci_metrics.job_events ORDER BY job_id',
    ),
  ).toEqual(
    [1, 2, 3].map((id) => ({
      job_id: id,
      source: 'pipeline',
      pipeline_id: 501,
      attempt: null,
      commit_sha: '0123456789012345678901234567890123456789',
    })),
  )
})

describe('two witnesses of one job', () => {
  const job = jobWebhook({ build_id: 10, build_duration: 60.5 }, NOW)

  test.each([
    ['the job hook first', [job, pipelineWebhook([buildOf(job)])], 'webhook'],
    ['the pipeline hook first', [pipelineWebhook([buildOf(job)]), job], 'pipeline'],
  ])('are one event, %s', async (_name, bodies, source) => {
    const server = await startServer()
    for (const body of bodies) expect((await post(body, server.url)).status).toBe(202)
    expect(
      await query('SELECT source, duration_seconds, conflicting FROM ci_metrics.job_events', server.deps),
    ).toEqual([{ source, duration_seconds: 60.5, conflicting: false }])
  })

  test.each([
    ['as text', { duration: '60.5' }, 0],
    ['a second longer', { duration: 61.5 }, 0],
    ['by its times alone, as old versions say it', { duration: undefined }, 0],
    ['a second and a millisecond longer', { duration: 61.501 }, 1],
    ['on another runner', { runner: { id: 99, description: 'Mac2 Docker Runner' } }, 1],
    ['as failed', { status: 'failed', failure_reason: 'script_failure' }, 1],
  ])('that tell of it %s conflict that often', async (_name, change, conflicting) => {
    const server = await startServer()
    await post(job, server.url)
    const before = Buffer.from((await settled(server.deps)) ?? [])
    const answer = await post(pipelineWebhook([{ ...buildOf(job), ...change }]), server.url)
    expect(answer.body).toMatchObject({ status: 'duplicate', conflicting: conflicting === 1 })
    expect(Buffer.from((await settled(server.deps)) ?? [])).toEqual(before)
    const [row] = await query(
      'SELECT COUNT(*) AS n FROM ci_metrics.job_events WHERE conflicting',
      server.deps,
    )
    expect(Number(row?.n)).toBe(conflicting)
  })

  const settled = async (of: LocalDeps) => {
    await of.deliveries.drained()
    return of.state.bytes()
  }

  test('in any order, with any part of them lost, give the state that one of them gives', async () => {
    const jobs = [1, 2, 3, 4].map((id) => jobWebhook({ build_id: id, build_duration: 20 * id }, NOW))
    const alone = await startServer()
    for (const body of jobs) await post(body, alone.url)
    const expected = Buffer.from((await settled(alone.deps)) ?? []).toString()
    const snapshots = [1, 2, 3, 4].map((finished) =>
      pipelineWebhook(
        jobs.map((body, index) =>
          buildOf(index < finished ? body : { ...body, build_status: 'running', build_finished_at: null }),
        ),
      ),
    )
    const last = snapshots[3] as Record<string, unknown>
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...jobs, ...jobs, ...snapshots]), async (bodies) => {
        const server = await startServer()
        for (const body of [...bodies, last]) await post(body, server.url)
        expect(Buffer.from((await settled(server.deps)) ?? []).toString()).toBe(expected)
      }),
      { numRuns: 5 },
    )
  })
})

describe('what is wrong', () => {
  test('with one job sets that one aside, once however often the pipeline tells of it, and takes the others', async () => {
    const odd = { ...buildOf(jobWebhook({ build_id: 21 })), finished_at: '2026-02-30 10:00:00 UTC' }
    const late = { ...buildOf(jobWebhook({ build_id: 22 })), finished_at: gitlabTime(NOW + 86_400_000) }
    const answer = await post(pipelineWebhook([buildOf(jobWebhook({ build_id: 20 })), odd, late]))
    expect(answer.body).toMatchObject({
      status: 'accepted',
      jobs: { ...COUNTS, accepted: 1, quarantined: 2 },
    })
    await post(pipelineWebhook([odd, late, buildOf(jobWebhook({ build_id: 23 }))]))
    const rows = await query(
      'SELECT source, code, project_id, job_id, payload FROM ci_metrics.quarantine WHERE job_id IN (21, 22) ORDER BY job_id',
    )
    expect(rows).toMatchObject([
      { source: 'pipeline', code: 'invalid_job', project_id: 101, job_id: 21 },
      { source: 'pipeline', code: 'in_the_future', project_id: 101, job_id: 22 },
    ])
    expect(JSON.stringify(rows)).not.toMatch(/secret|commit text|someone/i)
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['no project', { project: null }, 'invalid_pipeline'],
    ['a project of 2^53', { project: { id: 2 ** 53 } }, 'invalid_pipeline'],
    ['no pipeline', { object_attributes: undefined }, 'invalid_pipeline'],
    ['jobs that are no list', { builds: { id: 1 } }, 'invalid_pipeline'],
    ['no jobs', { builds: undefined }, 'invalid_pipeline'],
    ['more jobs than any pipeline', { builds: Array.from({ length: 10_001 }, () => 1) }, 'too_many_jobs'],
  ])('with the whole of it, %s, sets it aside as a whole', async (_name, change, code) => {
    const answer = await post(pipelineWebhook([buildOf(jobWebhook({ build_id: 30 }))], change))
    expect(answer).toMatchObject({ status: 202, body: { status: 'quarantined', code } })
    expect(await query('SELECT job_id FROM ci_metrics.job_events WHERE job_id = 30')).toEqual([])
  })

  test.each([[null], [42], ['success'], [[]], [{}], [{ status: 7 }]])(
    'with a job that is %j sets it aside',
    async (build) => {
      expect((await post(pipelineWebhook([build]))).body).toMatchObject({
        status: 'quarantined',
        code: 'no_status',
      })
    },
  )

  test('is nothing where a pipeline has no jobs yet', async () => {
    expect((await post(pipelineWebhook([]))).body).toMatchObject({ status: 'ignored' })
  })
})

test('ten thousand jobs are taken in one answer that stays short, and again as duplicates', async () => {
  const large = await startServer({
    WEBHOOK_MAX_BYTES: String(25 * 1024 * 1024),
    QUEUE_MAX_MESSAGES: '20000',
  })
  const runner = { id: 2, description: 'Mac Docker Runner' }
  const builds = Array.from({ length: 10_000 }, (_, index) => ({
    id: index + 1,
    name: `job ${index}`,
    status: 'success',
    started_at: gitlabTime(NOW - 70_000),
    finished_at: gitlabTime(NOW - 10_000),
    duration: 60,
    runner,
  }))
  const body = pipelineWebhook(builds)
  const first = await post(body, large.url)
  expect(first.body).toMatchObject({ jobs: { ...COUNTS, accepted: 10_000 } })
  expect(JSON.stringify(first.body).length).toBeLessThan(2000)
  expect((await post(body, large.url)).body).toMatchObject({ jobs: { ...COUNTS, duplicate: 10_000 } })
})

test('a pipeline that does not fit into the queue is put off, and what was taken of it counts once', async () => {
  const small = await startServer({ QUEUE_MAX_MESSAGES: '3' })
  const body = pipelineWebhook([1, 2, 3, 4, 5].map((id) => buildOf(jobWebhook({ build_id: id }, NOW))))
  expect((await post(body, small.url)).status).toBe(503)
  expect(await query('SELECT job_id FROM ci_metrics.job_event_log ORDER BY job_id', small.deps)).toEqual([
    { job_id: 1 },
    { job_id: 2 },
    { job_id: 3 },
  ])
})

test('a kept pipeline hook is replayed like a job hook', async () => {
  const server = await startServer()
  const path = join(dataFolder(), 'pipeline.json')
  writeFileSync(
    path,
    JSON.stringify(pipelineWebhook([1, 2].map((id) => buildOf(jobWebhook({ build_id: id }, NOW))))),
  )
  expect(await replay({ paths: [path] }, server.deps)).toMatchObject({ files: 1, accepted: 2, duplicates: 0 })
  expect(await query('SELECT source FROM ci_metrics.job_event_log', server.deps)).toEqual([
    { source: 'replay' },
    { source: 'replay' },
  ])
})
