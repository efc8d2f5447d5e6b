/** Reconcile when GitLab refuses or does not answer: what was not checked is never told as complete. And by hand. */
import { beforeEach, describe, expect, test } from 'vitest'
import { reconcile, reconcileHourly } from '../../functions/reconcile.ts'
import { InvalidInputError, TransientError } from '../../shared/errors.ts'
import { playDay } from '../../shared/played-gitlab/index.ts'
import type { Gitlab } from '../../shared/ports.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import { API_TOKEN, type PlayedApi, startPlayedApi } from '../support/played-api/index.ts'
import { dataFolder, postWebhook, runCommand, startServer } from '../support/server.ts'
import { jobWebhook } from '../support/webhook.ts'

const day = playDay({ seed: 12, jobs: 100, startAt: Date.now() - 25 * 3_600_000 })
const DAY = { projects: [], since: '30h' }

let api: PlayedApi
let deps: LocalDeps

beforeEach(async () => {
  api = await startPlayedApi({ day })
  const server = await startServer({ GITLAB_URL: api.url, GITLAB_API_TOKEN: API_TOKEN })
  deps = server.deps
  // Every project of the day is known by one job, the one of the lowest id as the last.
  for (const [index, { id, path }] of [...day.projects].reverse().entries()) {
    const project = { id, name: path, path_with_namespace: path }
    await postWebhook(server.url, jobWebhook({ build_id: index + 1, project_id: id, project }))
    await deps.deliveries.drained()
  }
})

/** GitLab, but for these projects, whose jobs it does not tell. */
function failing(error: Error, ...projectIds: number[]): void {
  const { gitlab } = deps
  deps.gitlab = (): Gitlab => ({
    ...gitlab(),
    async *finishedJobs(projectId) {
      // It begins well.
      for await (const page of gitlab().finishedJobs(projectId)) {
        yield { ...page, jobs: page.jobs.slice(0, 5) }
        if (projectIds.includes(projectId)) throw error
      }
    },
  })
}

const ids = day.projects.map(({ id }) => id)
const silence = new TransientError('GitLab does not answer')
const refusal = new InvalidInputError('GitLab knows nothing of it (404)')

describe('a project', () => {
  test('that is gone holds no other up, and is told as unchecked', async () => {
    failing(refusal, ids[2] as number)
    const report = await reconcile(DAY, deps)
    expect(report.projects.map(({ id }) => id).sort()).toEqual(ids.filter((id) => id !== ids[2]))
    expect(report.unchecked).toEqual([
      { project: String(ids[2]), reason: refusal.message, may_work_later: false },
    ])
    await reconcileHourly(deps)
  })

  test('whose jobs GitLab fails to list holds no other up, and fails the tick', async () => {
    failing(silence, ids[2] as number)
    expect(await reconcile(DAY, deps)).toMatchObject({
      projects: [{}, {}, {}, {}],
      unchecked: [{ project: String(ids[2]), may_work_later: true }],
    })
    await expect(reconcileHourly(deps)).rejects.toThrow(TransientError)
  })

  test('that was named fails the run', async () => {
    failing(refusal, ids[0] as number)
    await expect(reconcile({ ...DAY, projects: [String(ids[0])] }, deps)).rejects.toThrow(refusal.message)
    await expect(reconcile({ ...DAY, projects: ['no/such'] }, deps)).rejects.toThrow(InvalidInputError)
  })
})

test('a GitLab that does not answer is asked about two projects, and fails the tick', async () => {
  failing(silence, ...ids)
  await expect(reconcileHourly(deps)).rejects.toThrow(TransientError)
  expect(api.requests.filter((path) => /projects\/\d+\/jobs/.test(path))).toHaveLength(2)
})

test('a token that GitLab refuses fails the tick', async () => {
  const { gitlab } = deps
  deps.gitlab = () => gitlab('token-of-nobody')
  await expect(reconcileHourly(deps)).rejects.toThrow(/does not accept GITLAB_API_TOKEN/)
})

test('a queue that is full fails the run, and the next one publishes the rest', async () => {
  const { publish } = deps.bus
  let room = 7
  deps.bus.publish = async (message) => {
    room -= 1
    if (room < 0) throw new TransientError('the queue is full')
    return publish(message)
  }
  await expect(reconcile(DAY, deps)).rejects.toThrow(TransientError)
  deps.bus.publish = publish
  await deps.deliveries.drained()
  await reconcile(DAY, deps)
  await deps.deliveries.drained()
  const [found] = await deps.warehouse.query(
    "SELECT COUNT(*) AS finishes FROM ci_metrics.job_events WHERE source = 'reconcile' AND kind = 'job.finished'",
  )
  expect(found).toEqual({ finishes: 100 })
})

test.each(['yesterday', '24', '2999-01-01', '-1d'])(
  '--since %s is refused before GitLab is asked',
  async (since) => {
    const before = api.requests.length
    await expect(reconcile({ ...DAY, since }, deps)).rejects.toThrow(/give hours or days/)
    expect(api.requests).toHaveLength(before)
  },
)

/** The two projects of the day with the most jobs: when it begins decides who has any. */
function byJobs() {
  const [first, other] = day.projects
    .map(({ path }) => ({ path, jobs: day.jobs.filter(({ project }) => project.path === path).length }))
    .sort((a, b) => b.jobs - a.jobs)
  if (first === undefined || other === undefined) throw new Error('the day has one project only')
  return [first, other] as const
}

describe('by hand', () => {
  const run = (args: string[], env: Record<string, string | undefined> = {}) =>
    runCommand(['reconcile', ...args, '--data', folder], {
      GITLAB_URL: api.url,
      GITLAB_API_TOKEN: API_TOKEN,
      ...env,
    })
  let folder: string
  beforeEach(() => {
    folder = dataFolder()
  })

  test('it tells what was missing of each project, and the second time nothing', async () => {
    const [first, other] = byJobs()
    const args = ['--project', first.path, '--project', other.path, '--since', '30h', '--json']
    const once = await run(args)
    expect([once.code, once.stderr]).toEqual([0, ''])
    expect(JSON.parse(once.stdout).projects[0]).toMatchObject({
      path: first.path,
      checked: first.jobs,
      missing: first.jobs,
    })
    const again = JSON.parse((await run(args)).stdout)
    expect(again.projects[0]).toMatchObject({ checked: first.jobs, missing: 0, published: 0 })
    expect((await run([])).stdout).toMatch(new RegExp(`${first.path} +\\d+ +0 +0`))
  })

  test('it says what it needs', async () => {
    expect(await run(['--project', 'example/crm'], { GITLAB_API_TOKEN: undefined })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('GITLAB_API_TOKEN is not set'),
    })
    expect(await run([])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('say which with --project'),
    })
    const late = await run(['--project', 'example/crm', '--since', '30d'])
    expect(late.stdout).toContain('are for backfill')
  })
})
