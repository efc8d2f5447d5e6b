/** The ids of folded jobs: what makes a fold drop what it knows already. */
import type { Instant } from './event.ts'

/** Hour of the finish (epoch hours) → `<instance>/<project id>` → job ids, ascending. */
export type FoldedIds = ReadonlyMap<number, ReadonlyMap<string, readonly number[]>>

/** What makes a job the same job, whoever speaks of it. */
export type JobIdentity = { instance: string; projectId: number; jobId: number }

const MS_PER_HOUR = 3_600_000

export const hourOf = (at: Instant): number => Math.floor(at / MS_PER_HOUR)

function projectKeyOf({ instance, projectId }: Omit<JobIdentity, 'jobId'>): string {
  return `${instance}/${projectId}`
}

/** The same for many jobs, most of them of few projects: the text is not made again for each. */
export function projectKeys(): (job: JobIdentity) => string {
  let instance: string | undefined
  let known = new Map<number, string>()
  return (job) => {
    if (job.instance !== instance) {
      instance = job.instance
      known = new Map()
    }
    let key = known.get(job.projectId)
    if (key === undefined) {
      key = projectKeyOf(job)
      known.set(job.projectId, key)
    }
    return key
  }
}

export function isFolded(folded: FoldedIds, job: JobIdentity): boolean {
  const project = projectKeyOf(job)
  for (const projects of folded.values()) {
    const ids = projects.get(project)
    if (ids !== undefined && ids[placeOf(ids, job.jobId)] === job.jobId) return true
  }
  return false
}

/** Keeps the order; ids grow with time, so the place is mostly the end. */
export function insertId(ids: number[], id: number): void {
  if (ids.length === 0 || id > (ids.at(-1) as number)) ids.push(id)
  else ids.splice(placeOf(ids, id), 0, id)
}

/** Where an id stands among ascending ones, or would. */
function placeOf(ids: readonly number[], id: number): number {
  let low = 0
  let high = ids.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ids[middle] as number) < id) low = middle + 1
    else high = middle
  }
  return low
}

/** The same ids by project alone, so that a fold needs one look-up and not one per hour. */
export type JobsByProject = Map<string, Set<number>>

/** Of the newest state of each line of folds; an older state does without. */
const indexes = new WeakMap<FoldedIds, JobsByProject>()

/** Hands the index on from one state to the one that is being made of it; made anew where there is none. */
export function moveIndex(from: FoldedIds, to: FoldedIds): JobsByProject {
  const index = indexes.get(from) ?? indexed(from)
  indexes.delete(from)
  indexes.set(to, index)
  return index
}

function indexed(folded: FoldedIds): JobsByProject {
  const index: JobsByProject = new Map()
  for (const projects of folded.values()) {
    for (const [project, ids] of projects) {
      const known = jobsOf(index, project)
      for (const id of ids) known.add(id)
    }
  }
  return index
}

export function jobsOf(index: JobsByProject, project: string): Set<number> {
  let jobs = index.get(project)
  if (jobs === undefined) {
    jobs = new Set()
    index.set(project, jobs)
  }
  return jobs
}
