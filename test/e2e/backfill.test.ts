/** Backfill: the job history of a played GitLab's REST API as a bulk source. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { backfill } from '../../functions/backfill.ts'
import { rebuild } from '../../functions/rebuild.ts'
import { type PlayedDay, playDay, sendWebhooks, webhooksOf } from '../../shared/played-gitlab/index.ts'
import type { Gitlab, Row } from '../../shared/ports.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import { encodeState } from '../../shared/schema/state.ts'
import { API_TOKEN, type PlayedApiOptions, startPlayedApi } from '../support/played-api/index.ts'
import { PERSONAL } from '../support/played-api/jobs.ts'
import { startServer, WEBHOOK_TOKEN } from '../support/server.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** A day that ended an hour ago. */
const yesterday = (jobs: number, seed: number) => playDay({ seed, jobs, startAt: Date.now() - 25 * HOUR_MS })

const everyProject = (day: PlayedDay) => day.projects.map(({ id }) => String(id))

async function setUp(options: PlayedApiOptions) {
  const api = await startPlayedApi(options)
  const server = await startServer({ GITLAB_URL: api.url, GITLAB_API_TOKEN: API_TOKEN })
  return { api, ...server }
}

async function stateBytes(deps: LocalDeps): Promise<string> {
  return Buffer.from(encodeState((await deps.state.read()).state)).toString()
}

async function outcomesOf({ warehouse }: LocalDeps): Promise<Row[]> {
  return warehouse.query(
    'SELECT * FROM ci_metrics.decision_outcomes WHERE job_status IS NOT NULL ORDER BY job_id',
  )
}

async function decisionsOf({ warehouse }: LocalDeps): Promise<Row[]> {
  return warehouse.query('SELECT * FROM ci_metrics.runner_decisions ORDER BY decision_id')
}

describe('a backfill of 2,000 jobs, then webhooks of half of them', () => {
  test('leaves 2,000 outcomes, no conflict, and a state that the log gives again', async () => {
    const day = yesterday(2000, 21)
    expect(day.jobs.some(({ attempt }) => attempt === 1)).toBe(true)
    const { api, url, deps } = await setUp({ day })
    const input = { projects: everyProject(day), since: '30d', restart: false }
    const report = await backfill(input, deps)
    const started = day.jobs.filter((job) => job.startedAtMs !== null).length
    expect(report).toMatchObject({ jobs: 2000, accepted: 2000 + started, duplicates: 0, quarantined: 0 })
    expect(await outcomesOf(deps)).toHaveLength(2000)
    const state = await stateBytes(deps)

    const half = new Set(day.jobs.filter(({ id }) => id % 2 === 0).map(({ id }) => id))
    const webhooks = webhooksOf(day, { seed: 21, instanceUrl: api.url }).filter(({ jobId }) =>
      half.has(jobId),
    )
    const sent = await sendWebhooks(webhooks, {
      url: `${url}/webhooks/gitlab`,
      token: WEBHOOK_TOKEN,
      concurrency: 64,
    })
    expect(Object.keys(sent.byStatus)).toEqual(['202'])
    await deps.deliveries.drained()

    const outcomes = await outcomesOf(deps)
    expect(outcomes.map((row) => row.job_id)).toEqual(day.jobs.map(({ id }) => id))
    for (const [index, row] of outcomes.entries()) {
      const job = day.jobs[index]
      expect([row.job_status, row.actual_runner, row.job_duration]).toEqual([
        job?.status,
        job?.runner?.description ?? null,
        job?.durationSeconds === 0 ? null : job?.durationSeconds,
      ])
    }
    const [conflicts] = await deps.warehouse.query(
      'SELECT COUNTIF(conflicting) AS conflicts FROM ci_metrics.job_events',
    )
    expect(conflicts).toEqual({ conflicts: 0 })
    expect(await stateBytes(deps)).toBe(state)
    expect(await rebuild({ check: true }, deps)).toMatchObject({ equal: true })
  }, 240_000)
})

describe('a backfill', () => {
  const day = yesterday(400, 5)
  const input = { projects: everyProject(day), since: '30d', restart: false }

  test("knows the job's own tags, decides at the start, and knows what had ended then", async () => {
    const { deps } = await setUp({ day })
    await backfill(input, deps)
    const rows = await outcomesOf(deps)
    expect(rows).toHaveLength(400)
    for (const row of rows) {
      const job = day.jobs.find(({ id }) => id === row.job_id)
      if (job === undefined) throw new Error(`no job ${row.job_id}`)
      expect(row).toMatchObject({
        source: 'backfill',
        tags_source: 'jobs_api',
        decided_late: job.startedAtMs === null,
      })
      const moment = job.startedAtMs ?? job.finishedAtMs
      expect(Date.parse(row.decided_at as string)).toBe(moment)
      const known = day.jobs.filter((other) => {
        const counts = other.status !== 'canceled' && (other.durationSeconds ?? 0) > 0
        return counts && other.id !== job.id && other.finishedAtMs < moment
      })
      expect(row.state_observations).toBe(known.length)
      const feasible = (JSON.parse(row.feasible as string) as { arm: string }[]).map(({ arm }) => arm)
      const byRule = day.runners.filter(({ tags }) => job.tags.every((tag) => tags.includes(tag)))
      for (const { description, online } of byRule) if (online) expect(feasible).toContain(description)
    }
  })

  test('made twice changes nothing', async () => {
    const { deps } = await setUp({ day })
    const first = await backfill(input, deps)
    const before = { state: await stateBytes(deps), decisions: await decisionsOf(deps) }
    const second = await backfill(input, deps)
    expect(second).toMatchObject({ jobs: 400, accepted: 0, duplicates: first.accepted })
    expect({ state: await stateBytes(deps), decisions: await decisionsOf(deps) }).toEqual(before)
  })

  test('gives the same whatever the order of projects and pages', async () => {
    const { api, deps } = await setUp({ day })
    await backfill(input, deps)
    const other = await startServer({ GITLAB_URL: api.url, GITLAB_API_TOKEN: API_TOKEN })
    const { gitlab } = other.deps
    other.deps.gitlab = () => backwards(gitlab())
    await backfill({ ...input, projects: [...input.projects].reverse() }, other.deps)
    expect(await stateBytes(other.deps)).toBe(await stateBytes(deps))
    expect(await decisionsOf(other.deps)).toEqual(await decisionsOf(deps))
  })

  test('comes through limited rates, 5xx and broken connections with everything', async () => {
    const { deps, api } = await setUp({
      day,
      limitEvery: 6,
      fault: (nth) => (nth === 3 ? { status: 503 } : nth === 7 ? 'reset' : undefined),
    })
    expect(await backfill(input, deps)).toMatchObject({ jobs: 400, quarantined: 0 })
    expect(api.requests.length).toBeGreaterThan(12)
  }, 60_000)

  test('takes jobs created since, and stops asking at the first page that is older', async () => {
    const { deps, api } = await setUp({ day })
    const noon = day.startAtMs + 12 * HOUR_MS
    const since = new Date(noon).toISOString()
    const report = await backfill({ ...input, since }, deps)
    const wanted = day.jobs.filter(({ createdAtMs }) => createdAtMs >= noon)
    expect(report.jobs).toBe(wanted.length)
    expect(await outcomesOf(deps)).toHaveLength(wanted.length)
    expect(report.oldest_job_at).toBe(
      new Date(Math.min(...wanted.map((job) => job.createdAtMs))).toISOString(),
    )
    expect(api.requests.length).toBeLessThanOrEqual(10)
  })

  test('progress tells how many jobs were read, and of when they are', async () => {
    const { deps } = await setUp({ day })
    const steps: { doing: string; done: number; at?: string }[] = []
    await backfill(input, deps, (step) => steps.push(step))
    const reading = steps.filter(({ doing }) => doing === 'reading jobs')
    expect(reading.at(-1)?.done).toBe(400)
    for (const { at } of reading) expect(at).toMatch(/^\d{4}-\d{2}-\d{2}$/)
  })

  test('sets aside what it does not understand, with nothing of people', async () => {
    const { deps } = await setUp({ day })
    const { gitlab } = deps
    deps.gitlab = () => spoilt(gitlab())
    const report = await backfill({ ...input, projects: ['101'] }, deps)
    expect(report.by_reason).toEqual({ invalid_job: 1, in_the_future: 1 })
    const rows = await deps.warehouse.query(
      'SELECT code, source, project_id, job_id, payload FROM ci_metrics.quarantine ORDER BY code',
    )
    expect(rows).toMatchObject([
      { code: 'in_the_future', source: 'backfill', project_id: 101 },
      { code: 'invalid_job', source: 'backfill', project_id: 101, job_id: null },
    ])
    for (const personal of PERSONAL) expect(JSON.stringify(rows)).not.toContain(personal)
  })

  test('keeps no token and nothing of people, neither in tables nor in files, and removes its spool', async () => {
    const { deps } = await setUp({ day, fault: (nth) => (nth === 9 ? { status: 401 } : undefined) })
    const spool = join(deps.settings.dataFolder, 'spool')
    await expect(backfill(input, deps)).rejects.toThrow(/does not accept GITLAB_API_TOKEN/)
    const secrets = [...PERSONAL, API_TOKEN, 'ada']
    const contents = readdirSync(spool).map((name) => readFileSync(join(spool, name), 'utf8'))
    expect(contents.join('').length).toBeGreaterThan(10_000)
    for (const secret of secrets) expect(contents.join('')).not.toContain(secret)
    await backfill(input, deps)
    expect(readdirSync(spool)).toEqual([])
    for (const table of ['job_events', 'runner_decisions', 'job_outcomes', 'quarantine']) {
      const rows = JSON.stringify(await deps.warehouse.query(`SELECT * FROM ci_metrics.${table}`))
      for (const secret of secrets) expect(rows).not.toContain(secret)
    }
  })

  test.each(['yesterday', '30', '2026-13-01', '2999-01-01', '-1d'])('refuses --since %s', async (since) => {
    const { deps, api } = await setUp({ day })
    await expect(backfill({ ...input, since }, deps)).rejects.toThrow(/give days or hours/)
    expect(api.requests).toEqual([])
  })

  test('takes the way a path stands in an address, and a project named twice once', async () => {
    const { deps } = await setUp({ day })
    const projects = ['example%2Fcrm', '/example/crm', '103']
    const report = await backfill({ ...input, projects }, deps)
    expect(report.projects).toEqual([{ id: 103, path: 'example/crm' }])
  })

  test('begun while another reads the same project is told to wait', async () => {
    const { deps } = await setUp({ day })
    const both = await Promise.allSettled([backfill(input, deps), backfill(input, deps)])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(
      String((both.find(({ status }) => status === 'rejected') as PromiseRejectedResult).reason),
    ).toMatch(/read already/)
  })
})

/** The same jobs, the oldest first, in pages of another size. */
function backwards(gitlab: Gitlab): Gitlab {
  return {
    ...gitlab,
    async *finishedJobs(projectId) {
      const jobs: Record<string, unknown>[] = []
      for await (const page of gitlab.finishedJobs(projectId)) jobs.push(...page.jobs)
      jobs.reverse()
      for (let start = 0; start < jobs.length; start += 7) {
        yield { jobs: jobs.slice(start, start + 7), next: start + 7 < jobs.length ? `${start + 7}` : null }
      }
    },
  }
}

/** One job of the first page has lost its id, and another has yet to end. */
function spoilt(gitlab: Gitlab): Gitlab {
  return {
    ...gitlab,
    async *finishedJobs(projectId, from) {
      let isFirst = true
      for await (const { jobs, next } of gitlab.finishedJobs(projectId, from)) {
        const [one, other, ...rest] = jobs
        const later = new Date(Date.now() + DAY_MS).toISOString()
        yield isFirst
          ? { jobs: [{ ...one, id: '17' }, { ...other, finished_at: later }, ...rest], next }
          : { jobs, next }
        isFirst = false
      }
    },
  }
}
