/** A pipeline webhook made by hand, of the same jobs as the job webhooks beside it. */
import { jobWebhook } from './webhook.ts'

type Overrides = Record<string, unknown>

/** The build that a pipeline webhook has for what a job webhook says. */
export function buildOf(job: Overrides): Overrides {
  return {
    id: job.build_id,
    stage: job.build_stage,
    name: job.build_name,
    status: job.build_status,
    created_at: job.build_created_at,
    started_at: job.build_started_at,
    finished_at: job.build_finished_at,
    duration: job.build_duration,
    queued_duration: job.build_queued_duration,
    failure_reason: job.build_status === 'failed' ? job.build_failure_reason : null,
    when: 'on_success',
    manual: false,
    allow_failure: false,
    user: job.user,
    runner: job.runner,
    artifacts_file: { filename: null, size: null },
    environment: null,
  }
}

/** Of pipeline 501 of project 101, as `jobWebhook` has them. */
export function pipelineWebhook(builds: readonly unknown[], overrides: Overrides = {}): Overrides {
  const { sha, project, user } = jobWebhook()
  return {
    object_kind: 'pipeline',
    object_attributes: {
      id: 501,
      sha,
      status: 'running',
      variables: [{ key: 'DEPLOY_KEY', value: 'a secret that nobody should keep' }],
    },
    user,
    project,
    commit: {
      id: sha,
      message: 'a commit text that nobody should keep',
      author: { email: 'someone@example.com' },
    },
    builds,
    ...overrides,
  }
}
