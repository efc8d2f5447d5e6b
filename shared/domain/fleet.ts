/** The fleet as described by its owner: which runners there are, what they take, and which arm each belongs to. */
import { type AvailabilityRules, WATCHING } from './availability-rules.ts'
import type { Instant, SeenRunner } from './event.ts'
import { type Modes, SHADOW } from './mode.ts'
import type { SiteRule } from './site-rule.ts'

export type Runner = {
  /** Exactly as GitLab's runner description. */
  name: string
  /** GitLab's id of the runner configuration; null when the file does not say. */
  id: number | null
  machine: string
  executor: string
  tags: ReadonlySet<string>
  runUntagged: boolean
  refProtected: boolean
  paused: boolean
  online: boolean
  /** Project ids, paths or names it is restricted to; null when it serves every project. */
  projects: ReadonlySet<string> | null
  costPerHourEur: number
  /** As Go names it: amd64, arm64, …; null: not known. */
  architecture: string | null
  /** Model of its GPU, or "none"; null: not known. */
  gpu: string | null
  /** Of what one job may have; null: not known. */
  memoryGb: number | null
  zone: string | null
  /** Jobs that it runs at once; null: not known. */
  slots: number | null
  maintenance: readonly MaintenanceWindow[]
}

/** When a machine is not to be given jobs; all times UTC. A weekly one that ends before it begins ends the next day. */
export type MaintenanceWindow =
  | { kind: 'once'; from: Instant; to: Instant }
  /** Days 0 (Sunday) to 6, minutes of the day. */
  | { kind: 'weekly'; days: readonly number[]; fromMinute: number; toMinute: number }

/** One alternative of where to run a job: a runner, or a pool of them. */
export type Arm = {
  id: string
  /** The tag that routes a job to this arm and to no other; null when its runners share no such tag. */
  tag: string | null
  runners: readonly Runner[]
}

export type Fleet = {
  arms: ReadonlyMap<string, Arm>
  /** Given when no decision can be made; null when the file names none. */
  fallbackTag: string | null
  /** Tags that no runner may carry any more. */
  deadTags: ReadonlySet<string>
  /** GitLab's ids of the projects that the file gives one, by name and path. */
  projectIds: ReadonlyMap<string, number>
  /** What the owner demands or prefers beyond GitLab's rule. */
  rules: readonly SiteRule[]
  /** How far each project trusts the recommendations. */
  modes: Modes
  /** Of machines that are virtual ones, by the machine's name. */
  vms: ReadonlyMap<string, MachineVm>
  availability: AvailabilityRules
  runnersById: ReadonlyMap<number, Member>
  runnersByName: ReadonlyMap<string, Member>
}

/** A virtual machine at its provider; without a project, that of the settings. */
export type MachineVm = {
  name: string
  zone: string
  project: string | null
  /** Of its machine; 0: not known. */
  costPerHourEur: number
}

/** A runner and the arm it belongs to. */
export type Member = { arm: string; runner: Runner }

export type AssignedArm = { arm: string; unmanaged: boolean; costPerHourEur: number }

/**
 * The arm of a runner: matched by id, else by its exact description. A runner that the file does not describe
 * is an unmanaged arm named after its description, so that short-lived runners of one description are one arm.
 */
export function armOfRunner(fleet: Fleet, seen: SeenRunner): AssignedArm {
  const member = fleet.runnersById.get(seen.id) ?? fleet.runnersByName.get(seen.description)
  return member === undefined
    ? { arm: unmanagedArmId(fleet, seen), unmanaged: true, costPerHourEur: 0 }
    : { arm: member.arm, unmanaged: false, costPerHourEur: member.runner.costPerHourEur }
}

/** What a fleet says besides its arms; what is left out is empty. */
export type FleetWords = Partial<
  Pick<Fleet, 'fallbackTag' | 'deadTags' | 'projectIds' | 'rules' | 'modes' | 'vms' | 'availability'>
>

/** The fleet of these arms, indexed by what a webhook says of a runner. */
export function fleetOf(arms: readonly Arm[], words: FleetWords = {}): Fleet {
  const members = arms.flatMap((arm) => arm.runners.map((runner) => ({ arm: arm.id, runner })))
  return {
    fallbackTag: null,
    deadTags: new Set(),
    projectIds: new Map(),
    rules: [],
    modes: SHADOW,
    vms: new Map(),
    availability: WATCHING,
    ...words,
    arms: new Map(arms.map((arm) => [arm.id, arm])),
    runnersById: new Map(
      members.flatMap((member) => (member.runner.id === null ? [] : [[member.runner.id, member]])),
    ),
    runnersByName: new Map(members.map((member) => [member.runner.name, member])),
  }
}

function unmanagedArmId(fleet: Fleet, seen: SeenRunner): string {
  const name = seen.description.trim() === '' ? `runner ${seen.id}` : seen.description
  return fleet.arms.has(name) ? `${name} (unmanaged)` : name
}
