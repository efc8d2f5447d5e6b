/**
 * Constraints: which runner may take a job at all. First GitLab's own matching rule, one constraint per clause.
 *
 *   (run_untagged or the job has tags) and job tags ⊆ runner tags
 *   and not (runner takes protected refs only and the ref is not protected)
 *   and the runner serves the project, is not paused, and is there to ask.
 *
 * Source: GitLab, lib/gitlab/ci/matching/runner_matcher.rb and app/services/ci/register_job_service.rb.
 * Not part of GitLab's rule: executor, timeout, load, speed, cost.
 */
import type { Runner } from './fleet.ts'
import type { SiteNeeds } from './site-rule.ts'

/** What a job asks for. `null`: not known. */
export type JobRequirements = {
  /** Every name the project goes by: id, path, last part of the path. */
  projectNames: readonly string[]
  tags: readonly string[] | null
  refProtected: boolean | null
  /** What site rules look at; left out: nothing is known of it. */
  jobKey?: string
  needs?: SiteNeeds
}

export type RefusalCode =
  | 'tags_missing'
  | 'tags_unknown'
  | 'untagged_refused'
  | 'ref_not_protected'
  | 'project_not_served'
  | 'paused'
  | 'offline'
  | 'unmanaged'
  | 'no_routing_tag'

export type Constraint = {
  code: RefusalCode
  /** Why this runner may not take the job, as a sentence; undefined when it may. */
  refuses(runner: Runner, job: JobRequirements): string | undefined
}

export const tagsMissing: Constraint = {
  code: 'tags_missing',
  refuses(runner, { tags }) {
    const missing = (tags ?? []).filter((tag) => !runner.tags.has(tag))
    if (missing.length === 0) return undefined
    return `${runner.name} does not carry the tag${missing.length > 1 ? 's' : ''} ${missing.map(quote).join(', ')}.`
  },
}

const untaggedRefused: Constraint = {
  code: 'untagged_refused',
  refuses: (runner, { tags }) =>
    tags !== null && tags.length === 0 && !runner.runUntagged
      ? `The job has no tags, and ${runner.name} takes only jobs with tags.`
      : undefined,
}

const refNotProtected: Constraint = {
  code: 'ref_not_protected',
  refuses(runner, { refProtected }) {
    if (!runner.refProtected || refProtected === true) return undefined
    const known = refProtected === false ? 'this one is not' : 'it is not known that this one is'
    return `${runner.name} takes jobs of protected refs only, and ${known}.`
  },
}

const projectNotServed: Constraint = {
  code: 'project_not_served',
  refuses: (runner, { projectNames }) =>
    runner.projects === null || projectNames.some((name) => runner.projects?.has(name))
      ? undefined
      : `${runner.name} does not serve the project ${quote(projectNames[0] ?? 'unknown')}.`,
}

const paused: Constraint = {
  code: 'paused',
  refuses: (runner) => (runner.paused ? `${runner.name} is paused.` : undefined),
}

const offline: Constraint = {
  code: 'offline',
  refuses: (runner) => (runner.online ? undefined : `${runner.name} is described as offline.`),
}

/** In the order in which a person would want to hear of them. */
export const gitlabRule: readonly Constraint[] = [
  tagsMissing,
  untaggedRefused,
  refNotProtected,
  projectNotServed,
  paused,
  offline,
]

export function quote(text: string): string {
  return `"${text}"`
}
