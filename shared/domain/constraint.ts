/**
 * Constraints: which runner may take a job at all. First GitLab's own matching rule, one constraint per clause.
 *
 *   (run_untagged or the job has tags) and job tags ⊆ runner tags
 *   and not (runner takes protected refs only and the ref is not protected)
 *   and the runner serves the project, is not paused, and is there to ask.
 *
 * Source: GitLab, lib/gitlab/ci/matching/runner_matcher.rb and app/services/ci/register_job_service.rb.
 * Not part of GitLab's rule: executor, timeout, load, speed, cost. Those are for the rules of the site
 * (site-constraint.ts), which have the same shape.
 */
import type { Runner } from './fleet.ts'
import type { RunnerFacts, SiteFacts, SiteNeeds } from './site-rule.ts'

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

/** `rule:<name>` is a hard rule of the site. */
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
  | `rule:${string}`

/** What of a runner a verdict depends on; runners that are alike in it get the same. */
export type Trait = Exclude<keyof Runner, 'name' | 'id' | 'machine'>

/** What a constraint asks of every runner for one job. */
export type Demand = {
  /** `facts`: each runner is asked about, since verdicts depend on what was seen of it. */
  trait: Trait | 'facts'
  isMetBy(runner: Runner, facts?: RunnerFacts): boolean
  /** Why this runner, which does not meet it, may not take the job: a sentence. */
  sentence(runner: Runner, facts?: RunnerFacts): string
}

export type Constraint = {
  code: RefusalCode
  /**
   * Of a pool: whether one runner that meets it is enough, since another will not take the job anyway, or each has to,
   * since GitLab knows nothing of the rule and may give the job to any of them.
   */
  ofPool: 'one' | 'each'
  /** Undefined when it asks nothing, of whatever runner. */
  demandOf(job: JobRequirements, site?: SiteFacts): Demand | undefined
}

export const tagsMissing: Constraint = {
  code: 'tags_missing',
  ofPool: 'one',
  demandOf({ tags }) {
    if (tags === null || tags.length === 0) return undefined
    const all = tagsNamed(tags)
    return {
      trait: 'tags',
      isMetBy: (runner) => tags.every((tag) => runner.tags.has(tag)),
      sentence(runner) {
        const missing = tags.length === 1 ? all : tagsNamed(tags.filter((tag) => !runner.tags.has(tag)))
        return `${runner.name} does not carry ${missing}.`
      },
    }
  },
}

const untaggedRefused: Constraint = {
  code: 'untagged_refused',
  ofPool: 'one',
  demandOf: ({ tags }) =>
    tags?.length === 0
      ? {
          trait: 'runUntagged',
          isMetBy: ({ runUntagged }) => runUntagged,
          sentence: ({ name }) => `The job has no tags, and ${name} takes only jobs with tags.`,
        }
      : undefined,
}

const refNotProtected: Constraint = {
  code: 'ref_not_protected',
  ofPool: 'one',
  demandOf({ refProtected }) {
    if (refProtected === true) return undefined
    const known = refProtected === false ? 'this one is not' : 'it is not known that this one is'
    return {
      trait: 'refProtected',
      isMetBy: (runner) => !runner.refProtected,
      sentence: ({ name }) => `${name} takes jobs of protected refs only, and ${known}.`,
    }
  },
}

const projectNotServed: Constraint = {
  code: 'project_not_served',
  ofPool: 'one',
  demandOf: ({ projectNames }) => ({
    trait: 'projects',
    isMetBy: ({ projects }) => projects === null || projectNames.some((name) => projects.has(name)),
    sentence: ({ name }) => `${name} does not serve the project ${quote(projectNames[0] ?? 'unknown')}.`,
  }),
}

const paused: Constraint = {
  code: 'paused',
  ofPool: 'one',
  demandOf: () => ({
    trait: 'paused',
    isMetBy: (runner) => !runner.paused,
    sentence: ({ name }) => `${name} is paused.`,
  }),
}

const offline: Constraint = {
  code: 'offline',
  ofPool: 'one',
  demandOf: () => ({
    trait: 'online',
    isMetBy: ({ online }) => online,
    sentence: ({ name }) => `${name} is described as offline.`,
  }),
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

/** `the tag "a"`, `the tags "a", "b"`. */
export function tagsNamed(tags: readonly string[]): string {
  return `the tag${tags.length === 1 ? '' : 's'} ${tags.map(quote).join(', ')}`
}

export function quote(text: string): string {
  return `"${text}"`
}
