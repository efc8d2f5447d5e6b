/** A job as evaluation sees it: a row of `evaluation_decisions` and `behaviour_contexts`, with one reward. */
import type { JobEvent } from '../event.ts'
import { byCodeUnit } from '../policy.ts'
import { EVALUATION } from './settings.ts'

export type LoggedJob = {
  id: string
  /** The pipeline: its jobs are alike, and count as one cluster. */
  cluster: string
  /** 0 … EVALUATION.folds − 1, the same for all jobs of a pipeline. */
  fold: number
  jobKey: string
  /** Epoch milliseconds. */
  startedAt: number
  /** The arm that the job was given to; one of `feasible`. */
  action: string
  feasible: readonly string[]
  /** The feasible arms that had room when it began; of a routed job, which waits for its arm, all of them. */
  free: readonly string[]
  /** The arm of the pipeline's job before; '' where there is none that has room. */
  previousArm: string
  /** The probability with which the action was drawn; null where GitLab chose it. */
  recordedPropensity: number | null
  /** Null where it is not known. */
  reward: number | null
}

/** The same for jobs that the same arms could have taken, and for no others: what separates names is escaped in them. */
export function signatureOf({ feasible }: Pick<LoggedJob, 'feasible'>): string {
  const escaped = [...feasible]
    .sort(byCodeUnit)
    .map((arm) => arm.replaceAll('%', '%25').replaceAll(',', '%2C'))
  return escaped.join(',')
}

type Membership = Pick<JobEvent, 'instance' | 'projectId' | 'parentPipelineId' | 'pipelineId' | 'jobId'>

/** Child pipelines belong to the pipeline that started them; a job without any is a cluster of its own. */
export function clusterOf({ instance, projectId, parentPipelineId, pipelineId, jobId }: Membership): string {
  return `${instance}/${projectId}/${parentPipelineId ?? pipelineId ?? `job ${jobId}`}`
}

export function foldOf({ parentPipelineId, pipelineId, jobId }: Membership): number {
  return (parentPipelineId ?? pipelineId ?? jobId) % EVALUATION.folds
}
