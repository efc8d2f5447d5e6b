/** Pipelines as their CI file has them, and as they run. */
import type { CiProject, CiRunner } from './ci-runner.ts'

export type Variables = Readonly<Record<string, string>>

export type JobSpec = {
  name: string
  stage: string
  /** `$NAME` stands for a variable that is known when the pipeline is created. */
  tags: readonly string[]
  /** How long its script takes on a runner of slowness 1. */
  seconds: number
  scriptFailureRate?: number
  allowFailure?: boolean
  /** `retry:` of the CI file. */
  retries?: number
  /** What the script does outside; resolves with its dotenv report. */
  script?: (job: CiJob) => Promise<Variables>
}

/** A trigger job: a child pipeline that is given the dotenv variables of the job that it needs. */
export type TriggerSpec = { name: string; stage: string; needs: string; trigger: readonly JobSpec[] }

export type PipelineSpec = {
  project: CiProject
  ref: string
  protected: boolean
  /** Their stages run in the order in which they are first named, `.pre` before all. */
  jobs: readonly (JobSpec | TriggerSpec)[]
}

export type CiStatus = 'created' | 'pending' | 'running' | 'success' | 'failed' | 'canceled' | 'skipped'
export type FailureReason = 'script_failure' | 'runner_system_failure'

export type CiPipeline = {
  id: number
  spec: PipelineSpec
  sha: string
  /** Of a child: the trigger job that made it. */
  source: { project: CiProject; pipelineId: number; jobId: number } | null
  status: 'running' | 'success' | 'failed'
  /** With its retries, and without trigger jobs. */
  jobs: CiJob[]
  bridges: CiBridge[]
}

export type CiBridge = {
  id: number
  spec: TriggerSpec
  status: CiStatus
  child: CiPipeline | null
}

export type CiJob = {
  id: number
  spec: JobSpec
  pipeline: CiPipeline
  project: CiProject
  /** As they were when the pipeline was created. */
  tags: readonly string[]
  protected: boolean
  attempt: number
  status: CiStatus
  failureReason: FailureReason | null
  runner: CiRunner | null
  createdAt: number
  pendingAt: number | null
  startedAt: number | null
  finishedAt: number | null
  /** Of its dotenv report. */
  variables: Variables
}

export const isTrigger = (spec: JobSpec | TriggerSpec): spec is TriggerSpec => 'trigger' in spec

/** The stages of a pipeline in the order in which they run. */
export function stagesOf({ jobs }: PipelineSpec): string[] {
  const stages = [...new Set(jobs.map(({ stage }) => stage))]
  const weight = (stage: string) => (stage === '.pre' ? -1 : stage === '.post' ? 1 : 0)
  return stages.sort((a, b) => weight(a) - weight(b))
}

/** What GitLab makes of `tags:` with variables; one that is not known stays as it is written. */
export const expanded = (tags: readonly string[], variables: Variables): string[] =>
  tags.map((tag) => tag.replace(/\$(\w+)/g, (whole, name: string) => variables[name] ?? whole))

/** The jobs of a pipeline and of its children, and theirs. */
export const allJobs = ({ jobs, bridges }: CiPipeline): CiJob[] => [
  ...jobs,
  ...bridges.flatMap(({ child }) => (child === null ? [] : allJobs(child))),
]
