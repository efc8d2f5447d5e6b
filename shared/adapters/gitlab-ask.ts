/** One question to GitLab's API: its answer as a schema has it, or an error that says what is to be done. */
import type * as z from 'zod'
import { InvalidInputError, TransientError } from '../errors.ts'
import type { Log } from '../ports.ts'
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

/** What was asked about, and what a token needs for it. */
export type Subject = {
  of: string
  scope: string
  /** Undefined where every member may. */
  role?: string
  /** Where that role is needed; the project when left out. */
  place?: string
  /** How to name it right, of what is not there; by the id or path of the place when left out. */
  naming?: string
}

export type Asking = ReturnType<typeof askingOf>

const MAX_REASON = 200

export function askingOf(options: GitlabOptions) {
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

  /** One page after the other, as the header Link leads. */
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

  /** All of a list of pages. */
  async function all<T>(path: string, what: Subject, schema: z.ZodType<readonly T[]>): Promise<T[]> {
    const found: T[] = []
    for await (const { value } of pages(path, 'per_page=100', what, schema)) found.push(...value)
    return found
  }

  return {
    ask,
    pages,
    all,
    request: (asked: GitlabRequest) => request(asked, options),
    refusalOf: (answer: GitlabAnswer, what: Subject) => refusalOf(answer, what, options),
    reasonIn: (answer: GitlabAnswer) => reasonIn(answer, options.token),
  }
}

/** GitLab's no, with what is to be done about it. */
function refusalOf(
  answer: GitlabAnswer,
  {
    of,
    scope,
    role,
    place = 'the project',
    naming = `give the id from ${place}'s page, or the full path as group/app`,
  }: Subject,
  options: GitlabOptions,
): Error {
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
      : `whose token GITLAB_API_TOKEN is needs ${role === undefined ? 'a role' : `the role ${role}`} in ${place}`
    return new InvalidInputError(`GitLab does not tell of ${of} (403${said}): ${lacks}.`)
  }
  if (status === 404) {
    const needed = role === undefined ? '' : ` (role ${role} is needed)`
    return new InvalidInputError(
      `GitLab knows nothing of ${of} (404): ${naming}; or GITLAB_API_TOKEN may not see it${needed}.`,
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
