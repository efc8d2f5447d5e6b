/** The runners and projects of a played GitLab, in GitLab's own words (gitlab.md 2 and 3). */

export type CiProject = {
  id: number
  /** "group/subgroup/project". */
  path: string
  /** Whether its jobs may go to instance runners, and to group runners. */
  instanceRunnersEnabled: boolean
  groupRunnersEnabled: boolean
}

export type CiRunner = {
  id: number
  description: string
  type: 'instance_type' | 'group_type' | 'project_type'
  /** Full paths of the groups that a group runner is of. */
  groups: readonly string[]
  /** Ids of the projects that a project runner is assigned to. */
  projectIds: readonly number[]
  tags: readonly string[]
  runUntagged: boolean
  accessLevel: 'not_protected' | 'ref_protected'
  paused: boolean
  /** Keeps it from being assigned to further projects; matching does not look at it. */
  locked: boolean
  /** Seconds after which it ends a job, at most; matching does not look at it. */
  maximumTimeout: number | null
  executor: string
  /** Whether its machine is up: one that is down asks for nothing. */
  up: boolean
  /** When it last asked for a job, epoch milliseconds. */
  contactedAt: number | null
  /** Jobs that it runs at a time: `limit` of its config.toml. */
  slots: number
  /** Multiplies a job's duration: below 1 is fast. */
  slowness: number
  /** Share of its jobs that die of it and not of their script. */
  systemFailureRate: number
}

export function ciProject(words: Partial<CiProject> & { path: string }): CiProject {
  return { id: 101, instanceRunnersEnabled: true, groupRunnersEnabled: true, ...words }
}

/** An instance runner with one slot that takes tagged jobs of all refs, unless told otherwise. */
export function ciRunner(words: Partial<CiRunner> & { id: number }): CiRunner {
  return {
    description: `runner ${words.id}`,
    type: 'instance_type',
    groups: [],
    projectIds: [],
    tags: [],
    runUntagged: words.tags === undefined || words.tags.length === 0,
    accessLevel: 'not_protected',
    paused: false,
    locked: words.type === 'project_type',
    maximumTimeout: null,
    executor: 'docker',
    up: true,
    contactedAt: null,
    slots: 1,
    slowness: 1,
    systemFailureRate: 0,
    ...words,
  }
}
