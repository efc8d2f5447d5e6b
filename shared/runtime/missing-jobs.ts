/** Which of the jobs that GitLab lists nobody has told of. */
import type { AdmissionContext } from '../domain/admission.ts'
import type { Instant } from '../domain/event.ts'
import type { GitlabProject, Warehouse } from '../ports.ts'
import { createdAtOf, takeInJob } from '../schema/gitlab-api.ts'
import type { Intake } from '../schema/intake.ts'
import { loggedClaims } from './event-log.ts'

const MS_PER_DAY = 86_400_000

/** Of jobs' finishes; both ends belong to it. */
export type Period = { since: Instant; until: Instant }

/**
 * @param jobs as GitLab's API has them.
 * @returns how many ended in the period, and what is missing of each of which anything is: its start, its finish, or
 *   that it could not be understood.
 */
export async function missingOf(
  jobs: readonly Record<string, unknown>[],
  project: GitlabProject,
  { period, context, warehouse }: { period: Period; context: AdmissionContext; warehouse: Warehouse },
): Promise<{ ended: number; missing: Intake[][] }> {
  const ended = jobs.flatMap((job) => {
    const intakes = takeInJob(job, project, context)
    return isWithin(period, intakes, createdAtOf(job)) ? [intakes] : []
  })
  const isTold = await toldOf(ended.flat(), project, warehouse)
  const missing = ended.map((job) => job.filter((intake) => !isTold(intake))).filter((job) => job.length > 0)
  return { ended: ended.length, missing }
}

/**
 * Who is late by now, since the reading took its time, is left to backfill, which may learn of it. Of one that is not
 * understood only its creation may be legible.
 */
function isWithin({ since, until }: Period, job: readonly Intake[], createdAt: Instant | undefined): boolean {
  return job.every((intake) => {
    if (intake.status !== 'admitted') return createdAt === undefined || createdAt >= since
    const { kind, occurredAt, late } = intake.event
    return kind !== 'job.finished' || (occurredAt >= since && occurredAt <= until && !late)
  })
}

/** An event by its identity in the log; what is not understood by its job in quarantine, whoever sent it. */
async function toldOf(
  intakes: readonly Intake[],
  project: GitlabProject,
  warehouse: Warehouse,
): Promise<(intake: Intake) => boolean> {
  const ids = intakes.flatMap((intake) => (intake.status === 'admitted' ? [intake.event.eventId] : []))
  const times = intakes.flatMap((intake) => (intake.status === 'admitted' ? [intake.event.occurredAt] : []))
  // Another witness of the same may have rounded.
  const since = Math.min(...times) - MS_PER_DAY
  const { first: logged } = await loggedClaims(ids, warehouse, ids.length === 0 ? {} : { since })
  const setAside = new Set<unknown>()
  if (ids.length < intakes.length) {
    const sql = 'SELECT DISTINCT job_id FROM ci_metrics.quarantine WHERE project_id = @project_id'
    const rows = await warehouse.query(sql, { project_id: project.id })
    for (const row of rows) setAside.add(row.job_id)
  }
  return (intake) =>
    intake.status === 'admitted'
      ? logged.has(intake.event.eventId)
      : intake.status === 'quarantined' && intake.record.jobId !== null && setAside.has(intake.record.jobId)
}
