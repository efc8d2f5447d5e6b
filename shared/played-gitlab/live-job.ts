/** A job while the simulation runs, and what is left of it as truth when it has ended. */
import type { FailureReason, FinalStatus, PlayedJob } from './day.ts'
import type { PlayedRunner } from './fleet.ts'
import type { PlannedJob, PlannedPipeline } from './workload.ts'

export type LivePipeline = {
  id: number
  plan: PlannedPipeline
  /** Stages whose turn has not come, in order. */
  waitingStages: LiveJob[][]
  /** Jobs of the stage whose turn it is. */
  unfinishedJobs: number
}

export type LiveJob = {
  id: number
  plan: PlannedJob
  pipeline: LivePipeline
  attempt: 0 | 1
  tags: readonly string[]
  protectedRef: boolean
  createdAtMs: number
  pendingAtMs: number | null
  startedAtMs: number | null
  runner: PlayedRunner | null
  ended: boolean
}

export function asPlayed(
  job: LiveJob,
  status: FinalStatus,
  failureReason: FailureReason | null,
  nowMs: number,
): PlayedJob {
  const { id, plan, pipeline, tags, protectedRef, runner, createdAtMs, pendingAtMs, startedAtMs, attempt } =
    job
  return {
    id,
    project: pipeline.plan.project,
    pipelineId: pipeline.id,
    ref: pipeline.plan.ref,
    protectedRef,
    name: plan.name,
    stage: plan.stage,
    tags,
    runner,
    createdAtMs,
    pendingAtMs,
    startedAtMs,
    finishedAtMs: nowMs,
    durationSeconds: startedAtMs === null ? null : (nowMs - startedAtMs) / 1000,
    queuedSeconds: pendingAtMs === null ? null : ((startedAtMs ?? nowMs) - pendingAtMs) / 1000,
    status,
    failureReason,
    plan,
    attempt,
  }
}
