/**
 * A played GitLab that runs whole pipelines, written from GitLab's documentation and source alone: it shares no code
 * with the product, and is a witness against it.
 *
 * Played: instance, group and project runners that ask on their interval; matching, queue and fairness as GitLab has
 * them; stages, retries, child pipelines by trigger jobs; jobs that really ask the service under test with an id token;
 * a job webhook for every change. Simplified: nobody cancels; what a failed stage leaves is skipped; no long polling.
 */
import type { Seed } from '../../../shared/played-gitlab/index.ts'
import { jobClaims, type PlayedIssuer } from '../played-issuer.ts'
import type { CiRunner } from './ci-runner.ts'
import { deliver, jobHook, type Receiver } from './job-hook.ts'
import type { CiJob, CiPipeline, PipelineSpec } from './pipeline.ts'
import { type PipelinesAtWork, pipelinesAtWork } from './pipelines-at-work.ts'
import { createTimeline, type PassingClock } from './timeline.ts'

export type PlayedGitlab = PipelinesAtWork & {
  now(): number
  /** What webhooks were answered with, by status. */
  answers: Record<string, number>
  /** The id token of a job, as the played issuer signs it. */
  idToken(job: CiJob): string
  /** Runs pipelines, all at once, until the last of them has ended, or nothing moves any more. */
  run(...specs: readonly PipelineSpec[]): Promise<CiPipeline[]>
}

export type PlayedGitlabOptions = {
  seed: Seed
  clock: PassingClock
  runners: readonly CiRunner[]
  issuer: Pick<PlayedIssuer, 'url' | 'token'>
  /** The `iss` of its tokens, if not where the issuer listens. */
  issuerUrl?: string
  audience: string
  /** Who is told of a project's jobs. */
  receivers: (projectId: number) => readonly Receiver[]
  /** Called after every job webhook, before anything else happens. */
  settle?: () => Promise<void>
  firstId?: number
}

export function playedGitlab(options: PlayedGitlabOptions): PlayedGitlab {
  const { seed, clock, runners, issuer, audience, receivers, settle, firstId = 5001 } = options
  const timeline = createTimeline(clock)
  const answers: Record<string, number> = {}
  const work = pipelinesAtWork({ seed, runners, timeline, firstId, onJob })

  async function onJob(job: CiJob): Promise<void> {
    const hook = jobHook(job, timeline.now())
    for (const receiver of receivers(job.project.id)) {
      const status = await deliver(hook, receiver, timeline.now()).catch(() => 'no answer')
      answers[status] = (answers[status] ?? 0) + 1
    }
    await settle?.()
  }

  return {
    ...work,
    now: timeline.now,
    answers,
    idToken: (job) =>
      issuer.token({
        ...jobClaims({ url: options.issuerUrl ?? issuer.url }, timeline.now()),
        ...claimsOf(job),
        aud: audience,
      }),
    async run(...specs) {
      const created: CiPipeline[] = []
      for (const spec of specs) created.push(await work.create(spec))
      await timeline.runUntil(() => created.every(({ status }) => status !== 'running'))
      return created
    },
  }
}

/** What GitLab says of the job in its id token; numbers as text, but for the runner's. */
function claimsOf({ id, project, pipeline, runner }: CiJob) {
  const { ref } = pipeline.spec
  return {
    sub: `project_path:${project.path}:ref_type:branch:ref:${ref}`,
    jti: `job-${id}`,
    namespace_path: project.path.slice(0, project.path.lastIndexOf('/')),
    project_id: String(project.id),
    project_path: project.path,
    pipeline_id: String(pipeline.id),
    pipeline_source: pipeline.source === null ? 'push' : 'parent_pipeline',
    job_id: String(id),
    ref,
    ref_path: `refs/heads/${ref}`,
    ref_protected: String(pipeline.spec.protected),
    runner_id: runner?.id,
    sha: pipeline.sha,
  }
}
