import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readWebhook } from '../../../shared/schema/webhook.ts'

const body = (): Record<string, unknown> & { builds: [Record<string, unknown>] } =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/gitlab/pipeline.json'), 'utf8'))
const withJob = (changes: Record<string, unknown>) => {
  const whole = body()
  return { ...whole, builds: [{ ...whole.builds[0], ...changes }] }
}

describe('a job of a pipeline hook', () => {
  test('is read as what it is', () => {
    expect(readWebhook(body())).toEqual([
      {
        status: 'witness',
        kept: expect.any(Function),
        witness: {
          kind: 'job.finished',
          projectId: 4711,
          projectPath: 'example-works/lighthouse',
          jobId: 191,
          jobName: 'build',
          stage: 'build',
          pipelineId: 9001,
          parentPipelineId: null,
          routingDecisionId: null,
          commitSha: '5f1d7a3c9b2e4860a1d3c5e7f9081b2d4c6e8fa0',
          attempt: null,
          createdAt: Date.parse('2026-03-02T09:00:00Z'),
          startedAt: Date.parse('2026-03-02T09:00:07Z'),
          finishedAt: Date.parse('2026-03-02T09:01:01Z'),
          queuedSeconds: 6.2,
          status: 'success',
          failureReason: null,
          durationSeconds: 54.375,
          runner: {
            id: 31,
            description: 'Mac Docker Runner',
            tags: ['docker-any', 'any-runner', 'mac-docker'],
          },
          jobTags: null,
        },
      },
    ])
  })

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    [
      'durations as text',
      { duration: '54.375', queued_duration: '6.2' },
      { durationSeconds: 54.375, queuedSeconds: 6.2 },
    ],
    ['no duration, as old versions', { duration: undefined }, { durationSeconds: 54 }],
    ['a duration of 0', { duration: 0 }, { durationSeconds: null }],
    ['no runner', { runner: undefined, status: 'canceled' }, { runner: null, status: 'canceled' }],
    ['a runner of an old version', { runner: { id: 1 } }, { runner: { id: 1, description: '', tags: [] } }],
    [
      'its reason to fail',
      { status: 'failed', failure_reason: 'runner_system_failure' },
      { status: 'failed', failureReason: 'runner_system_failure' },
    ],
    ['a reason that is not its own', { failure_reason: 'unknown_failure' }, { failureReason: null }],
    [
      'no end while it runs',
      { status: 'running', duration: 3.5 },
      { kind: 'job.started', status: null, finishedAt: null, durationSeconds: null },
    ],
  ])('has %s', (_name, changes, expected) => {
    expect(readWebhook(withJob(changes))).toMatchObject([{ status: 'witness', witness: expected }])
  })

  test('that is at fault is kept as a pipeline hook of that job alone, which can be read again', () => {
    const whole = withJob({ duration: '1,5', token: 'a secret' })
    const [reading] = readWebhook({ ...whole, builds: [...whole.builds, ...body().builds] })
    if (reading?.status !== 'quarantined') throw new Error(reading?.status)
    const { payload, ...ids } = reading.kept()
    expect(ids).toEqual({ projectId: 4711, jobId: 191, whole: false })
    expect(JSON.stringify(payload)).not.toMatch(/secret|someone|GREETING|Tidy/i)
    const repaired = payload as typeof whole
    repaired.builds[0] = { ...repaired.builds[0], duration: 1.5 } as (typeof repaired.builds)[0]
    expect(readWebhook(repaired)).toMatchObject([
      { status: 'witness', witness: { jobId: 191, durationSeconds: 1.5 } },
    ])
  })
})

test('a reading comes of each job, whatever stands in its place, and none throws', () => {
  const anyJob = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(fc.constantFrom(...Object.keys(body().builds[0])), fc.jsonValue()).map((changes) => ({
      ...body().builds[0],
      ...changes,
    })),
  )
  fc.assert(
    fc.property(fc.array(anyJob, { minLength: 1, maxLength: 5 }), (builds) => {
      const readings = readWebhook({ ...body(), builds })
      expect(readings).toHaveLength(builds.length)
      for (const reading of readings) if (reading.status !== 'ignored') JSON.stringify(reading.kept())
    }),
  )
})
