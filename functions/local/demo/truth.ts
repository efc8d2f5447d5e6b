/** What only a played GitLab can tell: the tags that its jobs ask for, and what every arm would have made of them. */
import type { Fleet } from '../../../shared/domain/fleet.ts'
import { rewardOf } from '../../../shared/domain/reward.ts'
import {
  mayTake,
  type PlayedJob,
  type PlayedRunner,
  possibleEndings,
} from '../../../shared/played-gitlab/index.ts'
import type { TaggedJob } from '../../../shared/runtime/job-tags.ts'
import { encodeRow, potentialOutcomeRow } from '../../../shared/schema/rows.ts'
import type { DemoDay } from './days.ts'

const SECONDS_PER_HOUR = 3600

export const taggedJobsOf = ({ jobs }: Pick<DemoDay, 'jobs'>): TaggedJob[] =>
  jobs.map(({ project, pipelineId, name, tags }) => ({
    projectId: project.id,
    pipelineId,
    jobName: name,
    tags,
  }))

/** Rows of `potential_outcomes`: of every job that began, and every runner that might have taken it. */
export function potentialOutcomes(
  { jobs, runners }: Pick<DemoDay, 'jobs' | 'runners'>,
  fleet: Fleet,
  instance: string,
): object[] {
  return jobs.flatMap((job) =>
    job.startedAtMs === null || job.plan === null
      ? []
      : runners
          .filter((runner) => runner.online && mayTake(runner, job))
          .map((runner) => rowOf(job, runner, fleet, instance)),
  )
}

function rowOf(job: PlayedJob, runner: PlayedRunner, fleet: Fleet, instance: string): object {
  const eurPerHour = fleet.runnersByName.get(runner.description)?.runner.costPerHourEur ?? 0
  let [reward, success, runSeconds] = [0, 0, 0]
  for (const { status, seconds, probability } of possibleEndings(job, runner)) {
    const isSuccess = status === 'success'
    reward += probability * rewardOf(isSuccess, seconds, eurPerHour)
    success += isSuccess ? probability : 0
    runSeconds += probability * seconds
  }
  return encodeRow(potentialOutcomeRow, {
    instance,
    projectId: job.project.id,
    jobId: job.id,
    arm: runner.description,
    startedAt: job.startedAtMs as number,
    reward,
    success,
    runSeconds,
    costEur: (eurPerHour * runSeconds) / SECONDS_PER_HOUR,
  })
}
