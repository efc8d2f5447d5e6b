import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import {
  mayTake,
  type PlayedJob,
  type PlayedWebhook,
  playDay,
  playedRunners,
  sendWebhooks,
  webhooksOf,
} from '../../shared/played-gitlab/index.ts'

const startAt = Date.parse('2026-03-02T00:00:00Z')
const day = playDay({ seed: 1, jobs: 2000, startAt })
const webhookOptions = { seed: 1, instanceUrl: 'https://gitlab.example.com' }
const webhooks = webhooksOf(day, webhookOptions)
const started = day.jobs
  .filter((job) => job.runner !== null)
  .sort((a, b) => (a.startedAtMs ?? 0) - (b.startedAtMs ?? 0))

describe('a played day', () => {
  test('is the same for the same seed and another for another', () => {
    expect(playDay({ seed: 1, jobs: 2000, startAt })).toEqual(day)
    expect(playDay({ seed: 2, jobs: 2000, startAt }).jobs).not.toEqual(day.jobs)
  })

  test('has the first fleet: 11 runners, one offline, and tags that reach as many as their owner says', () => {
    expect(playedRunners.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    expect(playedRunners.filter(({ online }) => !online).map(({ id }) => id)).toEqual([11])
    const reach = (tag: string) =>
      playedRunners
        .filter((runner) => mayTake(runner, { tags: [tag], protectedRef: false }))
        .map(({ id }) => id)
    expect(reach('docker-any')).toEqual([1, 2, 3, 4])
    expect(reach('shell-any')).toEqual([1, 5, 6, 7])
    expect(reach('k8s-any')).toEqual([8, 9, 10, 11])
    expect(reach('any-runner')).toHaveLength(11)
    expect(reach('mac-any')).toEqual([2, 5, 8])
    expect(reach('linux-any')).toEqual([4, 7, 10])
    expect(reach('gcp-any')).toEqual([1, 11])
    expect(reach('local-shell')).toEqual([])
  })

  test.each([0, 1, 7, 2000, 6000])('has exactly %i jobs when asked for so many', (jobs) => {
    const { jobs: played } = playDay({ seed: 3, jobs, startAt })
    expect(played).toHaveLength(jobs)
    expect(new Set(played.map(({ id }) => id)).size).toBe(jobs)
  })

  test('gives a job only to an online runner that has all its tags', () => {
    for (const { runner, tags } of started) {
      expect(runner?.tags).toEqual(expect.arrayContaining([...tags]))
      expect(runner?.online).toBe(true)
    }
  })

  test('never fills a runner beyond its slots', () => {
    for (const runner of playedRunners) {
      const changes = started
        .filter((job) => job.runner === runner)
        .flatMap((job) => [
          { atMs: job.startedAtMs ?? 0, change: 1 },
          { atMs: job.finishedAtMs, change: -1 },
        ])
        .sort((a, b) => a.atMs - b.atMs || a.change - b.change)
      let busySlots = 0
      for (const { change } of changes) {
        busySlots += change
        expect(busySlots).toBeLessThanOrEqual(runner.concurrent)
      }
    }
  })

  test.each([24, 1, 0.1])('orders the times of every job and ends it within %d hours', (lengthHours) => {
    const { jobs, endAtMs } = playDay({ seed: 4, jobs: 500, startAt, lengthHours })
    expect(endAtMs).toBe(startAt + lengthHours * 3_600_000)
    for (const job of jobs) {
      const times = [startAt, job.createdAtMs, job.pendingAtMs, job.startedAtMs, job.finishedAtMs, endAtMs]
      const known = times.filter((atMs) => atMs !== null)
      expect(known).toEqual(known.toSorted((a, b) => a - b))
      expect(job.runner === null).toBe(job.startedAtMs === null)
      expect(job.durationSeconds === null).toBe(job.startedAtMs === null)
    }
  })

  test('has some of every kind of ending', () => {
    const count = (kind: (job: PlayedJob) => boolean) => day.jobs.filter(kind).length
    expect(count(({ status, runner }) => status === 'canceled' && runner === null)).toBeGreaterThan(5)
    expect(count(({ status, runner }) => status === 'canceled' && runner !== null)).toBeGreaterThan(5)
    expect(count(({ failureReason }) => failureReason === 'script_failure')).toBeGreaterThan(50)
    expect(count(({ failureReason }) => failureReason === 'runner_system_failure')).toBeGreaterThan(10)
    expect(count(({ attempt }) => attempt === 1)).toBeGreaterThan(10)
    expect(count(({ tags }) => tags.includes('nordic-k8s'))).toBeGreaterThan(0)
    expect(count(({ status }) => status === 'success')).toBeGreaterThan(1600)
    expect(count(({ finishedAtMs }) => finishedAtMs === day.endAtMs)).toBeLessThan(20)
  })

  test('retries a failed job under a new id with the same name in the same pipeline', () => {
    for (const retry of day.jobs.filter(({ attempt }) => attempt === 1)) {
      const first = day.jobs.filter(
        ({ id, name, pipelineId }) => id < retry.id && name === retry.name && pipelineId === retry.pipelineId,
      )
      expect(first.map(({ status, attempt }) => ({ status, attempt }))).toEqual([
        { status: 'failed', attempt: 0 },
      ])
    }
  })

  test('gives jobs that start close together to the same runner more often than uniform chance would', () => {
    const docker = started.filter(({ tags }) => tags.includes('docker-any'))
    const pairs = docker.slice(1).map((job, index) => [docker[index], job] as const)
    const close = pairs.filter(([before, job]) => (job.startedAtMs ?? 0) - (before?.startedAtMs ?? 0) < 1000)
    const sticky = close.filter(([before, job]) => before?.runner === job.runner)
    expect(close.length).toBeGreaterThan(100)
    // Four runners share the tag.
    expect(sticky.length / close.length).toBeGreaterThan(0.4)
  })

  test('is played in less than a second', () => {
    const before = performance.now()
    playDay({ seed: 5, jobs: 2000, startAt })
    expect(performance.now() - before).toBeLessThan(1000)
  })
})

describe('the webhooks of a played day', () => {
  const payloads = webhooks.map((webhook) => ({ webhook, payload: JSON.parse(webhook.body) }))

  test('are the same for the same seed, in the order of emission', () => {
    expect(webhooksOf(day, webhookOptions)).toEqual(webhooks)
    expect(webhooks).toEqual(webhooks.toSorted((a, b) => a.at - b.at))
  })

  test('tell the final status of every job', () => {
    const told = new Set(webhooks.map(({ jobId, status }) => `${jobId} ${status}`))
    for (const { id, status } of day.jobs) expect(told).toContain(`${id} ${status}`)
  })

  test('say what the truth says', () => {
    const truth = new Map(day.jobs.map((job) => [job.id, job]))
    for (const { webhook, payload } of payloads) {
      const job = truth.get(webhook.jobId)
      expect(payload).toMatchObject({ object_kind: 'build', build_id: job?.id, build_status: webhook.status })
      expect(payload.retries_count).toBe(job?.attempt)
      if (webhook.status !== job?.status) continue
      expect(payload.runner?.description).toBe(job.runner?.description)
      expect(payload.build_failure_reason).toBe(job.failureReason ?? 'unknown_failure')
      expect(payload.build_finished_at).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/)
      expect(payload.build_duration === null ? null : Number(payload.build_duration)).toBe(
        job.durationSeconds,
      )
    }
  })

  test('name no runner before one is assigned, and six of its facts afterwards', () => {
    for (const { webhook, payload } of payloads) {
      if (webhook.status === 'created' || webhook.status === 'pending') expect(payload.runner).toBeNull()
      if (webhook.status === 'running') expect(Object.keys(payload.runner)).toHaveLength(6)
    }
  })

  test('are partly repeated with the same key and body, partly out of order, partly with durations as strings', () => {
    const byKey = Map.groupBy(webhooks, ({ headers }) => headers['Idempotency-Key'])
    const repeated = [...byKey.values()].filter(({ length }) => length > 1)
    expect(repeated.length / byKey.size).toBeCloseTo(0.05, 1)
    for (const [first, second] of repeated) expect(second?.body).toBe(first?.body)
    const finals = new Set<number>()
    let late = 0
    for (const { jobId, status } of webhooks) {
      if (status === 'success' || status === 'failed' || status === 'canceled') finals.add(jobId)
      else if (finals.has(jobId)) late += 1
    }
    expect(late).toBeGreaterThan(100)
    expect(
      payloads.filter(({ payload }) => typeof payload.build_duration === 'string').length,
    ).toBeGreaterThan(50)
  })

  test('come one per transition and in order when no fault is asked for', () => {
    const clean = webhooksOf(day, {
      ...webhookOptions,
      repeatShare: 0,
      reorderShare: 0,
      stringDurationShare: 0,
    })
    expect(clean).toHaveLength(day.transitions.length)
    const statuses = Map.groupBy(clean, ({ jobId }) => jobId)
    for (const { id, status } of day.jobs) expect(statuses.get(id)?.at(-1)?.status).toBe(status)
  })
})

describe('sending webhooks', () => {
  const few = webhooks.slice(0, 40)

  test('posts each once with the token and reports each answer', async () => {
    const received: string[] = []
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      received.push(Buffer.concat(chunks).toString())
      const welcome = request.headers['x-gitlab-token'] === 'secret' && request.url === '/webhooks/gitlab'
      response.writeHead(welcome ? 202 : 401).end('noted')
    })
    const url = await listen(server)
    const answered: PlayedWebhook[] = []
    const result = await sendWebhooks(few, {
      url,
      token: 'secret',
      onAnswer: (webhook, answer) => {
        expect(answer).toEqual({ httpStatus: 202, body: 'noted' })
        answered.push(webhook)
      },
    })
    await close(server)
    expect(result).toEqual({ sent: 40, byStatus: { '202': 40 } })
    expect(received.toSorted()).toEqual(few.map(({ body }) => body).toSorted())
    expect(new Set(answered)).toEqual(new Set(few))
  })

  test('reports a receiver that is gone without trying again', async () => {
    const server = createServer()
    const url = await listen(server)
    await close(server)
    const result = await sendWebhooks(few, { url, token: 'secret' })
    expect(result).toEqual({ sent: 40, byStatus: { error: 40 } })
  })
})

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/gitlab`
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
