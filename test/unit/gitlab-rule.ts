import type { JobRequirements } from '../../shared/domain/constraint.ts'
import type { Runner } from '../../shared/domain/fleet.ts'

/**
 * gitlab.md 2: (run_untagged || has_tags) && (job tags − runner tags).empty? and not (ref_protected && !protected);
 * a paused runner is answered 204, one that is offline does not ask, a project runner asks for its projects only.
 */
export const mayTake = (runner: Runner, job: JobRequirements & { tags: readonly string[] }) =>
  (runner.runUntagged || job.tags.length > 0) &&
  job.tags.every((tag) => runner.tags.has(tag)) &&
  !(runner.refProtected && job.refProtected !== true) &&
  !runner.paused &&
  runner.online &&
  (runner.projects === null || job.projectNames.some((name) => runner.projects?.has(name)))
