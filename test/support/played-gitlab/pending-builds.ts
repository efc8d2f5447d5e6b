/**
 * The queue of pending jobs, and what a runner that asks is given: gitlab.md 2, the steps in the order in which
 * register_job_service.rb takes them. It shares no code with the product: the play is a witness against its rule.
 */
import type { CiProject, CiRunner } from './ci-runner.ts'

export type PendingBuild = {
  id: number
  project: CiProject
  tags: readonly string[]
  /** Of its ref. */
  protected: boolean
}

export type RunningBuild = { project: CiProject; runner: CiRunner }

/** How far into its candidates a request looks. */
const MAX_QUEUE_DEPTH = 45

/**
 * What `POST /jobs/request` gives a runner: the job, or undefined (204).
 *
 * @param builds the pending ones.
 * @param running those that run now, for the fairness between projects.
 */
export function requestJob<Build extends PendingBuild>(
  runner: CiRunner,
  builds: readonly Build[],
  running: readonly RunningBuild[],
): Build | undefined {
  // A paused runner is answered 204, and one that is down does not ask.
  if (runner.paused || !runner.up) return undefined
  let candidates = buildsFor(runner, builds)
  if (runner.accessLevel === 'ref_protected') candidates = candidates.filter((build) => build.protected)
  candidates = forTags(candidates, runner.tags)
  if (!runner.runUntagged) candidates = candidates.filter(({ tags }) => tags.length > 0)
  return inOrder(runner, candidates, running)
    .slice(0, MAX_QUEUE_DEPTH)
    .find((build) => matchesBuild(runner, build))
}

/** The pending jobs that are on offer to a runner of its type. */
function buildsFor<Build extends PendingBuild>(runner: CiRunner, builds: readonly Build[]): Build[] {
  switch (runner.type) {
    case 'instance_type':
      return builds.filter(({ project }) => project.instanceRunnersEnabled)
    case 'group_type':
      return builds.filter(
        ({ project }) =>
          project.groupRunnersEnabled &&
          namespacesAbove(project.path).some((group) => runner.groups.includes(group)),
      )
    case 'project_type':
      return builds.filter(({ project }) => runner.projectIds.includes(project.id))
  }
}

/** "a/b/c" is in the namespaces a and a/b. */
export function namespacesAbove(path: string): string[] {
  const parts = path.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}

/** `tag_ids <@ ARRAY[…]`; one name in other letters is another tag (strict_case_match). */
function forTags<Build extends PendingBuild>(builds: readonly Build[], runnerTags: readonly string[]) {
  const carried = new Set(runnerTags)
  return builds.filter(({ tags }) => tags.every((tag) => carried.has(tag)))
}

/** Group and project runners: first come, first served. Instance runners: first who has the fewest on them. */
function inOrder<Build extends PendingBuild>(
  runner: CiRunner,
  builds: readonly Build[],
  running: readonly RunningBuild[],
): Build[] {
  const byId = builds.toSorted((a, b) => a.id - b.id)
  if (runner.type !== 'instance_type') return byId
  const load = ({ project }: Build) =>
    running.filter((one) => one.runner.type === 'instance_type' && one.project.id === project.id).length
  return byId.sort((a, b) => load(a) - load(b))
}

/** `runner.matches_build?`, asked once more before the job is given away. */
function matchesBuild(runner: CiRunner, build: PendingBuild): boolean {
  const hasTags = build.tags.length > 0
  const unmet = build.tags.filter((tag) => !runner.tags.includes(tag))
  const isRefused = runner.accessLevel === 'ref_protected' && !build.protected
  return (runner.runUntagged || hasTags) && unmet.length === 0 && !isRefused
}
