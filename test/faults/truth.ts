/** What a server has to have learned of played jobs: computed from GitLab's own account of them, by product.md. */
import type { PlayedJob } from '../../shared/played-gitlab/index.ts'

/** Arm → [n, successes, runner failures, Σ reward, Σ reward², exposure], as `bandit_state.json` has it. */
export type ArmLists = Record<string, number[]>

/** What the example fleet says that an hour of a machine costs, by the tag that names it. */
const COST_PER_HOUR_EUR: Record<string, number> = { nordic: 0.07, mac: 0.02, mac2: 0.02, linux: 0.01 }
const OWN_TAG = /^(mac2?|linux|nordic)(-(docker|shell|k8s))?$/

/** Each job once, whatever was sent of it and how often. */
export function armsOf(jobs: Iterable<PlayedJob>): ArmLists {
  const arms: ArmLists = {}
  for (const job of jobs) {
    const { runner, durationSeconds, status } = job
    // A duration of 0 is none.
    if (runner === null || durationSeconds === null || durationSeconds === 0) continue
    arms[runner.description] ??= [0, 0, 0, 0, 0, 0]
    const sums = arms[runner.description] as number[]
    const reward = rewardOf(job, durationSeconds)
    const added = [
      status === 'canceled' ? 0 : 1,
      status === 'success' ? 1 : 0,
      status === 'failed' && job.failureReason === 'runner_system_failure' ? 1 : 0,
      Math.round(reward * 1e6),
      Math.round(reward * reward * 1e6),
      Math.round(durationSeconds * 1000),
    ]
    for (const [index, value] of added.entries()) sums[index] = (sums[index] as number) + value
  }
  return arms
}

/** success / (minutes + cost + 0.1) */
function rewardOf({ runner, status }: PlayedJob, durationSeconds: number): number {
  if (status !== 'success') return 0
  const machine = runner?.tags.find((tag) => OWN_TAG.test(tag))?.split('-')[0] ?? ''
  const costPenalty = ((COST_PER_HOUR_EUR[machine] ?? 0) * durationSeconds) / 3600
  return 1 / (durationSeconds / 60 + costPenalty + 0.1)
}
