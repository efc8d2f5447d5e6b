/** The job webhook as GitLab 19 sends it (gitlab.md 1.1 and 1.4), people made up, and its delivery. */
import { createHmac, randomUUID } from 'node:crypto'
import type { CiRunner } from './ci-runner.ts'
import type { CiJob } from './pipeline.ts'

/** Where a webhook goes, and what proves whose it is. */
export type Receiver = { url: string; token?: string | undefined; signingToken?: string | undefined }

const TIMEOUT_MS = 10_000

/** @param now when it is built, epoch milliseconds. */
export function jobHook(job: CiJob, now: number): Record<string, unknown> {
  const { spec, pipeline, project, runner } = job
  const { source } = pipeline
  const started = job.startedAt
  const seconds = (from: number | null, to: number | null) =>
    from === null ? null : ((to ?? now) - from) / 1000
  return {
    object_kind: 'build',
    ref: pipeline.spec.ref,
    tag: false,
    before_sha: '0'.repeat(40),
    sha: pipeline.sha,
    retries_count: job.attempt,
    build_id: job.id,
    build_name: spec.name,
    build_stage: spec.stage,
    build_status: job.status,
    build_created_at: utcText(job.createdAt),
    build_created_at_iso: isoText(job.createdAt),
    build_started_at: utcText(started),
    build_started_at_iso: isoText(started),
    build_finished_at: utcText(job.finishedAt),
    build_finished_at_iso: isoText(job.finishedAt),
    build_duration: seconds(started, job.finishedAt),
    build_queued_duration: seconds(job.pendingAt, started),
    build_allow_failure: spec.allowFailure ?? false,
    // Not null without a failure: so says GitLab's own documentation.
    build_failure_reason: job.failureReason ?? 'unknown_failure',
    pipeline_id: pipeline.id,
    runner: runner && runnerOf(runner),
    project_id: project.id,
    project_name: `Example / ${project.path.split('/').at(-1)}`,
    user: { id: 11, name: 'Ada Example', username: 'ada', email: '[REDACTED]' },
    commit: { id: pipeline.id, name: null, sha: pipeline.sha, message: 'A change\n', status: 'running' },
    project: projectOf(job),
    environment: null,
    ...(source && {
      source_pipeline: {
        project: { id: source.project.id, path_with_namespace: source.project.path },
        pipeline_id: source.pipelineId,
        job_id: source.jobId,
      },
    }),
  }
}

const runnerOf = ({ id, description, type, paused, tags }: CiRunner) => ({
  id,
  description,
  runner_type: type,
  active: !paused,
  is_shared: type === 'instance_type',
  tags,
})

const projectOf = ({ project }: CiJob) => ({
  id: project.id,
  name: project.path.split('/').at(-1),
  path_with_namespace: project.path,
  default_branch: 'main',
  ci_config_path: null,
})

/** Sends it, signed where there is a key. @returns the answer's status. */
export async function deliver(
  hook: object,
  { url, token, signingToken }: Receiver,
  now: number,
): Promise<number> {
  const body = JSON.stringify(hook)
  const id = randomUUID()
  const seconds = String(Math.floor(now / 1000))
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': 'GitLab/19.1.0',
      'Idempotency-Key': id,
      'X-Gitlab-Event': 'Job Hook',
      'webhook-id': id,
      'webhook-timestamp': seconds,
      ...(token !== undefined && { 'X-Gitlab-Token': token }),
      ...(signingToken !== undefined && {
        'webhook-signature': signatureOf(`${id}.${seconds}.${body}`, signingToken),
      }),
    },
    body,
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  await response.arrayBuffer()
  return response.status
}

function signatureOf(content: string, signingToken: string): string {
  const key = Buffer.from(signingToken.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key).update(content).digest('base64')}`
}

/** "2026-03-02 09:15:07 UTC": the form of real deliveries, cut to the second. */
const utcText = (at: number | null) =>
  at === null ? null : `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
const isoText = (at: number | null) => (at === null ? null : `${new Date(at).toISOString().slice(0, 19)}Z`)
