/** What GitLab's REST API tells of one pipeline: its jobs, and the pipelines that it started. */
import * as z from 'zod'
import type { Gitlab } from '../ports.ts'
import { keepOfJob } from '../schema/gitlab-api.ts'
import { id } from '../schema/gitlab-values.ts'
import type { Asking } from './gitlab-ask.ts'

/** Retried jobs are in it when asked for, bridges never are (gitlabhq lib/api/ci/jobs.rb). It knows no keyset. */
const JOBS_QUERY = 'include_retried=true&per_page=100'
const BRIDGES_QUERY = 'per_page=100'

const apiJobs = z.array(z.record(z.string(), z.unknown()))

/** A trigger job of `GET /projects/:id/pipelines/:pid/bridges`; null before it started anything. */
const apiBridges = z.array(
  z.object({ downstream_pipeline: z.object({ id, project_id: id.nullish() }).nullish() }),
)

export function gitlabPipelines({ pages }: Asking): Pick<Gitlab, 'pipelineJobs' | 'childPipelines'> {
  const about = (what: string, projectId: number, pipelineId: number) => ({
    of: `the ${what} of pipeline ${pipelineId} of project ${projectId}`,
    scope: 'read_api',
    role: 'Reporter',
    naming: `give the pipeline's id, which is the number in the address of its page`,
  })
  return {
    async pipelineJobs(projectId, pipelineId, wanted = Number.POSITIVE_INFINITY) {
      // What ends while the pages are read moves no job to another page, but a retry may: it is listed once.
      const jobs = new Map<unknown, Record<string, unknown>>()
      const path = `/projects/${projectId}/pipelines/${pipelineId}/jobs`
      const what = about('jobs', projectId, pipelineId)
      for await (const { value } of pages(path, JOBS_QUERY, what, apiJobs)) {
        for (const job of value) jobs.set(job.id, keepOfJob(job))
        if (jobs.size >= wanted) break
      }
      return [...jobs.values()]
    },
    async childPipelines(projectId, pipelineId) {
      const children = new Set<number>()
      const path = `/projects/${projectId}/pipelines/${pipelineId}/bridges`
      const what = about('trigger jobs', projectId, pipelineId)
      for await (const { value } of pages(path, BRIDGES_QUERY, what, apiBridges)) {
        for (const { downstream_pipeline: child } of value) {
          if (child && (child.project_id ?? projectId) === projectId) children.add(child.id)
        }
      }
      return [...children]
    },
  }
}
