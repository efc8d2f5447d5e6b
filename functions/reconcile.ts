/**
 * reconcile: jobs of which no webhook came, from GitLab's API. GitLab sends each once and, when that fails, never again.
 *
 * Trigger: hourly, where GITLAB_API_TOKEN is set; and the command line. Reads: GitLab, the log. Writes: topics
 * `job-events`, `quarantine`. Repetition: what is in the log is not missing; what waits to be written to it has its key.
 */
import { SMOKE_PROJECT } from '../shared/domain/event.ts'
import { InvalidInputError, TransientError } from '../shared/errors.ts'
import type { Gitlab, GitlabProject } from '../shared/ports.ts'
import { lastResetAt } from '../shared/runtime/event-log.ts'
import type { Deps, Progress } from '../shared/runtime/handler.ts'
import { missingOf, type Period } from '../shared/runtime/missing-jobs.ts'
import { liveContext, publishIntakes } from '../shared/runtime/publish-intake.ts'
import { createdAtOf } from '../shared/schema/gitlab-api.ts'
import { parseSince } from '../shared/schema/since.ts'

type ProjectReport = GitlabProject & {
  /** Jobs that ended in the time asked about. */
  checked: number
  /** Those of which the log lacks the start or the finish. */
  missing: number
  /** Events: a job has one of its start and one of its finish. */
  published: number
  /** Events that somebody has told of and that are yet to be written to the log. */
  waiting: number
  /** Jobs that could not be understood, or that no event may be made of. */
  quarantined: number
}

export type ReconcileReport = {
  since: string
  until: string
  /** Why `since` is later than asked: who is later than the window is not learned from, and a reset forgets. */
  limited_by: 'lateness' | 'reset' | null
  projects: ProjectReport[]
  /** Of these nothing is known: neither that jobs are missing, nor that none are. */
  unchecked: { project: string; reason: string; may_work_later: boolean }[]
}

export type ReconcileInput = {
  /** Ids or full paths; none for those that the log tells of. */
  projects: readonly string[]
  /** "24h", or a day in ISO 8601: of a job's finish. */
  since: string
  apiToken?: string | undefined
}

type ReconcileDeps = Pick<
  Deps,
  'bus' | 'clock' | 'fleet' | 'gitlab' | 'log' | 'settings' | 'unmanagedArms' | 'warehouse'
>

const MS_PER_DAY = 86_400_000
/** Webhooks are sent within seconds, and within minutes when GitLab has much to do: theirs is the first word. */
const SETTLED_AFTER_MS = 15 * 60_000
/**
 * Jobs are listed by their creation: they may have waited, and run, for this long before they ended. GitLab drops what
 * waits for a day; one that a person started days later is found by backfill alone.
 */
const LONGEST_LIFE_MS = MS_PER_DAY
/** Projects that were silent for this long are not asked about. */
const SEEN_WITHIN_MS = 30 * MS_PER_DAY
/** After so many projects in a row without an answer it is GitLab that does not answer. */
const MAX_FAILURES = 2
/** After so many refusals and nothing else it is the token that is refused. */
const MAX_REFUSALS = 5

/** @throws TransientError when not all projects could be checked. */
export async function reconcileHourly(deps: ReconcileDeps): Promise<void> {
  if (deps.settings.gitlabApiToken === undefined)
    return deps.log.debug('jobs.unreconciled', { reason: 'GITLAB_API_TOKEN is not set' })
  // More than the hour: a tick may have failed, and GitLab been away.
  const { unchecked } = await reconcile({ projects: [], since: '24h' }, deps)
  const failed = unchecked.filter(({ may_work_later: isTransient }) => isTransient)
  if (failed.length > 0)
    throw new TransientError(`not checked: ${failed.map(({ project }) => project).join(', ')}`)
}

/**
 * @throws InvalidInputError when GitLab refuses a project that was named, or every one; TransientError when it does not
 *   answer, or an event cannot be made durable.
 */
export async function reconcile(
  input: ReconcileInput,
  deps: ReconcileDeps,
  progress: Progress = () => {},
): Promise<ReconcileReport> {
  const { period, limitedBy } = await periodOf(input.since, deps)
  const gitlab = deps.gitlab(input.apiToken)
  const projects: ProjectReport[] = []
  const unchecked: ReconcileReport['unchecked'] = []
  const isNamed = input.projects.length > 0
  let failures = 0
  let refusal: Error | undefined
  for (const name of isNamed ? input.projects : await seenProjects(deps)) {
    try {
      const project = await gitlab.project(name)
      if (projects.some(({ id }) => id === project.id)) continue
      const checkedBefore = projects.reduce((sum, { checked }) => sum + checked, 0)
      const tell = (checked: number) =>
        progress({ doing: 'checking jobs', done: checkedBefore + checked, at: project.path })
      projects.push(await check(project, period, gitlab, deps, tell))
      failures = 0
    } catch (error) {
      const isTransient = error instanceof TransientError
      if (isNamed || !(isTransient || error instanceof InvalidInputError)) throw error
      failures = isTransient ? failures + 1 : 0
      if (failures === MAX_FAILURES) throw error
      // Of a single project it may be a matter of its own: deleted, moved, or not for this token.
      deps.log.warning('project.unchecked', { project: name, error })
      unchecked.push({ project: name, reason: error.message, may_work_later: isTransient })
      refusal = error
      if (projects.length === 0 && unchecked.length === MAX_REFUSALS) break
    }
  }
  if (projects.length === 0 && refusal !== undefined) throw refusal
  const report: ReconcileReport = {
    since: new Date(period.since).toISOString(),
    until: new Date(period.until).toISOString(),
    limited_by: limitedBy,
    projects,
    unchecked,
  }
  deps.log.info('jobs.reconciled', { ...report })
  return report
}

/** From when to when jobs have ended that can be missing. */
async function periodOf(
  asked: string,
  { clock, settings, warehouse }: ReconcileDeps,
): Promise<{ period: Period; limitedBy: ReconcileReport['limited_by'] }> {
  const now = clock.now()
  const wanted = parseSince(asked, now)
  if (wanted === undefined) {
    throw new InvalidInputError(
      `--since ${JSON.stringify(asked)}: give hours or days as 24h or 3d, or a day of the past as 2026-10-01`,
    )
  }
  const inWindow = now - settings.lateAfterMs
  const resetAt = await lastResetAt(warehouse)
  const since = Math.max(wanted, inWindow, resetAt)
  const limitedBy = since === wanted ? null : since === resetAt ? 'reset' : 'lateness'
  return { period: { since, until: now - SETTLED_AFTER_MS }, limitedBy }
}

/** The ids of the projects of which somebody told lately, the last one first: one that is gone comes late. */
async function seenProjects({ clock, settings, warehouse }: ReconcileDeps): Promise<string[]> {
  const rows = await warehouse.query(
    `SELECT project_id FROM ci_metrics.job_events
     WHERE instance = @instance AND source <> 'synthetic' AND COALESCE(project_path, '') <> @smoke AND received_at >= CAST(@since AS TIMESTAMP)
     GROUP BY project_id ORDER BY MAX(received_at) DESC, project_id`,
    {
      instance: settings.instance,
      smoke: SMOKE_PROJECT,
      since: new Date(clock.now() - SEEN_WITHIN_MS).toISOString(),
    },
  )
  return rows.map((row) => String(row.project_id))
}

async function check(
  project: GitlabProject,
  period: Period,
  gitlab: Gitlab,
  deps: ReconcileDeps,
  tell: (checked: number) => void,
): Promise<ProjectReport> {
  const report = { ...project, checked: 0, missing: 0, published: 0, waiting: 0, quarantined: 0 }
  for await (const { jobs } of gitlab.finishedJobs(project.id)) {
    const context = liveContext('reconcile', null, deps)
    const { ended, missing } = await missingOf(jobs, project, { period, context, warehouse: deps.warehouse })
    report.checked += ended
    report.missing += missing.length
    for (const answer of await publishIntakes(missing.flat(), deps)) {
      if (answer.status === 'accepted') report.published += 1
      else if (answer.status === 'duplicate') report.waiting += 1
      else report.quarantined += 1
    }
    tell(report.checked)
    const oldest = createdAtOf(jobs.at(-1) ?? {})
    if (oldest !== undefined && oldest < period.since - LONGEST_LIFE_MS) break
  }
  return report
}
