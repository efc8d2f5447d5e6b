/** The body of a job webhook as GitLab 18 and 19 send it (lib/gitlab/data_builder/build.rb), people made up. */
import type { JobStatus, PlayedJob } from './day.ts'
import type { PlayedProject, PlayedRunner } from './fleet.ts'
import { createRng, type Seed } from './rng.ts'

/** A job as it was when its webhook was built. */
export type Snapshot = { job: PlayedJob; status: JobStatus; builtAtMs: number }

export type PayloadOptions = {
  seed: Seed
  instanceUrl: string
  /** As when large payloads are compressed on their way through GitLab: durations become JSON strings. */
  durationsAsStrings: boolean
  /** Instances before GitLab 18 send no `build_*_at_iso`. */
  isoTimes: boolean
}

type Person = { id: number; name: string; username: string }

const NO_COMMIT = '0'.repeat(40)
const people: readonly [Person, ...Person[]] = [
  { id: 11, name: 'Ada Example', username: 'ada' },
  { id: 12, name: 'Grace Example', username: 'grace' },
  { id: 13, name: 'Linus Example', username: 'linus' },
  { id: 14, name: 'Margaret Example', username: 'margaret' },
]

export function payloadOf(snapshot: Snapshot, options: PayloadOptions): object {
  const { job, status } = snapshot
  const url = new URL(options.instanceUrl)
  const started = status === 'created' || status === 'pending' ? null : job.startedAtMs
  const finished = status === job.status ? job.finishedAtMs : null
  // All jobs of a pipeline share its commit and its author.
  const pipeline = createRng(options.seed, `pipeline ${job.pipelineId}`)
  const sha = pipeline.hex(40)
  const author = pipeline.pick(people)
  const duration = (seconds: number | null) =>
    options.durationsAsStrings && seconds !== null ? String(seconds) : seconds
  return {
    object_kind: 'build',
    ref: job.ref,
    tag: false,
    before_sha: job.protectedRef ? pipeline.hex(40) : NO_COMMIT,
    sha,
    retries_count: job.attempt,
    build_id: job.id,
    build_name: job.name,
    build_stage: job.stage,
    build_status: status,
    build_created_at: utcText(job.createdAtMs),
    build_started_at: utcText(started),
    build_finished_at: utcText(finished),
    ...(options.isoTimes && {
      build_created_at_iso: isoText(job.createdAtMs),
      build_started_at_iso: isoText(started),
      build_finished_at_iso: isoText(finished),
    }),
    build_duration: duration(durationSeconds(snapshot)),
    build_queued_duration: duration(queuedSeconds(snapshot)),
    build_allow_failure: false,
    // Not null without a failure: so says GitLab's own documentation.
    build_failure_reason: (status === 'failed' && job.failureReason) || 'unknown_failure',
    pipeline_id: job.pipelineId,
    runner: started === null || job.runner === null ? null : runnerObject(job.runner),
    project_id: job.project.id,
    project_name: `Example / ${job.project.name}`,
    user: {
      ...author,
      avatar_url: new URL(`/uploads/${author.username}.png`, url).href,
      email: '[REDACTED]',
    },
    commit: {
      // GitLab's name for the pipeline's id.
      id: job.pipelineId,
      name: null,
      sha,
      message: `Change ${job.project.name}\n`,
      author_name: author.name,
      author_email: '[REDACTED]',
      author_url: new URL(`/${author.username}`, url).href,
      status: status === 'created' || status === 'pending' ? status : 'running',
      duration: null,
      started_at: utcText(started),
      finished_at: null,
      started_at_iso: isoText(started),
      finished_at_iso: null,
    },
    repository: repositoryObject(job.project, url),
    project: projectObject(job.project, url),
    environment: null,
  }
}

/** Grows while the job runs. */
function durationSeconds({ job, status, builtAtMs }: Snapshot): number | null {
  if (job.startedAtMs === null || status === 'created' || status === 'pending') return null
  if (status !== 'running') return job.durationSeconds
  return (Math.min(builtAtMs, job.finishedAtMs) - job.startedAtMs) / 1000
}

/** Grows while the job is pending. */
function queuedSeconds({ job, status, builtAtMs }: Snapshot): number | null {
  if (job.pendingAtMs === null || status === 'created') return null
  if (status !== 'pending') return job.queuedSeconds
  return (Math.min(builtAtMs, job.startedAtMs ?? job.finishedAtMs) - job.pendingAtMs) / 1000
}

function runnerObject({ id, description, paused, tags }: PlayedRunner): object {
  return { id, description, runner_type: 'group_type', active: !paused, is_shared: false, tags }
}

function repositoryObject({ name, path }: PlayedProject, url: URL): object {
  const homepage = new URL(`/${path}`, url).href
  return {
    name,
    url: `git@${url.hostname}:${path}.git`,
    description: null,
    homepage,
    git_http_url: `${homepage}.git`,
    git_ssh_url: `git@${url.hostname}:${path}.git`,
    visibility_level: 0,
  }
}

function projectObject({ id, name, path }: PlayedProject, url: URL): object {
  const webUrl = new URL(`/${path}`, url).href
  return {
    id,
    name,
    description: null,
    web_url: webUrl,
    avatar_url: null,
    git_ssh_url: `git@${url.hostname}:${path}.git`,
    git_http_url: `${webUrl}.git`,
    namespace: 'Example',
    visibility_level: 0,
    path_with_namespace: path,
    default_branch: 'main',
    ci_config_path: null,
  }
}

/** "2026-03-02 09:15:07 UTC": the form of real deliveries, cut to the second. */
function utcText(atMs: number | null): string | null {
  return atMs === null ? null : `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

function isoText(atMs: number | null): string | null {
  return atMs === null ? null : `${new Date(atMs).toISOString().slice(0, 19)}Z`
}
