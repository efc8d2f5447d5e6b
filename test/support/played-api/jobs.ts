/** `GET /projects/:id/jobs`: a page of a played project's jobs, as lib/api/entities/ci/job.rb tells of them. */
import type { PlayedJob } from '../../../shared/played-gitlab/index.ts'
import type { Reply } from './index.ts'

/** Never to be kept by who reads it. */
export const PERSONAL = ['ada@example.com', 'Ada Example', 'Fix what Grace broke']

const MAX_PER_PAGE = 100
const KEYSET = ['pagination=keyset', 'order_by=id', 'sort=desc']

export function jobsPage(jobs: readonly PlayedJob[], asked: URL, linkOrigin: string): Reply {
  const { searchParams } = asked
  if (!KEYSET.every((wanted) => asked.search.includes(wanted))) {
    return { status: 405, body: { error: 'Keyset pagination is not yet available for this type of request' } }
  }
  const scope = searchParams.getAll('scope[]')
  const perPage = Math.min(Number(searchParams.get('per_page') ?? 20), MAX_PER_PAGE)
  const before = cursorOf(searchParams.get('cursor'))
  const rest = jobs
    .filter((job) => job.id < before && (scope.length === 0 || scope.includes(job.status)))
    .sort((a, b) => b.id - a.id)
  const page = rest.slice(0, perPage)
  const last = page.at(-1)
  const headers: Record<string, string> = {}
  if (rest.length > page.length && last !== undefined) {
    const next = new URL(`${linkOrigin}${asked.pathname}${asked.search}`)
    next.searchParams.set('cursor', Buffer.from(JSON.stringify({ id: String(last.id) })).toString('base64'))
    headers.link = `<${next.href}>; rel="next"`
  }
  return { status: 200, headers, body: page.map(apiJob) }
}

function cursorOf(cursor: string | null): number {
  if (cursor === null) return Number.POSITIVE_INFINITY
  return Number(JSON.parse(Buffer.from(cursor, 'base64').toString('utf8')).id)
}

/** In whole milliseconds, some of them with the offset of another zone, as GitLab's time zone setting has it. */
function timeOf(at: number | null): string | null {
  if (at === null) return null
  if (at % 2 === 0) return new Date(at).toISOString()
  return new Date(at + 3_600_000).toISOString().replace('Z', '+01:00')
}

export function apiJob(job: PlayedJob): object {
  const { runner } = job
  return {
    id: job.id,
    status: job.status,
    stage: job.stage,
    name: job.name,
    ref: job.ref,
    tag: false,
    coverage: null,
    allow_failure: false,
    created_at: timeOf(job.createdAtMs),
    started_at: timeOf(job.startedAtMs),
    finished_at: timeOf(job.finishedAtMs),
    erased_at: null,
    duration: job.durationSeconds,
    queued_duration: job.queuedSeconds,
    user: { id: 11, username: 'ada', name: PERSONAL[1], public_email: PERSONAL[0] },
    commit: { id: 'c0ffee', message: PERSONAL[2], author_name: PERSONAL[1], author_email: PERSONAL[0] },
    pipeline: {
      id: job.pipelineId,
      project_id: job.project.id,
      sha: 'c0ffee',
      ref: job.ref,
      status: 'success',
    },
    ...(job.status === 'failed' && { failure_reason: job.failureReason }),
    web_url: `https://gitlab.example.com/${job.project.path}/-/jobs/${job.id}`,
    project: { ci_job_token_scope_enabled: false },
    artifacts: [],
    runner: runner && {
      id: runner.id,
      description: runner.description,
      ip_address: null,
      active: true,
      paused: runner.paused,
      is_shared: false,
      runner_type: 'group_type',
      name: 'gitlab-runner',
      online: runner.online,
      status: 'online',
    },
    runner_manager: null,
    artifacts_expire_at: null,
    archived: false,
    tag_list: job.tags,
  }
}
