/**
 * GitLab's rule which runner may take which job, written down from GitLab's documentation and source.
 *
 * It deliberately shares no code with the product: the play is a witness against the product's own rule.
 */
export type TakesJobs = {
  tags: readonly string[]
  runUntagged: boolean
  protected: boolean
  paused: boolean
}

export type WantsRunner = { tags: readonly string[]; protectedRef: boolean }

/** Tags are compared case-sensitively. Whether the runner is online is no part of the rule: offline ones do not ask. */
export function mayTake(runner: TakesJobs, job: WantsRunner): boolean {
  if (runner.paused) return false
  if (runner.protected && !job.protectedRef) return false
  if (job.tags.length === 0) return runner.runUntagged
  return job.tags.every((tag) => runner.tags.includes(tag))
}
