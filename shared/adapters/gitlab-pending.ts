/** Jobs of a project that wait for a runner, in GitLab's API. There is no list of them across projects. */
import * as z from 'zod'
import type { Gitlab, GitlabPendingJob } from '../ports.ts'
import { apiPendingJob } from '../schema/gitlab-pending.ts'
import type { Asking } from './gitlab-ask.ts'

/** By keyset GitLab sorts by falling id alone. */
const QUERY = 'pagination=keyset&order_by=id&sort=desc&per_page=100&scope[]=pending'

export function gitlabPending({ pages }: Asking): Pick<Gitlab, 'pendingJobs'> {
  return {
    async pendingJobs(projectId) {
      const what = { of: `the jobs of project ${projectId}`, scope: 'read_api', role: 'Reporter' }
      const found = new Map<number, GitlabPendingJob>()
      for await (const { value } of pages(
        `/projects/${projectId}/jobs`,
        QUERY,
        what,
        z.array(apiPendingJob),
      )) {
        // One that was taken while the pages were read is none any more.
        for (const { status, ...job } of value) if (status === 'pending') found.set(job.id, job)
      }
      return [...found.values()].sort((a, b) => a.createdAt - b.createdAt || a.id - b.id)
    },
  }
}
