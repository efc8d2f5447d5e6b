/** Which runner of the fleet file is which of GitLab's, and which project. */
import type { GitlabRunner } from './gitlab-runner.ts'

/** A runner as the file says, with what it leaves open. */
export type DescribedRunner = {
  name: string
  id: number | null
  machine: string
  executor: string
  tags: readonly string[]
  /** Null: not said, so that whoever has no tags takes untagged jobs. */
  runUntagged: boolean | null
  refProtected: boolean
  paused: boolean
  online: boolean
  /** Whether it was taken for offline since GitLab no longer had it. */
  markedGone: boolean
  /** Names of projects; null: every project. */
  projects: readonly string[] | null
  /** Its own; null: its machine's. */
  architecture: string | null
}

export type DescribedProject = { name: string; id: number | null; path: string | null }

/** What the file says of what GitLab knows, too. */
export type DescribedFleet = {
  runners: readonly DescribedRunner[]
  projects: readonly DescribedProject[]
  /** Architecture by machine; null: not said. */
  machines: ReadonlyMap<string, string | null>
  /** Names that a new runner may not have: arms that are pools. */
  poolNames: readonly string[]
}

/** What GitLab was asked, and what it has. */
export type SeenFleet = {
  /** Whether everything there is was listed; of a group its runners, of projects those that serve them. */
  scope: 'instance' | 'group' | 'projects'
  runners: readonly GitlabRunner[]
  /** The projects that were asked for, each with the ids of the runners that it may use. */
  asked: readonly { id: number; path: string; runners: ReadonlySet<number> }[]
  /** Of ids in the file that were not listed: whether GitLab has them; null: it does not say. */
  exists: ReadonlyMap<number, boolean | null>
}

export type MatchedRunner = { described: DescribedRunner | undefined; seen: GitlabRunner }

/**
 * By id; else one without a match by its name, which is how a runner that was registered anew is known again. Of several
 * with one description that is the one in contact last.
 */
export function matchRunners(
  described: readonly DescribedRunner[],
  seen: readonly GitlabRunner[],
): { matched: MatchedRunner[]; missing: DescribedRunner[] } {
  const ids = new Set(seen.map(({ id }) => id))
  const byId = new Map(described.flatMap((one) => (one.id === null ? [] : [[one.id, one]])))
  const byName = new Map(
    described.filter(({ id }) => id === null || !ids.has(id)).map((one) => [one.name, one]),
  )
  const taken = new Map<number, DescribedRunner>()
  const latestFirst = seen.toSorted((a, b) => (b.contactedAt ?? 0) - (a.contactedAt ?? 0) || a.id - b.id)
  for (const { id, description } of latestFirst) {
    const one = byId.get(id) ?? byName.get(description)
    if (one === undefined) continue
    taken.set(id, one)
    byName.delete(one.name)
  }
  const found = new Set(taken.values())
  return {
    matched: seen.map((one) => ({ described: taken.get(one.id), seen: one })),
    missing: described.filter((one) => !found.has(one)),
  }
}

type ProjectOfGitlab = { name: string; id: number; path: string }
export type ProjectChange =
  | ({ kind: 'project_added' } & ProjectOfGitlab)
  | ({ kind: 'project_identified' } & ProjectOfGitlab)

/**
 * The file's name of each project of GitLab that was told of, and what the file lacks to know them.
 *
 * By id, else by path, else by a bare name, which means any project that is called so: it is given an id when only one
 * is.
 */
export function matchProjects(
  described: readonly DescribedProject[],
  { asked, runners }: SeenFleet,
): { names: ReadonlyMap<number, string>; changes: ProjectChange[] } {
  const all = new Map<number, string>()
  for (const { id, path } of [...asked, ...runners.flatMap(({ projects }) => projects ?? [])])
    all.set(id, path)
  const projects = [...all].map(([id, path]) => ({ id, path })).sort((a, b) => a.id - b.id)
  const exact = (id: number, path: string) =>
    described.find((one) => one.id === id) ?? described.find((one) => one.id === null && one.path === path)
  const bare = described.filter((one) => one.id === null && one.path === null)
  const names = new Map<number, string>()
  const changes: ProjectChange[] = []
  const taken = new Set(described.map(({ name }) => name))
  for (const { id, path } of projects) {
    const last = lastOf(path)
    const known = exact(id, path) ?? bare.find(({ name }) => name === last)
    const name = known?.name ?? (taken.has(last) ? path : last)
    names.set(id, name)
    taken.add(name)
    if (known === undefined) changes.push({ kind: 'project_added', name, id, path })
    else if (isToBeIdentified(known, id, path)) changes.push({ kind: 'project_identified', name, id, path })
  }
  return { names, changes }

  function isToBeIdentified(known: DescribedProject, id: number, path: string): boolean {
    if (known.id === id) return known.path !== null && known.path !== path
    const isBare = known.path === null
    return !isBare || projects.filter((one) => lastOf(one.path) === known.name).length === 1
  }
}

const lastOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)

/** What a runner may be called here: descriptions need not be unique, nor be there. */
export function namesFor({ id, description }: GitlabRunner): [plain: string, own: string] {
  const plain = description.trim() === '' ? `runner ${id}` : description.slice(0, 200)
  return [plain, `${plain} #${id}`]
}

/** Where one system runs runners of the file, the machine that the file says. */
export function machinesBySystem(matched: readonly MatchedRunner[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const { described, seen } of matched) {
    const system = systemOf(seen)
    if (described !== undefined && system !== null && !found.has(system)) found.set(system, described.machine)
  }
  return found
}

/** The system that it runs on; null when it is none that is known, or several. */
export function systemOf({ managers }: GitlabRunner): string | null {
  const systems = new Set(managers.map(({ systemId }) => systemId))
  const [system] = systems
  return systems.size === 1 && system ? system : null
}

/** What all its machines that say anything say alike. */
export function oneOf({ managers }: GitlabRunner, key: 'executor' | 'architecture'): string | null {
  const values = new Set(managers.map((manager) => manager[key]).filter((value) => value !== null))
  const [value] = values
  return values.size === 1 ? (value ?? null) : null
}
