/** What a simulated GitLab calls its jobs and pipelines. */

import { clusterOf, foldOf } from '../domain/evaluation/logged-job.ts'
import { eventIdOf } from '../domain/event.ts'
import type { Workload } from './workload.ts'
import type { SimulatedKey, World } from './world.ts'

export const SIMULATED_GITLAB = 'https://gitlab.simulated.invalid'
export const SIMULATED_INSTANCE = 'gitlab.simulated.invalid'
/** Of as many digits for the first million of jobs, so that the order of the texts is that of the numbers. */
const FIRST_JOB_ID = 1_000_001
const FIRST_PIPELINE_ID = 500_001
const FIRST_RUNNER_ID = 1

export const jobIdOf = (job: number): number => FIRST_JOB_ID + job
export const pipelineIdOf = (pipeline: number): number => FIRST_PIPELINE_ID + pipeline
export const runnerIdOf = (arm: number): number => FIRST_RUNNER_ID + arm

/** What a job goes by in evaluation. */
export function membershipOf(
  { keys }: World,
  { key, pipeline }: Workload,
  job: number,
): { id: string; cluster: string; fold: number } {
  const { projectId } = keys[key[job] as number] as SimulatedKey
  const membership = {
    instance: SIMULATED_INSTANCE,
    projectId,
    jobId: jobIdOf(job),
    pipelineId: pipelineIdOf(pipeline[job] as number),
    parentPipelineId: null,
  }
  const id = eventIdOf(SIMULATED_INSTANCE, projectId, membership.jobId, 'job.started')
  return { id, cluster: clusterOf(membership), fold: foldOf(membership) }
}
