/**
 * One look at the fleet: jobs that wait and contacts of runners from GitLab, starts and finishes from the log, states of
 * machines from their provider. Complete, or not to be believed.
 */
import type { Observation, RunnerSigns, VmState, VmStatus, WaitingJob } from '../domain/availability.ts'
import { runnersOf } from '../domain/availability.ts'
import { projectNamesOf } from '../domain/decision.ts'
import { type Instant, SMOKE_PROJECT } from '../domain/event.ts'
import type { Fleet, MachineVm } from '../domain/fleet.ts'
import { keyOf } from '../domain/ledger.ts'
import { InvalidInputError, TransientError } from '../errors.ts'
import type { Gitlab, GitlabPendingJob, GitlabRunner } from '../ports.ts'
import type { AvailabilityDocument } from '../schema/availability.ts'
import type { Deps } from './handler.ts'

export type LookDeps = Pick<Deps, 'clock' | 'fleet' | 'gitlab' | 'log' | 'settings' | 'vms' | 'warehouse'>

type Known = Pick<AvailabilityDocument, 'runners' | 'contactsAt' | 'projects'>
type Project = AvailabilityDocument['projects'][number]

const MS_PER_DAY = 86_400_000
/** GitLab writes contacts down once in 40 minutes at most, and a list of runners is many requests. */
const CONTACTS_EVERY_MS = 10 * 60_000
const SEEN_WITHIN_MS = 14 * MS_PER_DAY
const MAX_PROJECTS = 200
const PROJECTS_AT_ONCE = 4
/** How far GitLab's clock may be ahead of this one. */
const CLOCKS_APART_MS = 5 * 60_000

/** @throws TransientError when not all of it could be seen, or some of it cannot be. */
export async function lookAtFleet(
  machines: ReadonlyMap<string, VmStatus>,
  known: Known,
  deps: LookDeps,
): Promise<{ observation: Observation } & Known> {
  const { clock, settings } = deps
  const at = clock.now()
  const gitlab = deps.gitlab(settings.gitlabApiToken)
  const isKnown = known.contactsAt !== null && known.projects.length > 0
  const isDue = !isKnown || Math.abs(at - (known.contactsAt ?? at)) >= CONTACTS_EVERY_MS
  const projects = isDue ? await seenProjects(deps, at) : known.projects
  const waiting = await waitingIn(projects, at, gitlab)
  const contacts = isDue ? await contactsOf(projects, gitlab, deps) : contactsIn(known)
  const runners = await signsOf(contacts, at, deps)
  return {
    observation: { at, waiting, runners: new Map(runners.map((one) => [one.name, one])), machines },
    runners,
    contactsAt: isDue ? at : known.contactsAt,
    projects,
  }
}

/** The state of each of these machines whose provider tells it, by `keyOf`. */
export async function statesOf(asked: readonly MachineVm[], { vms, log }: Pick<LookDeps, 'vms' | 'log'>) {
  const told = await Promise.all(
    [...new Map(asked.map((vm) => [keyOf(vm), vm]))].map(async ([key, vm]): Promise<[string, VmState][]> => {
      try {
        return [[key, await vms.state(vm)]]
      } catch (error) {
        log.warning('vm.unseen', { vm: vm.name, error })
        return []
      }
    }),
  )
  return new Map(told.flat())
}

async function seenProjects({ warehouse, settings }: LookDeps, at: Instant): Promise<Project[]> {
  const rows = await warehouse.query(
    `SELECT project_id, MAX(project_path) AS project_path FROM ci_metrics.job_events
     WHERE instance = @instance AND source <> 'synthetic' AND COALESCE(project_path, '') <> @smoke AND occurred_at >= CAST(@since AS TIMESTAMP)
     GROUP BY project_id ORDER BY MAX(received_at) DESC, project_id LIMIT ${MAX_PROJECTS}`,
    { instance: settings.instance, smoke: SMOKE_PROJECT, since: new Date(at - SEEN_WITHIN_MS).toISOString() },
  )
  return rows.map((row) => ({ id: Number(row.project_id), path: row.project_path as string | null }))
}

async function waitingIn(projects: readonly Project[], at: Instant, gitlab: Gitlab): Promise<WaitingJob[]> {
  const waiting: WaitingJob[] = []
  let refusal: Error | undefined
  let answers = 0
  for (let first = 0; first < projects.length; first += PROJECTS_AT_ONCE) {
    const batch = projects.slice(first, first + PROJECTS_AT_ONCE)
    await Promise.all(
      batch.map(async (project) => {
        try {
          const jobs = await gitlab.pendingJobs(project.id)
          answers += 1
          waiting.push(...jobs.map((job) => waitingJob(job, project, at)))
        } catch (error) {
          // It was deleted, or is not for this token: of the others it says nothing.
          if (!(error instanceof InvalidInputError)) throw error
          refusal = error
        }
      }),
    )
  }
  if (answers === 0 && refusal !== undefined) throw new TransientError(refusal.message, { cause: refusal })
  return waiting
}

/** @throws TransientError for one that cannot be: then nothing of the answer is believed. */
function waitingJob(job: GitlabPendingJob, { id, path }: Project, at: Instant): WaitingJob {
  const { createdAt, queuedSeconds, tags } = job
  const ageMs = at - createdAt
  const waitedMs = queuedSeconds === null ? Math.max(0, ageMs) : queuedSeconds * 1000
  const isPlausible =
    Number.isFinite(waitedMs) &&
    Number.isInteger(job.id) &&
    ageMs >= -CLOCKS_APART_MS &&
    waitedMs >= 0 &&
    waitedMs <= Math.max(0, ageMs) + CLOCKS_APART_MS &&
    (tags === null || (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')))
  if (!isPlausible)
    throw new TransientError(`GitLab tells of a job that cannot be (${job.id} of project ${id})`)
  return { projectNames: projectNamesOf(id, path), tags, refProtected: job.refProtected, waitedMs }
}

type Contacts = ReadonlyMap<string, Instant | null>

const contactsIn = ({ runners }: Known): Contacts =>
  new Map(runners.map(({ name, contactedAt }) => [name, contactedAt]))

/** Asks project after project until every runner of the fleet was told of. */
async function contactsOf(
  projects: readonly Project[],
  gitlab: Gitlab,
  { fleet, log }: LookDeps,
): Promise<Contacts> {
  const contacts = new Map<string, Instant | null>()
  const all = runnersOf(fleet).length
  for (const { id } of projects) {
    if (contacts.size === all) break
    try {
      for (const runner of await gitlab.runners({ project: String(id) })) {
        const name = nameOf(runner, fleet)
        if (name !== undefined) contacts.set(name, contactOf(runner))
      }
    } catch (error) {
      // To list runners takes a higher role than to list jobs; without contacts the other signs count.
      if (!(error instanceof InvalidInputError)) throw error
      log.debug('runners.untold', { project: id, reason: error.message })
    }
  }
  return contacts
}

const nameOf = ({ id, description }: Pick<GitlabRunner, 'id' | 'description'>, fleet: Fleet) =>
  (fleet.runnersById.get(id) ?? fleet.runnersByName.get(description))?.runner.name

function contactOf({ contactedAt, managers }: GitlabRunner): Instant | null {
  const told = [contactedAt, ...managers.map((manager) => manager.contactedAt)].filter((at) => at !== null)
  return told.length === 0 ? null : Math.max(...told)
}

async function signsOf(contacts: Contacts, at: Instant, deps: LookDeps): Promise<RunnerSigns[]> {
  const { warehouse, settings, fleet } = deps
  const rows = await warehouse.query(
    `SELECT runner_id, runner_description, MAX(started_at) AS started_at, MAX(finished_at) AS finished_at,
       SUM(CASE WHEN finished_at IS NULL THEN 1 ELSE 0 END) AS running
     FROM (
       SELECT project_id, job_id, MAX(runner_id) AS runner_id, MAX(runner_description) AS runner_description,
         MAX(CASE WHEN kind = 'job.started' THEN occurred_at END) AS started_at,
         MAX(CASE WHEN kind = 'job.finished' THEN occurred_at END) AS finished_at
       FROM ci_metrics.job_events
       WHERE instance = @instance AND kind IN ('job.started', 'job.finished') AND occurred_at >= CAST(@since AS TIMESTAMP)
       GROUP BY project_id, job_id
     ) AS jobs
     WHERE runner_id IS NOT NULL GROUP BY runner_id, runner_description`,
    { instance: settings.instance, since: new Date(at - MS_PER_DAY).toISOString() },
  )
  const signs = new Map<string, RunnerSigns>(
    runnersOf(fleet).map(({ name }) => {
      const contactedAt = contacts.get(name) ?? null
      return [name, { name, contactedAt, startedAt: null, finishedAt: null, running: 0 }]
    }),
  )
  for (const row of rows) {
    const seen = { id: Number(row.runner_id), description: String(row.runner_description) }
    const its = signs.get(nameOf(seen, fleet) ?? '')
    if (its === undefined) continue
    its.startedAt = newer(its.startedAt, row.started_at)
    its.finishedAt = newer(its.finishedAt, row.finished_at)
    its.running += Number(row.running)
  }
  return [...signs.values()]
}

function newer(known: Instant | null, cell: unknown): Instant | null {
  const at = typeof cell === 'string' ? Date.parse(cell) : Number.NaN
  return Number.isNaN(at) ? known : Math.max(known ?? at, at)
}
