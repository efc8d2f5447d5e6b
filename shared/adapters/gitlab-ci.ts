/** A project's CI configuration as GitLab merges it: the CI lint API. */
import type { Gitlab } from '../ports.ts'
import { apiLint } from '../schema/gitlab-lint.ts'
import type { Asking } from './gitlab-ask.ts'

export function gitlabCi({ ask }: Asking): Pick<Gitlab, 'ciConfig'> {
  return {
    async ciConfig(projectId, { content, ref }) {
      const path = `/projects/${projectId}/ci/lint`
      const of = `the CI configuration of project ${projectId}`
      if (content === undefined) {
        const query = ref === undefined ? '' : `?content_ref=${encodeURIComponent(ref)}`
        const what = { of, scope: 'read_api', role: 'Reporter' }
        return (await ask({ method: 'GET', path: `${path}${query}` }, what, apiLint)).value
      }
      // Nothing is made by it, but GitLab asks for the right to make a pipeline.
      const what = { of, scope: 'api', role: 'Developer' }
      const body = { content, ...(ref === undefined ? {} : { ref }) }
      return (await ask({ method: 'POST', path, readOnly: true, body }, what, apiLint)).value
    },
  }
}
