/** What GitLab's API tells of a played GitLab that goes on: pipelines, jobs, runners, as the parts of played-api take them. */
import type { PlayedDay, PlayedJob, PlayedRunner, Stage } from '../../../shared/played-gitlab/index.ts'
import type { PlayedApiOptions } from '../played-api/index.ts'
import { firstFleet, type PlayedApiRunner } from '../played-api/runners.ts'
import type { CiProject, CiRunner } from './ci-runner.ts'
import type { PlayedGitlab } from './index.ts'
import type { CiJob, CiPipeline } from './pipeline.ts'

type Told = Pick<PlayedApiOptions, 'day' | 'pipelines' | 'pending' | 'runners' | 'fault'>

const ONLINE_FOR_MS = 2 * 3_600_000

/** All of it is made anew before each request is answered. */
export function toldByApi(gitlab: PlayedGitlab, projects: readonly CiProject[]): Told {
  const runners: PlayedApiRunner[] = []
  const jobs: PlayedJob[] = []
  const unfinished: Record<number, object[]> = {}
  const started: Record<number, ({ id: number; project_id: number } | null)[]> = {}
  const pending: Record<
    number,
    { id: number; name: string; tags: string[]; createdAt: string; queuedSeconds: number }[]
  > = {}
  const told = projects.map(projectOf)

  function lookAgain(): undefined {
    runners.splice(0, runners.length, ...gitlab.runners.all.map((one) => apiRunner(one, gitlab.now())))
    jobs.splice(0, jobs.length, ...gitlab.jobs.flatMap((job) => playedJob(job) ?? []))
    for (const pipeline of gitlab.pipelines) {
      const open = pipeline.jobs.filter(
        ({ finishedAt, status }) => finishedAt === null && status !== 'skipped',
      )
      unfinished[pipeline.id] = open.map(openJob)
      started[pipeline.id] = pipeline.bridges.map(({ child }) => child && downstream(child))
    }
    for (const { id } of projects) {
      const waiting = gitlab.runners.pending.filter(({ project }) => project.id === id)
      pending[id] = waiting.map((job) => ({
        id: job.id,
        name: job.spec.name,
        tags: [...job.tags],
        createdAt: isoOf(job.createdAt),
        queuedSeconds: (gitlab.now() - (job.pendingAt ?? job.createdAt)) / 1000,
      }))
    }
  }

  const day: PlayedDay = {
    seed: 0,
    startAtMs: 0,
    endAtMs: 0,
    runners: [],
    projects: told,
    jobs,
    transitions: [],
  }
  return { day, pipelines: { unfinished, started }, pending, runners, fault: lookAgain }
}

const isoOf = (at: number) => new Date(at).toISOString()
const projectOf = ({ id, path }: CiProject) => ({ id, path, name: path.split('/').at(-1) ?? path })
const downstream = ({ id, spec }: CiPipeline) => ({ id, project_id: spec.project.id })

/** Undefined before it has ended. */
function playedJob(job: CiJob): PlayedJob | undefined {
  const { finishedAt, startedAt, pendingAt, runner } = job
  if (finishedAt === null) return undefined
  return {
    id: job.id,
    project: projectOf(job.project),
    pipelineId: job.pipeline.id,
    ref: job.pipeline.spec.ref,
    protectedRef: job.protected,
    name: job.spec.name,
    stage: job.spec.stage as Stage,
    tags: job.tags,
    runner: runner && playedRunner(runner),
    createdAtMs: job.createdAt,
    pendingAtMs: pendingAt,
    startedAtMs: startedAt,
    finishedAtMs: finishedAt,
    durationSeconds: startedAt === null ? null : (finishedAt - startedAt) / 1000,
    queuedSeconds: pendingAt === null ? null : ((startedAt ?? finishedAt) - pendingAt) / 1000,
    status: job.status === 'failed' ? 'failed' : 'success',
    failureReason: job.failureReason,
    plan: null,
    attempt: job.attempt === 0 ? 0 : 1,
  }
}

const playedRunner = (runner: CiRunner): PlayedRunner => ({
  id: runner.id,
  description: runner.description,
  executor: runner.executor as PlayedRunner['executor'],
  tags: runner.tags,
  runUntagged: runner.runUntagged,
  protected: runner.accessLevel === 'ref_protected',
  paused: runner.paused,
  online: runner.up,
  concurrent: runner.slots,
  pollIntervalSeconds: 3,
  speedFactor: runner.slowness,
  systemFailureRate: runner.systemFailureRate,
})

const openJob = ({ id, spec, status, tags, createdAt, startedAt, pipeline }: CiJob) => ({
  id,
  name: spec.name,
  stage: spec.stage,
  status,
  ref: pipeline.spec.ref,
  tag_list: tags,
  created_at: isoOf(createdAt),
  started_at: startedAt === null ? null : isoOf(startedAt),
  finished_at: null,
  duration: null,
  queued_duration: null,
  runner: null,
  pipeline: { id: pipeline.id, project_id: pipeline.spec.project.id },
})

/** That of the first fleet, else one of its own. */
const machines = new Map(firstFleet().map(({ id, managers }) => [id, managers[0]]))
const machineOf = ({ id, executor }: CiRunner) =>
  machines.get(id) ?? { systemId: `s_played${id}`, executor, platform: 'linux', architecture: 'amd64' }

function apiRunner(runner: CiRunner, now: number): PlayedApiRunner {
  const contactedAt = runner.contactedAt ?? now - 30 * 86_400_000
  return {
    id: runner.id,
    description: runner.description,
    type: runner.type,
    tags: [...runner.tags],
    runUntagged: runner.runUntagged,
    protected: runner.accessLevel === 'ref_protected',
    paused: runner.paused,
    online: now - contactedAt < ONLINE_FOR_MS,
    projectIds: [...runner.projectIds],
    managers: [{ ...machineOf(runner), contactedAt: isoOf(contactedAt) }],
  }
}
