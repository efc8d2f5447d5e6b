/**
 * Site rules: what the owner of a fleet demands, or prefers, beyond GitLab's rule; data of fleet.yaml. A hard one
 * filters; a soft one is a preference, and costs an arm its weight.
 */
import type { Instant } from './event.ts'

export type SiteRule = {
  /** What refusals name it by. */
  name: string
  severity: 'hard' | 'soft'
  /** Of a soft one: how much mean reward may be given up to fulfil it, > 0; of a hard one 0. */
  weight: number
  /** Job keys that it is for, `*` standing for any text; null: all jobs. */
  jobs: readonly string[] | null
} & SiteDemand

/** What a rule asks of a runner. Where it names no value itself, the job's own need counts, if it is known. */
export type SiteDemand =
  | { type: 'executor'; allowed: readonly string[] | null }
  | { type: 'architecture'; allowed: readonly string[] | null }
  | { type: 'gpu'; models: readonly string[] | null }
  | { type: 'memory'; atLeastGb: number | null }
  | { type: 'zone'; allowed: readonly string[] | null }
  | { type: 'cost_ceiling'; eurPerHour: number }
  | { type: 'maintenance_window' }
  | { type: 'online_by_heartbeat'; silentAfterMs: number }
  | { type: 'free_slots' }

/** What a job needs beyond its tags, as far as known; null: not known, or nothing in particular. */
export type SiteNeeds = {
  executors: readonly string[] | null
  architecture: string | null
  /** A model, or "any". */
  gpu: string | null
  memoryGb: number | null
  zone: string | null
}

/** What was seen of the runners, and when it is. What is not known refuses nobody. */
export type SiteFacts = {
  at: Instant
  runners: ReadonlyMap<string, RunnerFacts>
}

/** What one look at the runners has shown, by when it began; it may have seen what happened while it went on. */
export type RunnersSeen = Pick<SiteFacts, 'runners'> & { observedAt: Instant }

export type RunnerFacts = {
  /** When it last asked GitLab for a job, or began or ended one. */
  lastSeenAt: Instant | null
  /** Jobs that it runs now. */
  running: number | null
}
