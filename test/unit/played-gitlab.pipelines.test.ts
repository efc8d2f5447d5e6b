/** The witness itself: whole pipelines on a played GitLab, with nobody listening. */
import { describe, expect, test } from 'vitest'
import { type CiRunner, ciProject, ciRunner } from '../support/played-gitlab/ci-runner.ts'
import { jobHook } from '../support/played-gitlab/job-hook.ts'
import { namespacesAbove, requestJob } from '../support/played-gitlab/pending-builds.ts'
import {
  allJobs,
  type CiPipeline,
  type JobSpec,
  type PipelineSpec,
} from '../support/played-gitlab/pipeline.ts'
import { pipelinesAtWork } from '../support/played-gitlab/pipelines-at-work.ts'
import { clockOfPlay, createTimeline } from '../support/played-gitlab/timeline.ts'

const api = ciProject({ id: 1, path: 'acme/api' })
const web = ciProject({ id: 2, path: 'acme/team/web' })
const jobOf = (words: Partial<JobSpec> = {}): JobSpec => ({
  name: 'unit',
  stage: 'test',
  tags: ['docker'],
  seconds: 60,
  ...words,
})
const pipelineOf = (...jobs: PipelineSpec['jobs']): PipelineSpec => ({
  project: api,
  ref: 'main',
  protected: true,
  jobs,
})

/** Runs pipelines to their end, and keeps every webhook that there was. */
async function played(runners: readonly CiRunner[], specs: readonly PipelineSpec[], seed = 'a') {
  const timeline = createTimeline(clockOfPlay(Date.parse('2026-03-02T08:00:00Z')))
  const hooks: Record<string, unknown>[] = []
  const onJob: Parameters<typeof pipelinesAtWork>[0]['onJob'] = async (job) => {
    hooks.push(jobHook(job, timeline.now()))
  }
  const work = pipelinesAtWork({ seed, runners, timeline, firstId: 1, onJob })
  const pipelines: CiPipeline[] = []
  for (const spec of specs) pipelines.push(await work.create(spec))
  await timeline.runUntil(() => pipelines.every(({ status }) => status !== 'running'))
  return { work, pipelines, hooks }
}

describe('who asks is given', () => {
  const waiting = (id: number, project = api) => ({ id, project, tags: ['docker'], protected: false })
  const docker = { id: 1, tags: ['docker'] }

  test('the oldest job, and as an instance runner one of the project that has the fewest running', () => {
    const builds = [waiting(5), waiting(3), waiting(9, web)]
    const running = [{ project: api, runner: ciRunner(docker) }]
    const given = (runner: CiRunner, busy: typeof running = []) => requestJob(runner, builds, busy)?.id
    expect(given(ciRunner(docker))).toBe(3)
    expect(given(ciRunner(docker), running)).toBe(9)
    const ofGroup = ciRunner({ ...docker, type: 'group_type', groups: ['acme'] })
    expect(given(ofGroup, running)).toBe(3)
    expect(given({ ...ofGroup, groups: ['acme/team'] })).toBe(9)
    expect(given({ ...ofGroup, groups: ['acm'] })).toBeUndefined()
    expect(given(ciRunner({ ...docker, type: 'project_type', projectIds: [2] }))).toBe(9)
  })

  test('nothing while it is paused, down, or of another letter case', () => {
    for (const words of [{ paused: true }, { up: false }, { tags: ['Docker'] }, { tags: [] }])
      expect(requestJob(ciRunner({ ...docker, ...words }), [waiting(1)], [])).toBeUndefined()
  })

  test('and namespaces are groups, not beginnings of paths', () => {
    expect(namespacesAbove('acme/team/web')).toEqual(['acme', 'acme/team'])
  })
})

describe('a pipeline', () => {
  const runners = [ciRunner({ id: 1, tags: ['docker'] }), ciRunner({ id: 2, tags: ['docker', 'big'] })]

  test('is the same for the same seed, and takes turns by who asks first for another', async () => {
    const specs = Array.from({ length: 30 }, () => pipelineOf(jobOf()))
    const takers = async (seed: string) =>
      (await played(runners, specs, seed)).work.jobs.map(({ runner }) => runner?.id)
    expect(await takers('a')).toEqual(await takers('a'))
    expect(await takers('b')).not.toEqual(await takers('a'))
    expect(new Set(await takers('a'))).toEqual(new Set([1, 2]))
  })

  test('runs its stages in turn, and tells of each change of each job', async () => {
    const { hooks, pipelines } = await played(runners, [
      pipelineOf(jobOf({ name: 'deploy', stage: 'deploy' }), jobOf({ name: 'prepare', stage: '.pre' })),
    ])
    expect(pipelines[0]?.status).toBe('success')
    expect(hooks.slice(2).map((hook) => `${hook.build_name} ${hook.build_status}`)).toEqual([
      'prepare pending',
      'prepare running',
      'prepare success',
      'deploy pending',
      'deploy running',
      'deploy success',
    ])
    for (const { build_status, runner, build_finished_at } of hooks) {
      expect(runner === null).toBe(build_status === 'created' || build_status === 'pending')
      expect(build_finished_at === null).toBe(build_status !== 'success')
    }
  })

  test('that triggers another gives it the variables, which become tags, and names itself in its webhooks', async () => {
    const { pipelines, hooks } = await played(runners, [
      pipelineOf(
        jobOf({ name: 'ask', stage: '.pre', script: async () => ({ WHERE: 'big' }) }),
        { name: 'route', stage: 'test', needs: 'ask', trigger: [jobOf({ tags: ['$WHERE', '$UNKNOWN'] })] },
        { name: 'again', stage: 'test', needs: 'ask', trigger: [jobOf({ tags: ['$WHERE'] })] },
      ),
    ])
    const [parent] = pipelines
    // The first of the two has a tag that nobody carries: it waits for ever.
    expect(parent?.status).toBe('running')
    const [waits, runs] = allJobs(parent as NonNullable<typeof parent>).filter(
      ({ spec }) => spec.name === 'unit',
    )
    expect([waits?.tags, waits?.status]).toEqual([['big', '$UNKNOWN'], 'pending'])
    expect([runs?.tags, runs?.status, runs?.runner?.id]).toEqual([['big'], 'success', 2])
    const [bridge, other] = parent?.bridges ?? []
    expect([bridge?.status, other?.status]).toEqual(['running', 'success'])
    expect(hooks.filter((hook) => hook.build_id === runs?.id).map((hook) => hook.source_pipeline)).toEqual(
      Array(4).fill({
        project: { id: 1, path_with_namespace: 'acme/api' },
        pipeline_id: parent?.id,
        job_id: other?.id,
      }),
    )
    expect(hooks.filter((hook) => hook.build_name === 'ask' && 'source_pipeline' in hook)).toEqual([])
  })

  test('tries again as often as it may, on the same tags, and leaves out what comes after a failure', async () => {
    const broken = runners.map((runner) => ({ ...runner, systemFailureRate: 1 }))
    const { work, pipelines } = await played(broken, [
      pipelineOf(jobOf({ retries: 2 }), jobOf({ name: 'later', stage: 'deploy' })),
    ])
    expect(pipelines[0]?.status).toBe('failed')
    expect(
      work.jobs.map(({ spec, status, attempt, failureReason }) => [
        spec.name,
        status,
        attempt,
        failureReason,
      ]),
    ).toEqual([
      ['unit', 'failed', 0, 'runner_system_failure'],
      ['later', 'skipped', 0, null],
      ['unit', 'failed', 1, 'runner_system_failure'],
      ['unit', 'failed', 2, 'runner_system_failure'],
    ])
  })
})
