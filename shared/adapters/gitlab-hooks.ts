/** A project's webhooks in GitLab's API. */
import * as z from 'zod'
import type { Gitlab, GitlabHookWish } from '../ports.ts'
import { apiHook } from '../schema/gitlab-api.ts'
import type { Asking, Subject } from './gitlab-ask.ts'

export function gitlabHooks({
  ask,
  all,
  request,
  refusalOf,
  reasonIn,
}: Asking): Pick<Gitlab, 'hooks' | 'createHook' | 'updateHook' | 'testHook'> {
  const about = (projectId: number): Subject => ({
    of: `the webhooks of project ${projectId}`,
    scope: 'api',
    role: 'Maintainer',
  })
  return {
    hooks: (projectId) => all(`/projects/${projectId}/hooks`, about(projectId), z.array(apiHook)),
    async createHook(projectId, wish) {
      const asked = { method: 'POST', path: `/projects/${projectId}/hooks`, body: bodyOf(wish) } as const
      return (await ask(asked, about(projectId), apiHook)).value
    },
    async updateHook(projectId, hookId, wish) {
      const path = `/projects/${projectId}/hooks/${hookId}`
      return (await ask({ method: 'PUT', path, body: bodyOf(wish) }, about(projectId), apiHook)).value
    },
    async testHook(projectId, hookId, trigger) {
      const path = `/projects/${projectId}/hooks/${hookId}/test/${trigger}`
      const answer = await request({ method: 'POST', path })
      if (answer.status === 401 || answer.status === 403) throw refusalOf(answer, about(projectId))
      return { ok: answer.status < 300, reason: reasonIn(answer) }
    },
  }
}

function bodyOf(wish: GitlabHookWish): object {
  return {
    url: wish.url,
    job_events: wish.jobEvents,
    pipeline_events: wish.pipelineEvents,
    push_events: wish.pushEvents,
    enable_ssl_verification: wish.sslVerification,
    ...(wish.token === undefined ? {} : { token: wish.token }),
    ...(wish.signingToken === undefined ? {} : { signing_token: wish.signingToken }),
  }
}
