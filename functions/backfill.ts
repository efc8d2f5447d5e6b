/**
 * backfill: the past, from the job history of GitLab's API. A bulk source (law 6): see `shared/runtime/bulk.ts`.
 *
 * Called by: the command line. Reads: GitLab, the log. Writes: what `takeInPast` writes; meanwhile what was read is
 * spooled, page by page, so that a repetition after a crash goes on with the page that was in hand. Repetition: what is
 * in the log is a duplicate.
 */
import type { Instant } from '../shared/domain/event.ts'
import { InvalidInputError } from '../shared/errors.ts'
import type { Gitlab, GitlabProject, SpooledEntries } from '../shared/ports.ts'
import { breather } from '../shared/runtime/breathe.ts'
import { startPast, takeInPast } from '../shared/runtime/bulk.ts'
import type { Deps, Progress } from '../shared/runtime/handler.ts'
import { createdAtOf, type SpooledPage, spooledPage, takeInJob } from '../shared/schema/gitlab-api.ts'
import { parseSince } from '../shared/schema/since.ts'
import { decodeOrThrow } from '../shared/schema/wire.ts'

export type BackfillReport = {
  projects: GitlabProject[]
  since: string
  /** Jobs created since then, that have ended. */
  jobs: number
  /** Pages that this run asked for. */
  pages: number
  /** When the reading began that this run went on with; null when it began itself. */
  resumed_from: string | null
  oldest_job_at: string | null
  newest_job_at: string | null
  /** Events: a job has one of its start and one of its finish. */
  accepted: number
  duplicates: number
  /** Jobs. */
  quarantined: number
  by_reason: Record<string, number>
  /** Of all jobs since then. Agreement is not benefit. */
  agreement: { policy: string; offered_set: string; jobs: number; matches: number }[]
}

type BackfillDeps = Parameters<typeof takeInPast>[1] & Pick<Deps, 'gitlab' | 'spool'>

export type BackfillInput = {
  /** Ids or full paths. Their jobs are processed in one order of time. */
  projects: readonly string[]
  /** "30d", or a day in ISO 8601: of a job's creation. */
  since: string
  /** Forget what an interrupted run has read. */
  restart: boolean
  apiToken?: string | undefined
}

export async function backfill(
  input: BackfillInput,
  deps: BackfillDeps,
  progress: Progress = () => {},
): Promise<BackfillReport> {
  const since = parseSince(input.since, deps.clock.now())
  if (since === undefined) {
    throw new InvalidInputError(
      `--since ${JSON.stringify(input.since)}: give days or hours as 30d or 12h, or a day of the past as 2026-10-01`,
    )
  }
  const gitlab = deps.gitlab(input.apiToken)
  const readings: Reading[] = []
  try {
    for (const project of await projectsOf(input.projects, gitlab)) {
      const name = `backfill/${deps.settings.instance}/${project.id}`
      readings.push({ project, pages: await deps.spool.open(name), beganAt: null, asked: 0 })
    }
    if (input.restart) for (const { pages } of readings) await pages.clear()
    let jobs = 0
    const count: Count = (page) => {
      jobs += page.jobs.length
      progress({ doing: 'reading jobs', done: jobs, at: dayOf(oldestOf(page)) })
    }
    for (const reading of readings) await read(reading, since, { gitlab, clock: deps.clock }, count)
    const report = await takeIn(readings, since, deps, progress)
    for (const { pages } of readings) await pages.clear()
    deps.log.info('jobs.backfilled', { ...report })
    return report
  } finally {
    for (const { pages } of readings) await pages.close()
  }
}

/** The reading of one project's jobs. */
type Reading = {
  project: GitlabProject
  pages: SpooledEntries
  /** When it began, if that was in an earlier run. */
  beganAt: Instant | null
  /** Pages that this run asked for. */
  asked: number
}
type Count = (page: Pick<SpooledPage, 'jobs'>) => void

async function projectsOf(named: readonly string[], gitlab: Gitlab): Promise<GitlabProject[]> {
  const projects = new Map<number, GitlabProject>()
  for (const name of named) {
    const project = await gitlab.project(name)
    projects.set(project.id, project)
  }
  return [...projects.values()]
}

/** Spools the pages that are missing, the newest jobs first, until one is older than `since`. */
async function read(
  reading: Reading,
  since: Instant,
  { gitlab, clock }: { gitlab: Gitlab; clock: Deps['clock'] },
  count: Count,
): Promise<void> {
  const { project, pages } = reading
  let last: SpooledPage | undefined
  for await (const page of pagesIn(pages)) {
    reading.beganAt ??= page.read_at
    last = page
    count(page)
  }
  if (last !== undefined && isLast(last, since)) return
  for await (const { jobs, next } of gitlab.finishedJobs(project.id, last?.next ?? undefined)) {
    reading.asked += 1
    await pages.append({ read_at: new Date(clock.now()).toISOString(), next, jobs })
    count({ jobs })
    if (isLast({ jobs, next }, since)) return
  }
}

/** Ids, which are the order of the pages, grow with the time of creation. */
function isLast(page: Pick<SpooledPage, 'jobs' | 'next'>, since: Instant): boolean {
  const oldest = oldestOf(page)
  return page.next === null || (oldest !== undefined && oldest < since)
}

const oldestOf = ({ jobs }: Pick<SpooledPage, 'jobs'>) => createdAtOf(jobs.at(-1) ?? {})

async function* pagesIn(pages: SpooledEntries): AsyncIterable<SpooledPage> {
  for await (const entry of pages.entries()) yield decodeOrThrow(spooledPage, entry, 'page of jobs')
}

async function takeIn(
  readings: readonly Reading[],
  since: Instant,
  deps: BackfillDeps,
  progress: Progress,
): Promise<BackfillReport> {
  const past = startPast('backfill', deps)
  const breathe = breather()
  let jobs = 0
  let oldest = Number.POSITIVE_INFINITY
  let newest = Number.NEGATIVE_INFINITY
  for (const { project, pages } of readings) {
    for await (const page of pagesIn(pages)) {
      for (const job of page.jobs) {
        const createdAt = createdAtOf(job)
        if (createdAt !== undefined && createdAt < since) continue
        jobs += 1
        oldest = Math.min(createdAt ?? Number.POSITIVE_INFINITY, oldest)
        newest = Math.max(createdAt ?? Number.NEGATIVE_INFINITY, newest)
        past.add(takeInJob(job, project, past.context), `${project.path}, job ${job.id}`)
      }
      await breathe()
    }
  }
  const { accepted, duplicates } = await takeInPast(past, deps, progress)
  const began = readings.flatMap(({ beganAt }) => (beganAt === null ? [] : [beganAt]))
  return {
    projects: readings.map(({ project }) => project),
    since: new Date(since).toISOString(),
    jobs,
    pages: readings.reduce((sum, { asked }) => sum + asked, 0),
    resumed_from: began.length === 0 ? null : new Date(Math.min(...began)).toISOString(),
    oldest_job_at: isoOf(oldest),
    newest_job_at: isoOf(newest),
    accepted,
    duplicates,
    quarantined: past.counts.quarantined,
    by_reason: past.counts.by_reason,
    agreement: await agreementSince(since, deps.warehouse),
  }
}

async function agreementSince(
  since: Instant,
  warehouse: Deps['warehouse'],
): Promise<BackfillReport['agreement']> {
  const rows = await warehouse.query(
    `SELECT policy, offered_set, CAST(SUM(jobs_with_arm) AS INT64) AS jobs, CAST(SUM(matches) AS INT64) AS matches
     FROM ci_metrics.policy_agreement WHERE day >= @day
     GROUP BY policy, offered_set ORDER BY policy, offered_set`,
    { day: dayOf(since) },
  )
  return rows as BackfillReport['agreement']
}

function isoOf(at: Instant): string | null {
  return Number.isFinite(at) ? new Date(at).toISOString() : null
}

function dayOf(at: Instant | undefined): string {
  return at === undefined ? '' : new Date(at).toISOString().slice(0, 10)
}
