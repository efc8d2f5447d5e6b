/** The shape of a played day: the truth that a product under test can be measured against. */
import type { PlayedProject, PlayedRunner } from './fleet.ts'
import type { Seed } from './rng.ts'
import type { PlannedJob } from './workload.ts'

export type Stage = 'build' | 'test' | 'deploy'
export type FinalStatus = 'success' | 'failed' | 'canceled'
/** The statuses that GitLab sends a job webhook for. */
export type JobStatus = 'created' | 'pending' | 'running' | FinalStatus
export type FailureReason = 'script_failure' | 'runner_system_failure'

export type PlayedJob = {
  /** Grows with the time of creation; a retry has an id of its own. */
  id: number
  project: PlayedProject
  pipelineId: number
  ref: string
  protectedRef: boolean
  name: string
  stage: Stage
  tags: readonly string[]
  /** Null when the job was canceled before a runner took it. */
  runner: PlayedRunner | null
  createdAtMs: number
  /** Null when the job was canceled before its stage's turn. */
  pendingAtMs: number | null
  startedAtMs: number | null
  finishedAtMs: number
  /** From start to finish; null when never started. */
  durationSeconds: number | null
  /** From pending to start, or to the cancellation when never started; null when never pending. */
  queuedSeconds: number | null
  status: FinalStatus
  /** Null unless failed. */
  failureReason: FailureReason | null
  /** What it was made to be, before any runner had a say; null of one that was not planned so. */
  plan: PlannedJob | null
  /** 0 for the first try, 1 for the automatic retry of the same name in the same pipeline. */
  attempt: 0 | 1
}

export type Transition = { jobId: number; status: JobStatus; atMs: number }

export type PlayedDay = {
  seed: Seed
  startAtMs: number
  endAtMs: number
  runners: readonly PlayedRunner[]
  projects: readonly PlayedProject[]
  /** By id. */
  jobs: readonly PlayedJob[]
  /** In the order in which they happened. */
  transitions: readonly Transition[]
}
