/** The life of every job of a day, played event by event over virtual time. */
import type { FailureReason, FinalStatus, JobStatus, PlayedDay, PlayedJob, Transition } from './day.ts'
import { drawEnding } from './ending.ts'
import { type PlayedRunner, playedProjects, playedRunners } from './fleet.ts'
import { asPlayed, type LiveJob, type LivePipeline } from './live-job.ts'
import { createRng, type Seed } from './rng.ts'
import { createRunnerPool } from './runner-pool.ts'
import { createTimeline } from './timeline.ts'
import { type PlannedJob, type PlannedPipeline, planDay } from './workload.ts'

export type PlayDayOptions = {
  seed: Seed
  /** How many jobs the day has, retries included. */
  jobs: number
  /** Epoch milliseconds. */
  startAt: number
  lengthHours?: number
  /** For a day after another: ids that no earlier day has given. */
  firstPipelineId?: number
  firstJobId?: number
}

/** From a stage's turn to its jobs being pending. */
const PROCESSING_MS = 400
/** After so long someone sees that no online runner has the job's tags, and cancels it. */
const STUCK_NOTICED_SECONDS = 30 * 60

export function playDay(options: PlayDayOptions): PlayedDay {
  const { seed, jobs, startAt, lengthHours = 24, firstPipelineId = 70_001, firstJobId = 500_001 } = options
  const endAtMs = startAt + Math.round(lengthHours * 3_600_000)
  const timeline = createTimeline()
  const endings = createRng(seed, 'endings')
  const dropped = createRng(seed, 'dropped')
  const toCome = planDay(seed, jobs, startAt, lengthHours)
  const pool = createRunnerPool<LiveJob>(playedRunners, createRng(seed, 'polls'), timeline, start)
  const liveJobs: LiveJob[] = []
  const playedJobs: PlayedJob[] = []
  const transitions: Transition[] = []
  let pipelines = 0

  const note = (job: LiveJob, status: JobStatus, atMs: number) =>
    transitions.push({ jobId: job.id, status, atMs })

  function arrive(plan: PlannedPipeline, nowMs: number): void {
    const pipeline: LivePipeline = {
      id: firstPipelineId + pipelines,
      plan,
      waitingStages: [],
      unfinishedJobs: 0,
    }
    pipelines += 1
    const created = plan.jobs.map((planned) => create(pipeline, planned, 0, nowMs))
    pipeline.waitingStages = [...Map.groupBy(created, (job) => job.plan.stage).values()]
    openNextStage(pipeline, nowMs)
  }

  function create(pipeline: LivePipeline, plan: PlannedJob, attempt: 0 | 1, nowMs: number): LiveJob {
    const job: LiveJob = {
      id: firstJobId + liveJobs.length,
      plan,
      pipeline,
      attempt,
      tags: plan.tags,
      protectedRef: pipeline.plan.protectedRef,
      createdAtMs: nowMs,
      pendingAtMs: null,
      startedAtMs: null,
      runner: null,
      ended: false,
    }
    liveJobs.push(job)
    note(job, 'created', nowMs)
    return job
  }

  function openNextStage(pipeline: LivePipeline, nowMs: number): void {
    for (const job of pipeline.waitingStages.shift() ?? []) queueSoon(job, nowMs)
  }

  function queueSoon(job: LiveJob, nowMs: number): void {
    job.pipeline.unfinishedJobs += 1
    timeline.at(nowMs + PROCESSING_MS, (atMs) => makePending(job, atMs))
  }

  function makePending(job: LiveJob, nowMs: number): void {
    job.pendingAtMs = nowMs
    note(job, 'pending', nowMs)
    pool.enqueue(job, nowMs)
    const cancelAfter =
      job.plan.cancelAfterSeconds ?? (pool.someoneMayTake(job) ? null : STUCK_NOTICED_SECONDS)
    if (cancelAfter !== null) {
      timeline.at(nowMs + Math.round(cancelAfter * 1000), (atMs) => end(job, 'canceled', null, atMs))
    }
  }

  function start(job: LiveJob, runner: PlayedRunner, nowMs: number): void {
    job.startedAtMs = nowMs
    job.runner = runner
    note(job, 'running', nowMs)
    const { status, failureReason, afterMs } = drawEnding(job.plan, runner, endings)
    timeline.at(nowMs + afterMs, (atMs) => end(job, status, failureReason, atMs))
  }

  /** A job ends once: by itself or by a cancellation, whichever comes first. */
  function end(job: LiveJob, status: FinalStatus, failureReason: FailureReason | null, nowMs: number): void {
    if (job.ended) return
    job.ended = true
    if (job.runner) pool.free(job.runner, nowMs)
    else pool.withdraw(job)
    note(job, status, nowMs)
    playedJobs.push(asPlayed(job, status, failureReason, nowMs))
    const { pipeline } = job
    if (status === 'failed' && job.attempt < job.plan.retries && dropOneToCome()) {
      queueSoon(create(pipeline, job.plan, 1, nowMs), nowMs)
    }
    pipeline.unfinishedJobs -= 1
    if (pipeline.unfinishedJobs === 0) openNextStage(pipeline, nowMs)
  }

  /**
   * A retry takes the place of a job still to come, so that the day has exactly as many jobs as asked for; late in the
   * day, with none to come, nothing is retried.
   */
  function dropOneToCome(): boolean {
    const pipeline = toCome[dropped.index(toCome.length)]
    if (!pipeline) return false
    pipeline.jobs.splice(dropped.index(pipeline.jobs.length), 1)
    if (pipeline.jobs.length === 0) toCome.splice(toCome.indexOf(pipeline), 1)
    return true
  }

  for (const plan of [...toCome]) {
    timeline.at(plan.arrivesAtMs, (nowMs) => {
      // Those to come stand in the order of arrival; one that is not there any more has lost all its jobs.
      if (toCome[0] !== plan) return
      toCome.shift()
      arrive(plan, nowMs)
    })
  }
  timeline.runUntil(endAtMs)
  for (const job of liveJobs) end(job, 'canceled', null, endAtMs)

  playedJobs.sort((a, b) => a.id - b.id)
  return {
    seed,
    startAtMs: startAt,
    endAtMs,
    runners: playedRunners,
    projects: playedProjects,
    jobs: playedJobs,
    transitions,
  }
}
