/** `GET /projects/:id/jobs?scope[]=pending`: jobs that no runner has taken, as lib/api/entities/ci/job.rb tells of them. */
import type { Reply } from './index.ts'
import { PERSONAL } from './jobs.ts'

export type PlayedPendingJob = {
  id: number
  name: string
  tags?: string[]
  createdAt: string
  queuedSeconds?: number | null
  status?: string
}

const PER_PAGE = 2

/** In pages of two, the newest first; undefined for any other question. */
export function answerPending(
  rest: string,
  jobs: readonly PlayedPendingJob[],
  asked: URL,
  linkOrigin: string,
): Reply | undefined {
  const scope = asked.searchParams.getAll('scope[]')
  if (rest !== 'jobs' || scope.length !== 1 || scope[0] !== 'pending') return undefined
  if (asked.searchParams.get('pagination') !== 'keyset')
    return { status: 405, body: { error: 'keyset only' } }
  const before = Number(asked.searchParams.get('cursor') ?? Number.POSITIVE_INFINITY)
  const left = jobs.filter(({ id }) => id < before).sort((a, b) => b.id - a.id)
  const page = left.slice(0, PER_PAGE)
  const headers: Record<string, string> = {}
  if (left.length > page.length) {
    const next = new URL(`${linkOrigin}${asked.pathname}${asked.search}`)
    next.searchParams.set('cursor', String(page.at(-1)?.id))
    headers.link = `<${next.href}>; rel="next"`
  }
  return { status: 200, headers, body: page.map(told) }
}

const told = ({ id, name, tags, createdAt, queuedSeconds = null, status = 'pending' }: PlayedPendingJob) => ({
  id,
  status,
  stage: 'test',
  name,
  ref: 'main',
  tag: false,
  created_at: createdAt,
  started_at: null,
  finished_at: null,
  duration: null,
  queued_duration: queuedSeconds,
  user: { id: 11, username: 'ada', name: PERSONAL[1], public_email: PERSONAL[0] },
  pipeline: { id: 7, sha: 'c0ffee', ref: 'main', status: 'pending' },
  runner: null,
  runner_manager: null,
  ...(tags && { tag_list: tags }),
})
