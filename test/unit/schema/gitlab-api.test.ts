import { describe, expect, test } from 'vitest'
import type { AdmissionContext } from '../../../shared/domain/admission.ts'
import { apiHook, apiProject, keepOfJob, takeInJob } from '../../../shared/schema/gitlab-api.ts'
import { fleetWith, INSTANCE, WINDOW } from '../../support/builders.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')
const context: AdmissionContext = {
  instance: INSTANCE,
  source: 'backfill',
  receivedAt: NOW,
  fleet: fleetWith(),
  lateAfterMs: WINDOW,
  unmanagedArms: new Set(),
  maxUnmanagedArms: 10,
}
const project = { id: 42, path: 'group/app' }

/** As the documentation of the Jobs API shows one (docs.gitlab.com/api/jobs), with what is read of it. */
const job = (overrides: Record<string, unknown> = {}) => ({
  id: 7,
  name: 'rspec:other 3/8',
  stage: 'test',
  status: 'failed',
  created_at: '2026-10-24T15:51:21.802Z',
  started_at: '2026-10-24T17:54:27.722+02:00',
  finished_at: '2026-10-24T17:54:57.895+02:00',
  duration: 30.173,
  queued_duration: 0.01,
  failure_reason: 'script_failure',
  tag_list: ['docker runner', 'ubuntu18'],
  runner: { id: 32, description: 'nordic', ip_address: '10.0.0.1', name: 'gitlab-runner' },
  pipeline: { id: 6, project_id: 42, ref: 'main', sha: '0ff3ae19', status: 'pending' },
  commit: { id: '0ff3ae198f86', author_email: 'admin@example.com', message: 'Test the CI integration.' },
  user: { id: 1, name: 'Administrator', public_email: 'admin@example.com' },
  web_url: 'https://example.com/foo/bar/-/jobs/7',
  ...overrides,
})
const takeIn = (overrides?: Record<string, unknown>) => takeInJob(keepOfJob(job(overrides)), project, context)

/** The events of an admitted job. */
function eventsOf(overrides?: Record<string, unknown>) {
  return takeIn(overrides).map((intake) => {
    if (intake.status !== 'admitted') throw new Error(JSON.stringify(intake))
    return intake.event
  })
}

describe('a finished job', () => {
  test('becomes its start and its finish', () => {
    const [start, finish] = eventsOf()
    const alike = {
      instance: INSTANCE,
      source: 'backfill',
      projectId: 42,
      projectPath: 'group/app',
      jobId: 7,
      jobKey: '42/rspec:other',
      jobName: 'rspec:other 3/8',
      stage: 'test',
      pipelineId: 6,
      commitSha: '0ff3ae19',
      attempt: null,
      createdAt: Date.parse('2026-10-24T15:51:21.802Z'),
      startedAt: Date.parse('2026-10-24T15:54:27.722Z'),
      queuedSeconds: 0.01,
      jobTags: ['docker runner', 'ubuntu18'],
      runnerId: 32,
      runnerDescription: 'nordic',
      runnerTags: [],
      arm: 'nordic',
      late: false,
    }
    expect(start).toMatchObject({
      ...alike,
      kind: 'job.started',
      eventId: `${INSTANCE}/42/7/job.started`,
      occurredAt: Date.parse('2026-10-24T15:54:27.722Z'),
      status: null,
      failureReason: null,
      durationSeconds: null,
      finishedAt: null,
    })
    expect(finish).toMatchObject({
      ...alike,
      kind: 'job.finished',
      eventId: `${INSTANCE}/42/7/job.finished`,
      occurredAt: Date.parse('2026-10-24T15:54:57.895Z'),
      status: 'failed',
      failureReason: 'script_failure',
      durationSeconds: 30.173,
    })
  })

  test('that no runner took has a finish only, without an arm', () => {
    const events = eventsOf({ status: 'canceled', started_at: null, duration: null, runner: null })
    expect(events).toMatchObject([
      { kind: 'job.finished', status: 'canceled', arm: null, durationSeconds: null },
    ])
  })

  test('whose runner was deleted has no arm, and is there all the same', () => {
    expect(eventsOf({ runner: null })).toMatchObject([
      { kind: 'job.started', arm: null },
      { kind: 'job.finished', arm: null, durationSeconds: 30.173 },
    ])
  })

  test.each([
    ['no tag list: the tags are not known', { tag_list: undefined }, { jobTags: null }],
    ['an empty tag list: the job needs none', { tag_list: [] }, { jobTags: [] }],
    ['no duration: its times tell', { duration: null }, { durationSeconds: 30.173 }],
    ['a duration of zero: not known', { duration: 0 }, { durationSeconds: null }],
    ['a duration as text', { duration: '30.173' }, { durationSeconds: 30.173 }],
    ['a reason, but success', { status: 'success' }, { failureReason: null }],
    ['no pipeline', { pipeline: null }, { pipelineId: null, commitSha: null }],
  ])('with %s', (_, overrides, expected) => {
    expect(eventsOf(overrides).at(-1)).toMatchObject(expected)
  })

  test.each([
    ['an id that JSON rounds', { id: 2 ** 53 }],
    ['an id as text', { id: '7' }],
    ['no name', { name: '' }],
    ['a date that no calendar has', { finished_at: '2026-02-30T00:00:00Z' }],
    ['a status that is none of the three', { status: 'running' }],
  ])('with %s is set aside whole, with what may be kept', (_, overrides) => {
    const intakes = takeIn(overrides)
    expect(intakes).toMatchObject([{ status: 'quarantined', record: { code: 'invalid_job', projectId: 42 } }])
    const text = JSON.stringify(intakes)
    for (const personal of ['admin@example.com', 'Administrator', 'Test the CI', 'web_url', '10.0.0.1']) {
      expect(text).not.toContain(personal)
    }
  })

  test('that ends in the future is set aside whole', () => {
    const intakes = takeIn({ finished_at: '2026-11-21T12:06:00Z' })
    expect(intakes).toMatchObject([{ status: 'quarantined', record: { code: 'in_the_future', jobId: 7 } }])
  })
})

test('keeping twice is keeping once, also over JSON', () => {
  const kept = keepOfJob(job())
  expect(keepOfJob(JSON.parse(JSON.stringify(kept)))).toEqual(kept)
})

test('keeps no object in the place of a plain value', () => {
  const nested = { secret: 'x' }
  const kept = keepOfJob(job({ name: nested, tag_list: [nested], runner: { id: 1, description: nested } }))
  expect(JSON.stringify(kept)).not.toContain('secret')
})

test('a project is its id and its full path', () => {
  expect(apiProject.parse({ id: 1, path_with_namespace: 'a/b', name: 'b' })).toEqual({ id: 1, path: 'a/b' })
})

test('a webhook of before GitLab 19 does not say which secrets it has', () => {
  expect(apiHook.parse({ id: 1, url: 'https://a.example', job_events: true })).toEqual({
    id: 1,
    url: 'https://a.example',
    jobEvents: true,
    pipelineEvents: false,
    pushEvents: false,
    sslVerification: false,
    alertStatus: null,
    disabledUntil: null,
    tokenPresent: null,
    signingTokenPresent: null,
  })
})
