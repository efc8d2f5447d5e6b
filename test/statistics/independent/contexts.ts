/** What GitLab's choice hung on: who had room, and where the pipeline's job before ran. By counting intervals. */
import type { ArmRun, IndependentJob } from './jobs.ts'

export type Context = {
  signature: string
  /** The feasible arms that had room, sorted; all of them of a job that was routed, which waits for its arm. */
  free: string[]
  previousArm: string
  queueDepth: number
}

const MS_PER_SECOND = 1000

export function contextsOf(
  jobs: readonly IndependentJob[],
  runs: readonly ArmRun[],
): (job: IndependentJob) => Context {
  const onArm = Map.groupBy(runs, ({ arm }) => arm)
  const ofCluster = Map.groupBy(jobs, ({ cluster }) => cluster)
  // After the starts of an instant: those that began by then and end later.
  const runningAfter = (arm: string, at: number) =>
    (onArm.get(arm) ?? []).filter(({ startedAt, finishedAt }) => startedAt <= at && finishedAt > at).length
  // Before the starts of an instant, and after its finishes.
  const runningBefore = (arm: string, at: number) =>
    (onArm.get(arm) ?? []).filter(({ startedAt, finishedAt }) => startedAt < at && finishedAt > at).length
  const mostAtATime = new Map(
    [...onArm].map(([arm, list]) => [
      arm,
      Math.max(...list.map(({ startedAt }) => runningAfter(arm, startedAt))),
    ]),
  )
  const contexts = new Map(
    jobs.map((job) => {
      // One that never ran any is full with none; the one that took the job was not.
      const isFull = (arm: string) =>
        job.recorded === null &&
        arm !== job.action &&
        runningBefore(arm, job.startedAt) >= (mostAtATime.get(arm) ?? 0)
      const free = job.feasible.filter((arm) => !isFull(arm)).sort()
      const before = (ofCluster.get(job.cluster) ?? []).filter((other) => isBefore(other, job))
      const previous = before.reduce<IndependentJob | undefined>(
        (last, other) => (last === undefined || isBefore(last, other) ? other : last),
        undefined,
      )
      const context = {
        signature: [...job.feasible].sort().join(','),
        free,
        previousArm: previous !== undefined && free.includes(previous.action) ? previous.action : '',
        queueDepth: jobs.filter((other) => other !== job && isWaiting(other, job)).length,
      }
      return [job.id, context]
    }),
  )
  return ({ id }) => contexts.get(id) as Context
}

function isBefore(a: IndependentJob, b: IndependentJob): boolean {
  return a.startedAt < b.startedAt || (a.startedAt === b.startedAt && a.id < b.id)
}

function isWaiting(other: IndependentJob, { instance, startedAt }: IndependentJob): boolean {
  if (other.instance !== instance || other.queuedSeconds === null) return false
  const queuedAt = other.startedAt - other.queuedSeconds * MS_PER_SECOND
  return queuedAt <= startedAt && startedAt < other.startedAt
}
