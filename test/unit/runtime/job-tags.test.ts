/** The tags of jobs, asked of GitLab: once, for a short while, and never to anybody's harm. */
import { expect, test } from 'vitest'
import type { JobEvent } from '../../../shared/domain/event.ts'
import { InvalidInputError, TransientError } from '../../../shared/errors.ts'
import type { Gitlab } from '../../../shared/ports.ts'
import { loadConfig } from '../../../shared/runtime/config.ts'
import { withJobTags } from '../../../shared/runtime/job-tags.ts'
import { MINUTE, NOON, SECOND, startedEvent } from '../../support/builders.ts'

type Jobs = readonly Record<string, unknown>[]
const BUILD: Jobs = [
  { id: 1, name: 'build', tag_list: ['linux', 'docker', 'docker'] },
  { id: 2, name: 'test', tag_list: [] },
]

/** A process with a token, whose GitLab answers as `answer` says and takes down what it is asked. */
function processOf(
  answer: (project: number, pipeline: number) => Promise<Jobs> = async () => BUILD,
  patienceMs = 60_000,
) {
  const asked: string[] = []
  const warnings: unknown[] = []
  const time = { now: NOON }
  const settings = loadConfig({
    GITLAB_API_TOKEN: 'token-for-tests',
    GITLAB_URL: 'https://gitlab.example.com',
  })
  const gitlab = {
    pipelineJobs: async (project: number, pipeline: number) => {
      asked.push(`${project}/${pipeline}`)
      return (await answer(project, pipeline)) as Record<string, unknown>[]
    },
  } as unknown as Gitlab
  const deps = {
    settings,
    gitlab: () => gitlab,
    clock: { now: () => time.now },
    log: { debug() {}, info() {}, error() {}, warning: (...said: unknown[]) => void warnings.push(said) },
  }
  const tagsOf = async (...events: JobEvent[]) =>
    (await withJobTags(events, deps, patienceMs)).map(({ jobTags }) => jobTags)
  return { asked, warnings, time, deps, tagsOf }
}

const job = (changes: Partial<JobEvent> = {}) => startedEvent({ jobName: 'build', pipelineId: 7, ...changes })

test('asks once for all jobs of a pipeline, whenever they come', async () => {
  const { asked, time, tagsOf } = processOf()
  expect(await tagsOf(job(), job({ jobName: 'test' }))).toEqual([['docker', 'linux'], []])
  time.now += 60 * MINUTE
  expect(await tagsOf(job({ jobName: 'test' }), job())).toEqual([[], ['docker', 'linux']])
  expect(asked).toEqual(['42/7'])
})

test('two pipelines of one commit have each their own tags, since these may hold variables', async () => {
  const { asked, tagsOf } = processOf(async (_, pipeline) => [
    { name: 'build', tag_list: [pipeline === 7 ? 'docker-any' : 'gpu'] },
  ])
  expect(await tagsOf(job(), job({ pipelineId: 8 }))).toEqual([['docker-any'], ['gpu']])
  expect(await tagsOf(job({ pipelineId: 8 }), job())).toEqual([['gpu'], ['docker-any']])
  expect(asked).toEqual(['42/7', '42/8'])
})

test('pipelines of one number in two projects are two', async () => {
  const { tagsOf } = processOf(async (project) => [{ name: 'build', tag_list: [`of-${project}`] }])
  expect(await tagsOf(job(), job({ projectId: 43 }))).toEqual([['of-42'], ['of-43']])
})

test('leaves everything as it is without a token, and what is known or nobody can tell', async () => {
  const { asked, deps, tagsOf } = processOf()
  const events = [
    job({ jobTags: ['own'] }),
    job({ pipelineId: null }),
    job({ source: 'synthetic' }),
    job({ source: 'replay' }),
    job({ projectPath: 'runner-bandit/smoke' }),
  ]
  expect(await tagsOf(...events)).toEqual([['own'], null, null, null, null])
  const without = { ...deps, settings: loadConfig({}) }
  expect(await withJobTags([job()], without)).toMatchObject([{ jobTags: null }])
  expect(asked).toEqual([])
})

test('does not ask again at once for what an answer lacks', async () => {
  const { asked, time, tagsOf } = processOf(async () => [
    { name: 'other', tag_list: ['a'] },
    { name: 'build' },
    { name: 'test', tag_list: [3] },
  ])
  expect(await tagsOf(job())).toEqual([null])
  expect(await tagsOf(job(), job({ jobName: 'test' }))).toEqual([null, null])
  expect(asked).toHaveLength(1)
  time.now += MINUTE
  await tagsOf(job())
  expect(asked).toHaveLength(2)
})

test('pauses for a minute after GitLab failed, says so once, and then asks again', async () => {
  let isDown = true
  const { asked, warnings, time, tagsOf } = processOf(async () => {
    if (isDown) throw new TransientError('GitLab does not answer')
    return BUILD
  })
  expect(await tagsOf(job())).toEqual([null])
  isDown = false
  time.now += 59 * SECOND
  expect(await tagsOf(job(), job({ projectId: 43 }))).toEqual([null, null])
  expect(asked).toHaveLength(1)
  time.now += SECOND
  expect(await tagsOf(job())).toEqual([['docker', 'linux']])
  expect(warnings).toHaveLength(1)
})

test('pauses for one project alone that the token may not see', async () => {
  const { asked, tagsOf } = processOf(async (project) => {
    if (project === 43) throw new InvalidInputError('GitLab knows nothing of it (404)')
    return BUILD
  })
  expect(await tagsOf(job({ projectId: 43 }))).toEqual([null])
  expect(await tagsOf(job({ projectId: 43, pipelineId: 8 }), job())).toEqual([null, ['docker', 'linux']])
  expect(asked).toEqual(['43/7', '42/7'])
})

test('a clock that was set back makes no pause longer', async () => {
  let isDown = true
  const { time, tagsOf } = processOf(async () => {
    if (isDown) throw new TransientError('GitLab does not answer')
    return BUILD
  })
  await tagsOf(job())
  isDown = false
  time.now -= 60 * MINUTE
  expect(await tagsOf(job())).toEqual([['docker', 'linux']])
})

test('waits for a batch no longer than it may; what comes late serves the next', async () => {
  const answers: ((jobs: Jobs) => void)[] = []
  const { asked, tagsOf } = processOf(() => new Promise((resolve) => void answers.push(resolve)), 5)
  expect(await tagsOf(job())).toEqual([null])
  // Nobody waits for it a second time.
  expect(await tagsOf(job(), job({ projectId: 43 }))).toEqual([null, null])
  answers[0]?.(BUILD)
  await new Promise((resolve) => setImmediate(resolve))
  expect(await tagsOf(job())).toEqual([['docker', 'linux']])
  expect(asked).toEqual(['42/7'])
})

test('asks about four pipelines at a time, each once, however many events there are', async () => {
  let now = 0
  let most = 0
  const { asked, tagsOf } = processOf(async () => {
    now += 1
    most = Math.max(most, now)
    await new Promise((resolve) => setImmediate(resolve))
    now -= 1
    return BUILD
  })
  const events = Array.from({ length: 40 }, (_, n) => job({ pipelineId: n % 20 }))
  expect(new Set((await tagsOf(...events)).map(String))).toEqual(new Set(['docker,linux']))
  expect(asked).toHaveLength(20)
  expect(most).toBe(4)
})

test('one pipeline in two batches at once is asked about once', async () => {
  const { asked, tagsOf } = processOf(async () => {
    await new Promise((resolve) => setImmediate(resolve))
    return BUILD
  })
  expect(await Promise.all([tagsOf(job()), tagsOf(job({ jobName: 'test' }))])).toEqual([
    [['docker', 'linux']],
    [[]],
  ])
  expect(asked).toEqual(['42/7'])
})
