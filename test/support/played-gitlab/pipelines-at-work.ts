/** Pipelines of a played GitLab from their creation to their end, stage by stage, with child pipelines and retries. */
import { createRng, type Seed } from '../../../shared/played-gitlab/index.ts'
import type { CiRunner } from './ci-runner.ts'
import { outcomes } from './outcome.ts'
import {
  type CiBridge,
  type CiJob,
  type CiPipeline,
  type CiStatus,
  expanded,
  isTrigger,
  type JobSpec,
  type PipelineSpec,
  stagesOf,
  type Variables,
} from './pipeline.ts'
import { type RunnersAtWork, runnersAtWork } from './runners-at-work.ts'
import type { Timeline } from './timeline.ts'

export type PipelinesAtWork = {
  runners: RunnersAtWork
  pipelines: CiPipeline[]
  jobs: CiJob[]
  /** Creates a pipeline; it runs as the timeline does. */
  create(spec: PipelineSpec): Promise<CiPipeline>
}

type Options = {
  seed: Seed
  runners: readonly CiRunner[]
  timeline: Timeline
  firstId: number
  /** A job is created, pending, running or ended. */
  onJob: (job: CiJob) => Promise<void>
}

const ENDED: readonly CiStatus[] = ['success', 'failed', 'canceled', 'skipped']
/** From a stage's turn to its jobs being pending. */
const PROCESSING_MS = 400

export function pipelinesAtWork({ seed, runners, timeline, firstId, onJob }: Options): PipelinesAtWork {
  const endings = outcomes(seed)
  const shas = createRng(seed, 'commits')
  const work = runnersAtWork(runners, { seed, timeline, start })
  const pipelines: CiPipeline[] = []
  const jobs: CiJob[] = []
  let lastId = firstId - 1
  const nextId = () => {
    lastId += 1
    return lastId
  }

  async function create(
    spec: PipelineSpec,
    variables: Variables = {},
    parent: { pipeline: CiPipeline; bridge: CiBridge } | null = null,
  ): Promise<CiPipeline> {
    const pipeline: CiPipeline = {
      id: nextId(),
      spec,
      sha: parent?.pipeline.sha ?? shas.hex(40),
      source: parent && {
        project: parent.pipeline.spec.project,
        pipelineId: parent.pipeline.id,
        jobId: parent.bridge.id,
      },
      status: 'running',
      jobs: [],
      bridges: [],
    }
    pipelines.push(pipeline)
    for (const one of spec.jobs) {
      if (isTrigger(one)) pipeline.bridges.push({ id: nextId(), spec: one, status: 'created', child: null })
      else await createJob(pipeline, one, expanded(one.tags, variables), 0)
    }
    await goOn(pipeline)
    return pipeline
  }

  async function createJob(pipeline: CiPipeline, spec: JobSpec, tags: readonly string[], attempt: number) {
    const job: CiJob = {
      id: nextId(),
      spec,
      pipeline,
      project: pipeline.spec.project,
      tags,
      protected: pipeline.spec.protected,
      attempt,
      status: 'created',
      failureReason: null,
      runner: null,
      createdAt: timeline.now(),
      pendingAt: null,
      startedAt: null,
      finishedAt: null,
      variables: {},
    }
    pipeline.jobs.push(job)
    jobs.push(job)
    await onJob(job)
    return job
  }

  /** Opens the next stage when the one before has ended; ends the pipeline after the last. */
  async function goOn(pipeline: CiPipeline): Promise<void> {
    if (pipeline.status !== 'running') return
    for (const stage of stagesOf(pipeline.spec)) {
      const members = [...latest(pipeline), ...pipeline.bridges].filter(({ spec }) => spec.stage === stage)
      if (members.some(({ status }) => status === 'failed')) {
        const isForgiven = members.every(
          ({ status, spec }) => status !== 'failed' || ('allowFailure' in spec && spec.allowFailure === true),
        )
        if (!isForgiven) return end(pipeline, 'failed')
      }
      if (members.every(({ status }) => ENDED.includes(status))) continue
      for (const member of members) if (member.status === 'created') await open(member, pipeline)
      return
    }
    return end(pipeline, 'success')
  }

  /** Of each name the last try. */
  const latest = ({ jobs: all }: CiPipeline) => [...new Map(all.map((job) => [job.spec.name, job])).values()]

  async function open(member: CiJob | CiBridge, pipeline: CiPipeline): Promise<void> {
    if ('tags' in member) {
      // Named pending as soon as GitLab has come to it; `created` keeps it from being opened twice until then.
      member.status = 'pending'
      timeline.at(timeline.now() + PROCESSING_MS, () => makePending(member))
      return
    }
    member.status = 'running'
    const { spec } = pipeline
    const given = pipeline.jobs.findLast((job) => job.spec.name === member.spec.needs)?.variables
    member.child = await create({ ...spec, jobs: member.spec.trigger }, given, { pipeline, bridge: member })
  }

  async function makePending(job: CiJob): Promise<void> {
    job.pendingAt = timeline.now()
    await onJob(job)
    work.enqueue(job)
  }

  async function start(job: CiJob): Promise<void> {
    job.status = 'running'
    job.startedAt = timeline.now()
    await onJob(job)
    const { failureReason, afterMs } = endings(job)
    if (failureReason !== 'runner_system_failure') job.variables = (await job.spec.script?.(job)) ?? {}
    timeline.at(job.startedAt + afterMs, () => finish(job, failureReason))
  }

  async function finish(job: CiJob, failureReason: CiJob['failureReason']): Promise<void> {
    job.status = failureReason === null ? 'success' : 'failed'
    job.failureReason = failureReason
    job.finishedAt = timeline.now()
    work.release(job)
    await onJob(job)
    const { pipeline, spec, tags, attempt } = job
    if (failureReason !== null && attempt < (spec.retries ?? 0))
      await createJob(pipeline, spec, tags, attempt + 1)
    await goOn(pipeline)
  }

  async function end(pipeline: CiPipeline, status: 'success' | 'failed'): Promise<void> {
    pipeline.status = status
    for (const member of [...pipeline.jobs, ...pipeline.bridges])
      if (!ENDED.includes(member.status)) member.status = 'skipped'
    // `strategy: mirror`: the trigger job is as its child is.
    for (const parent of pipelines) {
      const bridge = parent.bridges.find(({ child }) => child === pipeline)
      if (bridge === undefined) continue
      bridge.status = status
      await goOn(parent)
    }
  }

  return { runners: work, pipelines, jobs, create: (spec) => create(spec) }
}
