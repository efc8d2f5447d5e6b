/** Reconcile: jobs of which a webhook was lost, found in the REST API of a played GitLab. */
import { describe, expect, test } from 'vitest'
import { rebuild } from '../../functions/rebuild.ts'
import { reconcile, reconcileHourly } from '../../functions/reconcile.ts'
import { resetState } from '../../functions/reset.ts'
import {
  createRng,
  type PlayedDay,
  type PlayedWebhook,
  playDay,
  sendWebhooks,
  webhooksOf,
} from '../../shared/played-gitlab/index.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import { fixedClock } from '../support/fixed-clock.ts'
import { API_TOKEN, type PlayedApi, startPlayedApi } from '../support/played-api/index.ts'
import { startServer, WEBHOOK_TOKEN } from '../support/server.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const EVERY = { projects: [], since: '30h' }

/** A day that ended an hour ago. */
const yesterday = (jobs: number, seed: number) => playDay({ seed, jobs, startAt: Date.now() - 25 * HOUR_MS })

type Served = { api: PlayedApi; url: string; deps: LocalDeps }

async function setUp(day: PlayedDay, env: Record<string, string | undefined> = {}): Promise<Served> {
  const api = await startPlayedApi({ day })
  return { api, ...(await startServer({ GITLAB_URL: api.url, GITLAB_API_TOKEN: API_TOKEN, ...env })) }
}

/** Sends those webhooks that arrive, and waits until all is written. */
async function send(webhooks: readonly PlayedWebhook[], { url, deps }: Served): Promise<void> {
  const target = { url: `${url}/webhooks/gitlab`, token: WEBHOOK_TOKEN, concurrency: 64 }
  expect(Object.keys((await sendWebhooks(webhooks, target)).byStatus)).toEqual(['202'])
  await deps.deliveries.drained()
}

/** What the API can tell of a job, as `<job>/<kind>`. */
const factsOf = ({ jobs }: PlayedDay) =>
  jobs.flatMap(({ id, startedAtMs }) => [
    ...(startedAtMs === null ? [] : [`${id}/job.started`]),
    `${id}/job.finished`,
  ])

async function logged({ warehouse }: LocalDeps, condition = 'TRUE'): Promise<string[]> {
  const rows = await warehouse.query(
    `SELECT job_id, kind FROM ci_metrics.job_events
     WHERE kind <> 'job.queued' AND ${condition} ORDER BY job_id, kind`,
  )
  return rows.map(({ job_id: id, kind }) => `${id}/${kind}`)
}

describe('of a day of 600 jobs half of the webhooks were lost', () => {
  test('so exactly what is missing is published, once, decided late, and the state is what the log says', async () => {
    const day = yesterday(600, 31)
    const served = await setUp(day)
    const { deps, api } = served
    const luck = createRng(31, 'lost webhooks')
    const arriving = webhooksOf(day, { seed: 31, instanceUrl: api.url }).filter(() => luck.chance(0.5))
    await send(arriving, served)
    const told = new Set(await logged(deps))
    const lost = factsOf(day).filter((fact) => !told.has(fact))
    expect(lost.length).toBeGreaterThan(300)

    const report = await reconcile(EVERY, deps)
    await deps.deliveries.drained()
    expect(await logged(deps, "source = 'reconcile'")).toEqual(lost.sort(byJob))
    const sums = (key: 'checked' | 'missing' | 'published' | 'waiting' | 'quarantined') =>
      report.projects.reduce((sum, project) => sum + project[key], 0)
    expect([sums('checked'), sums('published')]).toEqual([600, lost.length])
    expect(sums('missing')).toBe(new Set(lost.map((fact) => fact.split('/')[0])).size)
    expect([sums('waiting'), sums('quarantined'), report.unchecked]).toEqual([0, 0, []])

    const outcomes = await deps.warehouse.query(
      'SELECT job_id, decided_late, job_status FROM ci_metrics.decision_outcomes ORDER BY job_id',
    )
    expect(outcomes.map(({ job_id: id, job_status: status }) => [id, status])).toEqual(
      day.jobs.map(({ id, status }) => [id, status]),
    )
    for (const { job_id: id, decided_late: isLate } of outcomes) {
      // A start that came in time made a decision; one that was lost makes none any more.
      if (!told.has(`${id}/job.started`)) expect(isLate).toBe(true)
      else if (!told.has(`${id}/job.finished`)) expect(isLate).toBe(false)
    }
    expect(outcomes.some(({ decided_late: isLate }) => isLate === false)).toBe(true)
    expect(
      await deps.warehouse.query('SELECT job_id FROM ci_metrics.job_events WHERE conflicting OR late'),
    ).toEqual([])
    expect(await rebuild({ check: true }, deps)).toMatchObject({ equal: true })

    const again = await reconcile(EVERY, deps)
    expect(again.projects.map(({ missing, published }) => [missing, published])).toEqual(
      again.projects.map(() => [0, 0]),
    )
    // What was only late arrives, and changes nothing.
    const { generation } = await deps.state.read()
    await send(webhooksOf(day, { seed: 31, instanceUrl: api.url }), served)
    expect((await deps.state.read()).generation).toBe(generation)
    expect(await deps.warehouse.query('SELECT job_id FROM ci_metrics.job_events WHERE conflicting')).toEqual(
      [],
    )
  }, 120_000)
})

describe('a run', () => {
  const day = yesterday(200, 7)
  const projects = day.projects.map(({ path }) => path)
  const named = { ...EVERY, projects }

  test('of the last hours takes who finished then, also who was created long before', async () => {
    const served = await setUp(day)
    const report = await reconcile({ ...named, since: '12h' }, served.deps)
    await served.deps.deliveries.drained()
    const since = Date.parse(report.since)
    const expected = day.jobs.filter(({ finishedAtMs }) => finishedAtMs >= since).map(({ id }) => id)
    expect(await finished(served.deps)).toEqual(expected)
    expect(expected.length).toBeLessThan(200)
  })

  test('finds a job that was created a day before it finished, behind pages of older ones', async () => {
    const { deps } = await setUp(day)
    const { gitlab } = deps
    const at = (hoursAgo: number) => new Date(Date.now() - hoursAgo * HOUR_MS).toISOString()
    const slow = Math.min(
      ...day.jobs.filter(({ project }) => project.path === projects[0]).map(({ id }) => id),
    )
    deps.gitlab = () => ({
      ...gitlab(),
      async *finishedJobs(projectId) {
        for await (const { jobs } of gitlab().finishedJobs(projectId))
          for (const job of jobs) {
            const times = { started_at: at(2), finished_at: at(1), duration: 3600 }
            yield { jobs: [job.id === slow ? { ...job, ...times } : job], next: 'the next' }
          }
      },
    })
    await reconcile({ projects: [projects[0] as string], since: '6h' }, deps)
    await deps.deliveries.drained()
    expect(await finished(deps)).toContain(slow)
  })

  test('leaves the last quarter of an hour to webhooks', async () => {
    const served = await setUp(day)
    const ends = day.jobs.map(({ finishedAtMs }) => finishedAtMs).sort((a, b) => a - b)
    const now = (ends[100] as number) + 15 * MINUTE_MS
    served.deps.clock = fixedClock(now)
    await reconcile(named, served.deps)
    await served.deps.deliveries.drained()
    const expected = day.jobs.filter(({ finishedAtMs }) => finishedAtMs <= now - 15 * MINUTE_MS)
    expect(await finished(served.deps)).toEqual(expected.map(({ id }) => id))
  })

  test('does not touch what would be late, since backfill may learn of it, and says so', async () => {
    const served = await setUp(day, { LATE_AFTER_HOURS: '6' })
    const report = await reconcile(named, served.deps)
    await served.deps.deliveries.drained()
    expect(report.limited_by).toBe('lateness')
    const since = Date.parse(report.since)
    expect(await finished(served.deps)).toEqual(
      day.jobs.filter(({ finishedAtMs }) => finishedAtMs >= since).map(({ id }) => id),
    )
    expect(await logged(served.deps, 'late')).toEqual([])
  })

  test('that takes so long that a job becomes late meanwhile leaves it to backfill', async () => {
    const served = await setUp(day, { LATE_AFTER_HOURS: '6' })
    const clock = fixedClock(Date.now())
    served.deps.clock = clock
    const { gitlab } = served.deps
    served.deps.gitlab = () => {
      clock.advance(4 * HOUR_MS)
      return gitlab()
    }
    await reconcile(named, served.deps)
    await served.deps.deliveries.drained()
    const since = clock.now() - 6 * HOUR_MS
    expect(await finished(served.deps)).toEqual(
      day.jobs.filter(({ finishedAtMs }) => finishedAtMs >= since).map(({ id }) => id),
    )
  })

  test('does not bring back what a reset forgot', async () => {
    const served = await setUp(day)
    await reconcile(named, served.deps)
    await resetState({ reason: null }, served.deps)
    expect(await reconcile(named, served.deps)).toMatchObject({ limited_by: 'reset' })
    await served.deps.deliveries.drained()
    expect((await served.deps.state.read()).state.arms.size).toBe(0)
  })

  test('made twice at once publishes nothing twice', async () => {
    const { deps } = await setUp(day)
    await Promise.all([reconcile(named, deps), reconcile(named, deps)])
    await deps.deliveries.drained()
    const all = await logged(deps)
    expect(all).toEqual([...new Set(all)])
    expect(all).toEqual(factsOf(day).sort(byJob))
  })

  test('sets aside what it does not understand, once', async () => {
    const { deps } = await setUp(day)
    const { gitlab } = deps
    deps.gitlab = () => ({
      ...gitlab(),
      async *finishedJobs(projectId) {
        for await (const { jobs, next } of gitlab().finishedJobs(projectId))
          yield { jobs: jobs.map((job) => ({ ...job, status: 'unheard of' })), next }
      },
    })
    const one = { ...named, projects: [projects[0] as string] }
    const first = await reconcile(one, deps)
    await deps.deliveries.drained()
    expect(first.projects[0]?.quarantined).toBeGreaterThan(10)
    expect((await reconcile(one, deps)).projects[0]).toMatchObject({ missing: 0, quarantined: 0 })
    const rows = await deps.warehouse.query('SELECT DISTINCT code, source FROM ci_metrics.quarantine')
    expect(rows).toEqual([{ code: 'invalid_job', source: 'reconcile' }])
  })

  test('asks no further back than a day before what it looks for', async () => {
    const { deps, api } = await setUp(
      playDay({ seed: 3, jobs: 1500, startAt: Date.now() - 49 * HOUR_MS, lengthHours: 48 }),
    )
    await reconcile({ ...named, projects: ['example/backoffice'], since: '2h' }, deps)
    const partly = api.requests.length
    await reconcile({ ...named, projects: ['example/backoffice'], since: '48h' }, deps)
    expect(partly).toBeLessThan(api.requests.length - partly)
  })

  const finished = async (deps: LocalDeps) =>
    (await logged(deps, "kind = 'job.finished'")).map((fact) => Number(fact.split('/')[0]))
})

test('the tick asks about the projects that were seen, and without a token about none', async () => {
  const day = yesterday(60, 4)
  const served = await setUp(day)
  const first = webhooksOf(day, { seed: 4, instanceUrl: served.api.url }).find(
    ({ status }) => status === 'running',
  )
  await send([first as PlayedWebhook], served)
  await reconcileHourly(served.deps)
  await served.deps.deliveries.drained()
  const seen = day.jobs.find(({ id }) => id === first?.jobId)?.project.id
  expect(await served.deps.warehouse.query('SELECT DISTINCT project_id FROM ci_metrics.job_events')).toEqual([
    { project_id: seen },
  ])
  expect((await logged(served.deps, "source = 'reconcile'")).length).toBeGreaterThan(5)

  const without = await setUp(day, { GITLAB_API_TOKEN: undefined })
  await send([first as PlayedWebhook], without)
  await reconcileHourly(without.deps)
  expect(without.api.requests).toEqual([])
})

/** "9/…" before "10/…". */
const byJob = (a: string, b: string) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1)
