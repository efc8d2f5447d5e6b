/** A job webhook made by hand, in the form of GitLab 18: small, and complete enough to be believed. */
type Overrides = Record<string, unknown>

const SECOND_MS = 1000

/** "2026-11-21 08:00:00 UTC", as captured deliveries have it. */
export function gitlabTime(at: number): string {
  return new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC')
}

/** A success of 60 seconds on Mac Docker Runner that ended ten seconds ago. */
export function jobWebhook(overrides: Overrides = {}, now = Date.now()): Record<string, unknown> {
  return {
    object_kind: 'build',
    ref: 'main',
    sha: '0123456789012345678901234567890123456789',
    retries_count: 0,
    build_id: 1001,
    build_name: 'rspec 1/4',
    build_stage: 'test',
    build_status: 'success',
    build_created_at: gitlabTime(now - 80 * SECOND_MS),
    build_started_at: gitlabTime(now - 70 * SECOND_MS),
    build_finished_at: gitlabTime(now - 10 * SECOND_MS),
    build_duration: 60.5,
    build_queued_duration: 2.25,
    build_allow_failure: false,
    build_failure_reason: 'unknown_failure',
    pipeline_id: 501,
    runner: {
      id: 2,
      description: 'Mac Docker Runner',
      runner_type: 'group_type',
      active: true,
      is_shared: false,
      tags: ['any-runner', 'docker-any', 'mac-any', 'mac-docker'],
    },
    project_id: 101,
    project_name: 'Example / backoffice',
    project: { id: 101, name: 'backoffice', path_with_namespace: 'example/backoffice' },
    user: { id: 7, name: 'Some One', username: 'someone', email: 'someone@example.com' },
    commit: {
      id: 501,
      message: 'a commit text that nobody should keep',
      author_email: 'someone@example.com',
    },
    environment: null,
    ...overrides,
  }
}

export const running = (overrides: Overrides = {}) =>
  jobWebhook({ build_status: 'running', build_finished_at: null, build_duration: 0.2, ...overrides })
