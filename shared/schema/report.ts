/** What /report is asked, and what it answers: a pipeline report. */
import * as z from 'zod'
import { NOT_TOLD } from '../domain/untold.ts'
import { decodeOrThrow } from './wire.ts'

const id = z
  .string()
  .regex(/^[1-9]\d*$/, 'not an id')
  .transform(Number)
  .pipe(z.int('not exact: beyond 2^53'))

const question = z.object({ project_id: id, pipeline_id: id })

/** @throws InvalidInputError naming each parameter that is missing or wrong. */
export function parseReportQuestion(parameters: Iterable<[string, string]>) {
  const { project_id: projectId, pipeline_id: pipelineId } = decodeOrThrow(
    question,
    Object.fromEntries(parameters),
    'report',
  )
  return { projectId, pipelineId }
}

/** Jobs of a pipeline and of its child pipelines. */
export type JobCounts = {
  /** As GitLab lists them, in any status; null when GitLab did not tell. */
  listed: number | null
  /** Those that have ended, and not too long ago to be learned from. */
  ended: number
  /** Those of which the log lacked the start or the finish. */
  missing: number
  /** Events: a job has one of its start and one of its finish. */
  published: number
  /** Events that somebody has told of and that are yet to be written to the log. */
  waiting: number
  /** Jobs that could not be understood, or that no event may be made of. */
  quarantined: number
}

export type PipelineReport = {
  /** A sentence or two for a job's log, without quotes. */
  summary: string
  project_id: number
  pipeline_id: number
  /** The pipeline's own id, and those of its child pipelines as far as they are known. */
  pipeline_ids: number[]
  /** Decisions and recommendations from then on are told, in ISO 8601. */
  since: string
  /** When this was found out; who asks again within seconds is told the same. */
  as_of: string
  /** Whether all was done; what was not is left to the hourly reconcile. */
  complete: boolean
  /** Why not, a sentence each. */
  reasons: string[]
  jobs: JobCounts
  /** Rows of `decision_outcomes`. */
  decisions: Record<string, unknown>[]
  /** Rows of `recommendations`: what the pipeline's jobs were told when they asked. */
  recommendations: Record<string, unknown>[]
}

/** As a CI job may know it: of what was recommended in mode `shadow` it is told no more than /recommend told. */
export function reportToldToJob(report: PipelineReport): PipelineReport {
  const recommendations = report.recommendations.map((row) =>
    row.mode === 'shadow' ? { ...row, ...UNTOLD } : row,
  )
  return { ...report, recommendations }
}

const UNTOLD = {
  kind: 'untold',
  policy_version: null,
  arm: null,
  tag: null,
  propensity: null,
  confidence: null,
  feasible_count: null,
  reason: NOT_TOLD,
}

export function summaryOf({
  jobs,
  decisions,
  recommendations,
  complete,
}: Pick<PipelineReport, 'jobs' | 'decisions' | 'recommendations' | 'complete'>): string {
  const { ended, missing, published, listed } = jobs
  // A routed job carries the tag of one arm, which every policy then picks.
  const free = decisions.filter(({ routed_decision_id: routedBy }) => typeof routedBy !== 'string')
  const routed = decisions.length - free.length
  const compared = free.filter(({ nsai_would_match: match }) => typeof match === 'boolean')
  const agreed = compared.filter(({ nsai_would_match: match }) => match === true).length
  return [
    listed === null
      ? 'GitLab did not tell of the jobs.'
      : `${count(ended, 'job')} ended; of ${missing} something was missing, ${count(published, 'event')} taken in.`,
    `${count(decisions.length, 'decision')}${routed === 0 ? '' : `, ${routed} of them on routed jobs`}: ` +
      `of ${compared.length} ${routed === 0 ? 'jobs' : 'others'} that a runner took, nsai would have picked the same for ${agreed}.`,
    ...(recommendations.length === 0 ? [] : [`${count(recommendations.length, 'recommendation')} given.`]),
    ...(complete ? [] : ['This is not all: "reasons" says why.'.replaceAll('"', '')]),
  ].join(' ')
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`
