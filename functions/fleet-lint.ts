/**
 * fleet lint: what a fleet file, or the jobs, will not do well.
 *
 * Called by: the command line. Reads: the file, which tags jobs asked for of late, and GitLab's jobs where there is a
 * token. Writes nothing.
 */
import { projectNamesOf } from '../shared/domain/decision.ts'
import type { Fleet } from '../shared/domain/fleet.ts'
import { type AskingJob, type Finding, lintFleet } from '../shared/domain/fleet-lint.ts'
import { ConfigError, InvalidInputError, TransientError } from '../shared/errors.ts'
import type { Gitlab } from '../shared/ports.ts'
import type { Deps } from '../shared/runtime/handler.ts'

/** Which tags a job asked for, as the log tells. */
export type AskedTags = {
  project_id: number
  project_path: string | null
  job_name: string
  tags: string[]
}

const DAYS = 30
const MS_PER_DAY = 86_400_000

export type LintReport = {
  file: string
  ok: boolean
  /** Jobs by project, name and set of tags that were looked at; null: no source of them was there. */
  jobs: number | null
  findings: Finding[]
  /** What could not be looked at. */
  notes: string[]
}

/** Where jobs are known from. Each is undefined where there is none, and throws what keeps it from telling. */
export type JobSources = {
  askedTags: (() => Promise<AskedTags[]>) | undefined
  gitlab: Gitlab | undefined
}

/** Of each project the jobs that wait, and its newest page of finished ones. */
export async function lint(file: string, fleet: Fleet, sources: JobSources): Promise<LintReport> {
  const notes: string[] = []
  const jobs = new Map<string, AskingJob>()
  let isAny = false
  const take = async (what: string, list: () => Promise<readonly AskingJob[]>) => {
    try {
      const found = await list()
      isAny = true
      for (const job of found) jobs.set(JSON.stringify([job.projectNames, job.jobName, job.tags]), job)
    } catch (error) {
      const isExpected = [ConfigError, InvalidInputError, TransientError].some(
        (kind) => error instanceof kind,
      )
      if (!isExpected) throw error
      notes.push(`${what} were not looked at: ${(error as Error).message}`)
    }
  }
  const { askedTags, gitlab } = sources
  if (askedTags !== undefined) {
    await take('The jobs of the last 30 days', async () => (await askedTags()).map(jobOf))
  }
  if (gitlab !== undefined) {
    for (const id of new Set(fleet.projectIds.values()))
      await take(`The jobs of project ${id} in GitLab`, () => jobsInGitlab(id, gitlab))
  }
  if (!isAny)
    notes.push(
      'No jobs were looked at, so nothing is said of the tags that they ask for: there is no data folder and no GITLAB_API_TOKEN with projects in the file that have an id.',
    )
  const findings = lintFleet(fleet, isAny ? [...jobs.values()] : null)
  const ok = findings.every(({ severity }) => severity !== 'error')
  return { file, ok, jobs: isAny ? jobs.size : null, findings, notes }
}

async function jobsInGitlab(id: number, gitlab: Gitlab): Promise<AskingJob[]> {
  const project = await gitlab.project(String(id))
  const of = (name: unknown, tags: readonly string[]) =>
    jobOf({ project_id: id, project_path: project.path, job_name: String(name), tags: tags.toSorted() })
  const waiting = await gitlab.pendingJobs(id)
  const jobs = waiting.flatMap(({ name, tags }) => (tags === null ? [] : [of(name, tags)]))
  for await (const page of gitlab.finishedJobs(id)) {
    for (const { name, tag_list: tags } of page.jobs)
      if (Array.isArray(tags)) jobs.push(of(name, tags.map(String)))
    break
  }
  return jobs
}

function jobOf({ project_id: id, project_path: path, job_name: jobName, tags }: AskedTags): AskingJob {
  return { projectNames: projectNamesOf(id, path), jobName, tags }
}

/** Each job of the last 30 days whose own tags are known, once per set of tags. */
export async function askedTags({
  clock,
  warehouse,
}: Pick<Deps, 'clock' | 'warehouse'>): Promise<AskedTags[]> {
  const rows = await warehouse.query(
    `SELECT project_id, MAX(project_path) AS project_path, job_name, job_tags
     FROM ci_metrics.job_event_log
     WHERE job_tags IS NOT NULL AND source <> 'synthetic' AND occurred_at >= CAST(@since AS TIMESTAMP)
     GROUP BY project_id, job_name, job_tags
     ORDER BY project_id, job_name, job_tags`,
    { since: new Date(clock.now() - DAYS * MS_PER_DAY).toISOString() },
  )
  return rows.map((row) => ({
    project_id: Number(row.project_id),
    project_path: row.project_path === null ? null : String(row.project_path),
    job_name: String(row.job_name),
    tags: String(row.job_tags)
      .split(',')
      .filter((tag) => tag !== ''),
  }))
}
