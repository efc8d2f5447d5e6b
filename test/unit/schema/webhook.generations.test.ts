import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Witness } from '../../../shared/domain/event.ts'
import { readWebhook } from '../../../shared/schema/webhook.ts'

/** Bodies in the forms of several GitLab generations, written by hand. */
const folder = join(import.meta.dirname, '../../fixtures/gitlab')
const body = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
const at = (text: string) => Date.parse(text)

const job: Partial<Witness> = { projectId: 4711, stage: 'test', pipelineId: 9001, attempt: 0 }
const runner = { id: 31, description: 'Mac Docker Runner', tags: ['docker-any', 'any-runner', 'mac-docker'] }
const unfinished: Partial<Witness> = {
  finishedAt: null,
  status: null,
  failureReason: null,
  durationSeconds: null,
}
const morning = at('2026-03-02T09:00:00Z')

const readings: [name: string, expected: Partial<Witness>][] = [
  [
    '8.x-running',
    {
      ...unfinished,
      ...{
        kind: 'job.started',
        jobId: 81,
        jobName: 'unit',
        projectPath: null,
        pipelineId: null,
        attempt: null,
      },
      ...{ createdAt: null, startedAt: at('2016-09-28T20:21:04Z'), queuedSeconds: null, runner: null },
    },
  ],
  [
    '13.x-success',
    {
      ...{
        kind: 'job.finished',
        jobId: 131,
        jobName: 'unit',
        attempt: null,
        createdAt: null,
        status: 'success',
      },
      ...{
        startedAt: at('2020-06-08T07:15:00Z'),
        finishedAt: at('2020-06-08T07:16:30Z'),
        durationSeconds: 90.25,
      },
      ...{ queuedSeconds: null, failureReason: null, runner: { ...runner, tags: [] } },
    },
  ],
  [
    '15.8-success',
    {
      ...{
        kind: 'job.finished',
        jobId: 158,
        jobName: 'unit 2/4',
        attempt: 1,
        createdAt: at('2023-01-10T13:50:02Z'),
      },
      ...{ startedAt: at('2023-01-10T13:50:05Z'), finishedAt: at('2023-01-10T13:50:54Z'), status: 'success' },
      ...{ durationSeconds: 49.503592, queuedSeconds: 0.193009, failureReason: null, runner },
    },
  ],
  [
    '17.x-string-durations',
    {
      ...{
        kind: 'job.finished',
        jobId: 171,
        jobName: 'integration',
        status: 'failed',
        durationSeconds: 117.31,
      },
      ...{
        queuedSeconds: 17.1,
        failureReason: 'script_failure',
        projectPath: 'example-works/lighthouse',
        runner,
      },
    },
  ],
  [
    '17.x-offset-dates',
    {
      ...{ jobId: 172, createdAt: at('2025-05-20T08:00:00Z'), startedAt: at('2025-05-20T08:00:17Z') },
      ...{ finishedAt: at('2025-05-20T08:01:05Z'), durationSeconds: 48, queuedSeconds: 17 },
    },
  ],
  [
    '18.x-pending',
    {
      ...unfinished,
      kind: 'job.queued',
      jobId: 181,
      createdAt: morning,
      startedAt: null,
      queuedSeconds: 0.4,
      runner: null,
    },
  ],
  [
    '18.x-running',
    { ...unfinished, kind: 'job.started', jobId: 181, startedAt: morning + 7000, queuedSeconds: 7.2, runner },
  ],
  [
    '18.x-failed-runner',
    { status: 'failed', failureReason: 'runner_system_failure', attempt: 1, durationSeconds: 3.5, runner },
  ],
  [
    '19.x-success',
    {
      ...{
        jobId: 191,
        jobName: 'build: [amd64, release]',
        stage: 'build',
        status: 'success',
        durationSeconds: 54.375,
      },
      ...{
        createdAt: morning,
        startedAt: morning + 7000,
        finishedAt: morning + 61_000,
        failureReason: null,
        runner,
      },
    },
  ],
  [
    '19.x-canceled-while-pending',
    {
      ...{
        kind: 'job.finished',
        jobId: 192,
        status: 'canceled',
        failureReason: null,
        startedAt: null,
        runner: null,
      },
      ...{ finishedAt: morning + 300_000, durationSeconds: null, queuedSeconds: 300.5 },
    },
  ],
]

describe('a job hook', () => {
  test.each(readings)('of GitLab %s is understood', (name, expected) => {
    expect(readWebhook(body(name))).toMatchObject([{ status: 'witness', witness: { ...job, ...expected } }])
  })
})
