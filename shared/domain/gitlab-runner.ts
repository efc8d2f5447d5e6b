/** A runner as GitLab has it. */
import type { Instant } from './event.ts'

/** What GitLab does not tell, or not whom this token is of, is null. */
export type GitlabRunner = {
  id: number
  /** Not unique, and may be empty. */
  description: string
  /** Whom it serves: every project of the instance, those of a group, or the ones it is assigned to. */
  kind: 'instance' | 'group' | 'project' | null
  tags: readonly string[] | null
  runUntagged: boolean | null
  refProtected: boolean | null
  paused: boolean | null
  /** Of a project's runner: all that it is assigned to. */
  projects: readonly { id: number; path: string }[] | null
  /** Whether it was in contact within two hours, as GitLab counts. */
  online: boolean | null
  contactedAt: Instant | null
  managers: readonly GitlabRunnerManager[]
  /** What was refused of it, and what would help; the same sentence for all that lack the same. */
  untold: readonly string[]
}

/** One machine on which a runner runs. */
export type GitlabRunnerManager = {
  systemId: string
  /** As the runner's configuration names it: docker, shell, kubernetes, …; null also where GitLab has no word for it. */
  executor: string | null
  platform: string | null
  /** As Go names it: amd64, arm64, … */
  architecture: string | null
  version: string | null
  contactedAt: Instant | null
}
