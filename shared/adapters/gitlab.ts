/** GitLab's REST API (v4) over fetch. Why no client library: docs/adr/0012. */
import * as z from 'zod'
import type { Gitlab } from '../ports.ts'
import { apiProject, keepOfJob } from '../schema/gitlab-api.ts'
import { type Asking, askingOf, type GitlabOptions } from './gitlab-ask.ts'
import { gitlabCi } from './gitlab-ci.ts'
import { gitlabHooks } from './gitlab-hooks.ts'
import { gitlabPending } from './gitlab-pending.ts'
import { gitlabPipelines } from './gitlab-pipelines.ts'
import { gitlabRunners } from './gitlab-runners.ts'

const FINISHED = ['success', 'failed', 'canceled']

/**
 * Of the whole project, `GET /projects/:id/jobs` lists `project.builds`: retried jobs are in it, bridges are not
 * (gitlabhq lib/api/ci/jobs.rb; `include_retried` is of a pipeline's jobs only). By keyset it sorts by falling id alone.
 */
const JOBS_QUERY = `pagination=keyset&order_by=id&sort=desc&per_page=100&${FINISHED.map((status) => `scope[]=${status}`).join('&')}`

const apiJobs = z.array(z.record(z.string(), z.unknown()))

export function openGitlab(options: GitlabOptions): Gitlab {
  const asking = askingOf(options)
  return {
    ...projectsAndJobs(asking),
    ...gitlabCi(asking),
    ...gitlabHooks(asking),
    ...gitlabPending(asking),
    ...gitlabPipelines(asking),
    ...gitlabRunners(asking),
  }
}

function projectsAndJobs({ ask, pages }: Asking): Pick<Gitlab, 'project' | 'finishedJobs'> {
  return {
    async project(idOrPath) {
      // As it may have been copied from an address.
      const plain = idOrPath
        .trim()
        .replace(/^\/+|\/+$/g, '')
        .replaceAll(/%2f/gi, '/')
      const path = `/projects/${encodeURIComponent(plain)}`
      const what = { of: `the project "${idOrPath}"`, scope: 'read_api' }
      return (await ask({ method: 'GET', path }, what, apiProject)).value
    },
    async *finishedJobs(projectId, from = JOBS_QUERY) {
      const what = { of: `the jobs of project ${projectId}`, scope: 'read_api', role: 'Reporter' }
      for await (const { value, next } of pages(`/projects/${projectId}/jobs`, from, what, apiJobs)) {
        yield { jobs: value.map(keepOfJob), next }
      }
    },
  }
}
