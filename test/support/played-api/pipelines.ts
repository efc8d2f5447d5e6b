/** `GET /projects/:id/pipelines/:pid/jobs` and `…/bridges`: by pages that are numbered, retried jobs only when asked for. */
import type { PlayedJob } from '../../../shared/played-gitlab/index.ts'
import type { Reply } from './index.ts'
import { apiJob } from './jobs.ts'

/** What of pipelines a played day has not: jobs that have not ended, and what trigger jobs started. */
export type PlayedPipelines = {
  /** By pipeline; each as GitLab tells of it. */
  unfinished?: Record<number, readonly object[]>
  /** By pipeline; null before a trigger job started anything. */
  started?: Record<number, readonly ({ id: number; project_id: number } | null)[]>
}

/** Undefined for any other path. */
export function answerPipelines(
  rest: string,
  jobs: readonly PlayedJob[],
  asked: URL,
  { linkOrigin, played }: { linkOrigin: string; played: PlayedPipelines },
): Reply | undefined {
  const [, id, what] = /^pipelines\/(\d+)\/(jobs|bridges)$/.exec(rest) ?? []
  if (id === undefined) return undefined
  const pipelineId = Number(id)
  const ofPipeline = jobs.filter((job) => job.pipelineId === pipelineId)
  const unfinished = played.unfinished?.[pipelineId] ?? []
  if (ofPipeline.length + unfinished.length === 0) return { status: 404, body: { message: '404 Not found' } }
  if (what === 'bridges') {
    const bridges = (played.started?.[pipelineId] ?? []).map((started, index) => ({
      id: 900_000 + index,
      name: `trigger ${index}`,
      status: started === null ? 'created' : 'success',
      downstream_pipeline: started && {
        ...started,
        status: 'success',
        web_url: 'https://gitlab.example.com',
      },
    }))
    return numbered(bridges, asked, linkOrigin)
  }
  const isRetried = (job: PlayedJob) =>
    ofPipeline.some((other) => other.name === job.name && other.attempt > job.attempt)
  const shown =
    asked.searchParams.get('include_retried') === 'true'
      ? ofPipeline
      : ofPipeline.filter((job) => !isRetried(job))
  const listed = shown.toSorted((a, b) => b.id - a.id).map(apiJob)
  return numbered([...unfinished, ...listed], asked, linkOrigin)
}

function numbered(all: readonly object[], asked: URL, linkOrigin: string): Reply {
  const perPage = Math.min(Number(asked.searchParams.get('per_page') ?? 20), 100)
  const page = Number(asked.searchParams.get('page') ?? 1)
  const headers: Record<string, string> = {}
  if (all.length > page * perPage) {
    const next = new URL(`${linkOrigin}${asked.pathname}${asked.search}`)
    next.searchParams.set('page', String(page + 1))
    headers.link = `<${next.href}>; rel="next"`
  }
  return { status: 200, headers, body: all.slice((page - 1) * perPage, page * perPage) }
}
