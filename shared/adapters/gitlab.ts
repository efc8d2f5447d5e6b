/** GitLab's REST API (v4) over fetch. Why no client library: docs/adr/0012. */
import * as z from 'zod'
import { InvalidInputError, TransientError } from '../errors.ts'
import type { Gitlab, GitlabHookWish, Log } from '../ports.ts'
import { apiHook, apiProject, keepOfJob } from '../schema/gitlab-api.ts'
import { faultsOf } from '../schema/wire.ts'
import { type GitlabAnswer, type GitlabRequest, type HttpOptions, request } from './gitlab-http.ts'

export type GitlabOptions = {
  /** GITLAB_URL, without an ending slash. */
  baseUrl: string
  token: string
  log: Log
  signal: AbortSignal
  wait?: NonNullable<HttpOptions['wait']>
}

const FINISHED = ['success', 'failed', 'canceled']
const MAX_REASON = 200

/**
 * Of the whole project, `GET /projects/:id/jobs` lists `project.builds`: retried jobs are in it, bridges are not
 * (gitlabhq lib/api/ci/jobs.rb; `include_retried` is of a pipeline's jobs only). By keyset it sorts by falling id alone.
 */
const JOBS_QUERY = `pagination=keyset&order_by=id&sort=desc&per_page=100&${FINISHED.map((status) => `scope[]=${status}`).join('&')}`

const apiJobs = z.array(z.record(z.string(), z.unknown()))

export function openGitlab(options: GitlabOptions): Gitlab {
  async function ask<T>(
    asked: GitlabRequest,
    what: Subject,
    schema: z.ZodType<T>,
  ): Promise<{ value: T; next: string | null }> {
    const answer = await request(asked, options)
    if (answer.status >= 300) throw refusalOf(answer, what, options)
    const parsed = schema.safeParse(answer.json)
    if (parsed.success) return { value: parsed.data, next: answer.next }
    throw new TransientError(
      `GitLab's answer about ${what.of} is not understood: ${faultsOf(parsed.error).slice(0, 3).join('; ')}`,
    )
  }

  async function* pages<T>(path: string, query: string, what: Subject, schema: z.ZodType<T>) {
    let next: string | null = query
    const seen = new Set<string>()
    while (next !== null) {
      seen.add(next)
      const page: { value: T; next: string | null } = await ask(
        { method: 'GET', path: `${path}?${next}` },
        what,
        schema,
      )
      if (page.next !== null && seen.has(page.next))
        throw new TransientError('GitLab gives the same page again and again')
      next = page.next
      yield page
    }
  }

  const aboutHooks = (projectId: number): Subject => ({
    of: `the webhooks of project ${projectId}`,
    scope: 'api',
    role: 'Maintainer',
  })

  return {
    async project(idOrPath) {
      // As it may have been copied from an address.
      const plain = idOrPath
        .trim()
        .replace(/^\/+|\/+$/g, '')
        .replaceAll(/%2f/gi, '/')
      const path = `/projects/${encodeURIComponent(plain)}`
      const what = { of: `the project "${idOrPath}"`, scope: 'read_api', role: 'Reporter' }
      return (await ask({ method: 'GET', path }, what, apiProject)).value
    },
    async *finishedJobs(projectId, from = JOBS_QUERY) {
      const what = { of: `the jobs of project ${projectId}`, scope: 'read_api', role: 'Reporter' }
      for await (const { value, next } of pages(`/projects/${projectId}/jobs`, from, what, apiJobs)) {
        yield { jobs: value.map(keepOfJob), next }
      }
    },
    async hooks(projectId) {
      const what = aboutHooks(projectId)
      const found = []
      for await (const { value } of pages(
        `/projects/${projectId}/hooks`,
        'per_page=100',
        what,
        z.array(apiHook),
      )) {
        found.push(...value)
      }
      return found
    },
    async createHook(projectId, wish) {
      const asked = { method: 'POST', path: `/projects/${projectId}/hooks`, body: bodyOf(wish) } as const
      return (await ask(asked, aboutHooks(projectId), apiHook)).value
    },
    async updateHook(projectId, hookId, wish) {
      const path = `/projects/${projectId}/hooks/${hookId}`
      return (await ask({ method: 'PUT', path, body: bodyOf(wish) }, aboutHooks(projectId), apiHook)).value
    },
    async testHook(projectId, hookId, trigger) {
      const path = `/projects/${projectId}/hooks/${hookId}/test/${trigger}`
      const answer = await request({ method: 'POST', path }, options)
      if (answer.status === 401 || answer.status === 403)
        throw refusalOf(answer, aboutHooks(projectId), options)
      return { ok: answer.status < 300, reason: reasonIn(answer, options.token) }
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

/** What was asked about, and what a token needs for it. */
type Subject = { of: string; scope: string; role: string }

/** GitLab's no, with what is to be done about it. */
function refusalOf(answer: GitlabAnswer, { of, scope, role }: Subject, options: GitlabOptions): Error {
  const { status, json } = answer
  const said = reasonIn(answer, options.token)
  if (status < 400) {
    const advice =
      'use the project id, or its present path, and the address of GITLAB_URL as browsers end up at'
    return new InvalidInputError(`GitLab says that ${of} has moved (${status}): ${advice}.`)
  }
  if (status === 401) {
    return new InvalidInputError(
      `GitLab does not accept GITLAB_API_TOKEN (401): it is mistyped, expired, revoked, or of another instance than ${options.baseUrl}.`,
    )
  }
  if (status === 403) {
    const isScope = (json as { error?: unknown } | undefined)?.error === 'insufficient_scope'
    const lacks = isScope
      ? `GITLAB_API_TOKEN lacks the scope ${scope}`
      : `whose token GITLAB_API_TOKEN is needs the role ${role} in the project`
    return new InvalidInputError(`GitLab does not tell of ${of} (403${said}): ${lacks}.`)
  }
  if (status === 404) {
    return new InvalidInputError(
      `GitLab knows nothing of ${of} (404): give the id from the project's page, or the full path as group/app; or GITLAB_API_TOKEN may not see it (role ${role} is needed).`,
    )
  }
  if (status === 405) {
    return new InvalidInputError(
      `GitLab cannot list ${of} by keyset (405${said}): it needs GitLab 16.0 or newer.`,
    )
  }
  const advice = /invalid url/i.test(said)
    ? ' It sends nothing to addresses of its own network unless an administrator allows it (Admin > Settings > Network > Outbound requests).'
    : ''
  return new InvalidInputError(`GitLab refuses what was asked of ${of} (${status}${said}).${advice}`)
}

/** What GitLab says in its own words, if it does: `, "…"`. */
function reasonIn({ json }: GitlabAnswer, token: string): string {
  const { message, error_description, error } = (json ?? {}) as Record<string, unknown>
  const said = error_description ?? message ?? error
  if (said === undefined) return ''
  const text = typeof said === 'string' ? said : JSON.stringify(said)
  return `, ${JSON.stringify(text.replaceAll(token, '…').slice(0, MAX_REASON))}`
}
