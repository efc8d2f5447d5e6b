/** What GitLab would say of a run: each job queued, started and finished; and what only the simulation knows of it. */
import type { Instant, Witness } from '../domain/event.ts'
import type { Expected } from './expectation.ts'
import { jobIdOf, pipelineIdOf, runnerIdOf } from './names.ts'
import { ENDINGS } from './outcome.ts'
import type { Run } from './play.ts'
import type { Scenario } from './simulate.ts'
import { driftDay, type SimulatedArm, type SimulatedKey, type World } from './world.ts'

const STAGES = ['build', 'test', 'deploy']

/** In the order of the jobs. GitLab's API was asked for the tags that they want. */
export function* witnessesOf({ world, workload }: Scenario, run: Run, startsAt: Instant): Iterable<Witness> {
  for (let job = 0; job < workload.jobs; job += 1) {
    const { projectId, projectPath, jobName, stage, tags } = world.keys[
      workload.key[job] as number
    ] as SimulatedKey
    const arm = run.arm[job] as number
    const runner = { id: runnerIdOf(arm), ...describedAs(world, arm) }
    const createdAt = startsAt + (run.pendingMs[job] as number)
    const startedAt = startsAt + (run.startMs[job] as number)
    const finishedAt = startsAt + (run.endMs[job] as number)
    const queued: Witness = {
      kind: 'job.queued',
      projectId,
      projectPath,
      jobId: jobIdOf(job),
      jobName,
      stage: STAGES[stage] ?? `stage ${stage}`,
      pipelineId: pipelineIdOf(workload.pipeline[job] as number),
      parentPipelineId: null,
      routingDecisionId: null,
      commitSha: null,
      attempt: 0,
      createdAt,
      startedAt: null,
      finishedAt: null,
      queuedSeconds: null,
      status: null,
      failureReason: null,
      durationSeconds: null,
      runner: null,
      jobTags: tags,
    }
    const queuedSeconds = (startedAt - createdAt) / 1000
    const started: Witness = { ...queued, kind: 'job.started', startedAt, queuedSeconds, runner }
    yield queued
    yield started
    yield {
      ...started,
      kind: 'job.finished',
      finishedAt,
      durationSeconds: (finishedAt - startedAt) / 1000,
      ...(ENDINGS[run.status[job] as number] as (typeof ENDINGS)[number]),
    }
  }
}

function describedAs({ arms }: World, arm: number): { description: string; tags: readonly string[] } {
  const { id, tags } = arms[arm] as SimulatedArm
  return { description: id, tags }
}

export type PotentialOutcome = Expected & {
  projectId: number
  jobId: number
  arm: string
  startedAt: Instant
}

/** Of each job and each arm that could have run it: what was to be expected. */
export function* potentialOutcomesOf(
  { world, workload, expectations }: Scenario,
  run: Run,
  startsAt: Instant,
): Iterable<PotentialOutcome> {
  for (let job = 0; job < workload.jobs; job += 1) {
    const key = workload.key[job] as number
    const day = driftDay(workload.arrivesAtMs[workload.pipeline[job] as number] as number)
    const signature = world.signatures[world.signatureOf[key] as number] as World['signatures'][number]
    for (const arm of signature.arms) {
      yield {
        ...expectations.of(key, arm, day),
        projectId: (world.keys[key] as SimulatedKey).projectId,
        jobId: jobIdOf(job),
        arm: (world.arms[arm] as SimulatedArm).id,
        startedAt: startsAt + (run.startMs[job] as number),
      }
    }
  }
}
