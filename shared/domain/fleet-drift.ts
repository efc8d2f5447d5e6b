/** Drift: how GitLab's runners differ from what the fleet file says of them, and what the file would have to say. */
import {
  type DescribedFleet,
  type DescribedRunner,
  machinesBySystem,
  matchProjects,
  matchRunners,
  namesFor,
  oneOf,
  type ProjectChange,
  type SeenFleet,
  systemOf,
} from './fleet-match.ts'
import type { GitlabRunner } from './gitlab-runner.ts'

/** What no file says: an executor that GitLab does not tell of. */
export const UNKNOWN = 'unknown'

export type NewRunner = {
  name: string
  id: number
  machine: string
  executor: string
  tags: readonly string[]
  runUntagged: boolean | null
  refProtected: boolean
  paused: boolean
  projects: readonly string[] | null
}

/** A key of a runner whose value GitLab knows better. */
export type ChangedKey = {
  kind: 'changed'
  runner: string
  key: 'id' | 'executor' | 'tags' | 'run_untagged' | 'ref_protected' | 'paused' | 'projects' | 'architecture'
  /** Null: the file does not say. */
  from: Value | null
  to: Value
  /** Of an architecture: the machine to say it of, instead of the runner. */
  machine?: string
}
type Value = string | number | boolean | readonly string[]

export type FleetChange =
  | ProjectChange
  | { kind: 'added'; runner: NewRunner }
  | ChangedKey
  /** GitLab no longer has it. */
  | { kind: 'gone'; runner: string }
  /** It was gone, and is back. */
  | { kind: 'returned'; runner: string }

export type Drift = {
  changes: FleetChange[]
  /** What a person has to know or decide, since the file does not follow by itself. */
  notes: string[]
}

export function driftOf(described: DescribedFleet, seen: SeenFleet): Drift {
  const { names: projectNames, changes: ofProjects } = matchProjects(described.projects, seen)
  const { matched, missing } = matchRunners(described.runners, seen.runners)
  const changes: FleetChange[] = [...ofProjects]
  const notes: string[] = []
  const machines = new Map(described.machines)
  const bySystem = machinesBySystem(matched)
  const names = new Set([...described.runners.map(({ name }) => name), ...described.poolNames])

  for (const { described: one, seen: runner } of matched) {
    if (one !== undefined) changes.push(...changesOf(one, runner))
    else add(runner)
  }
  for (const one of missing) if (one.online) decideOnMissing(one)
  for (const reason of new Set(seen.runners.flatMap(({ untold }) => untold))) notes.push(reason)
  const silent = matched.filter(
    ({ seen: { online }, described: one }) => online === false && one?.online !== false,
  )
  if (silent.length > 0) {
    const who = silent.map(({ described: one, seen: runner }) => one?.name ?? runner.description).join(', ')
    notes.push(
      `Not in contact with GitLab for two hours or longer: ${who}. Say "online: false" of those that will not come back.`,
    )
  }
  return { changes, notes }

  function changesOf(one: DescribedRunner, runner: GitlabRunner): FleetChange[] {
    const { name } = one
    const found: FleetChange[] = one.markedGone ? [{ kind: 'returned', runner: name }] : []
    const change = (key: ChangedKey['key'], from: Value | null, to: Value | null, machine?: string) => {
      if (to !== null && !isEqual(from, to))
        found.push({
          kind: 'changed',
          runner: name,
          key,
          from,
          to,
          ...(machine !== undefined && { machine }),
        })
    }
    if (!namesFor(runner).includes(name) && one.id === runner.id)
      notes.push(
        `"${name}" is called "${runner.description}" in GitLab. Its name here stays: what was learned of it is kept under it.`,
      )
    change('id', one.id, runner.id)
    if (one.executor === UNKNOWN) change('executor', UNKNOWN, oneOf(runner, 'executor'))
    const tags = runner.tags ?? one.tags
    const runUntagged = runner.runUntagged ?? one.runUntagged ?? tags.length === 0
    if (tags.length === 0 && !runUntagged) notes.push(neverGetsAJob(name))
    else {
      change('tags', one.tags, inOrderOf(one.tags, tags))
      change('run_untagged', one.runUntagged ?? tags.length === 0, runUntagged)
    }
    change('ref_protected', one.refProtected, runner.refProtected)
    change('paused', one.paused, runner.paused)
    const serves = projectsOf(runner, one.projects)
    if (serves !== null && (one.projects !== null || !servesAll(serves)))
      change('projects', one.projects, serves)
    placeArchitecture(one.machine, one.architecture, runner, change)
    return found
  }

  function add(runner: GitlabRunner): void {
    const { id, tags, description } = runner
    const shown = description === '' ? `The runner ${id}` : `"${description}" (runner ${id})`
    if (tags === null) return void notes.push(`${shown} was not added: its tags are not known.`)
    const runUntagged = runner.runUntagged ?? tags.length === 0
    if (tags.length === 0 && !runUntagged) return void notes.push(`${neverGetsAJob(shown)} It was not added.`)
    const name = newName(runner)
    names.add(name)
    const system = systemOf(runner)
    const machine = system === null ? name : (bySystem.get(system) ?? system)
    if (system !== null) bySystem.set(system, machine)
    const executor = oneOf(runner, 'executor') ?? UNKNOWN
    const serves = projectsOf(runner, null)
    changes.push({
      kind: 'added',
      runner: {
        name,
        id,
        machine,
        executor,
        tags,
        runUntagged: runUntagged === (tags.length === 0) ? null : runUntagged,
        refProtected: runner.refProtected ?? false,
        paused: runner.paused ?? false,
        projects: serves !== null && (runner.kind === 'project' || !servesAll(serves)) ? serves : null,
      },
    })
    placeArchitecture(machine, null, runner, (key, from, to, at) => {
      if (to !== null && from !== to)
        changes.push({
          kind: 'changed',
          runner: name,
          key,
          from,
          to,
          ...(at !== undefined && { machine: at }),
        })
    })
  }

  /** A machine has the architecture of the first of its runners that tells; one that differs says so itself. */
  function placeArchitecture(
    machine: string,
    own: string | null,
    runner: GitlabRunner,
    change: (key: 'architecture', from: string | null, to: string | null, machine?: string) => void,
  ): void {
    const architecture = oneOf(runner, 'architecture')
    const ofMachine = machines.get(machine) ?? null
    if (own !== null || ofMachine !== null) return change('architecture', own ?? ofMachine, architecture)
    change('architecture', null, architecture, machine)
    machines.set(machine, architecture)
  }

  /** Names of the projects that it serves; null: all of them, or not known. */
  function projectsOf(runner: GitlabRunner, before: readonly string[] | null): string[] | null {
    const nameOf = (id: number) => projectNames.get(id) ?? String(id)
    if (runner.projects !== null)
      return namesOf(
        runner.projects.map(({ id }) => nameOf(id)),
        before,
      )
    if (seen.scope !== 'projects') return null
    const serving = seen.asked.filter(({ runners }) => runners.has(runner.id)).map(({ id }) => nameOf(id))
    if (serving.length === seen.asked.length && before === null) return null
    const asked = new Set(seen.asked.map(({ id }) => nameOf(id)))
    const others = (before ?? []).filter((name) => !asked.has(name))
    return namesOf([...others, ...serving], before)
  }

  function servesAll(serves: readonly string[]): boolean {
    return [...projectNames.values()].every((name) => serves.includes(name))
  }

  /** One that GitLab has all the same may be for others than who was asked. */
  function decideOnMissing({ name, id, projects }: DescribedRunner): void {
    const exists = id === null ? null : (seen.exists.get(id) ?? null)
    const serves = (project: number) => projects?.includes(projectNames.get(project) ?? '') ?? true
    const isExpected = seen.scope === 'instance' || seen.asked.some((project) => serves(project.id))
    if (exists === false || (exists === null && isExpected)) changes.push({ kind: 'gone', runner: name })
    else if (isExpected) notes.push(`"${name}" is in GitLab, but none of the projects asked for may use it.`)
    else if (seen.scope === 'group' && exists === null)
      notes.push(`"${name}" is not of this group; whether GitLab still has it is not known.`)
  }

  function newName(runner: GitlabRunner): string {
    const [plain, own] = namesFor(runner)
    let name = plain
    while (names.has(name)) name = name === plain ? own : `${name} #${runner.id}`
    return name
  }
}

const neverGetsAJob = (shown: string) =>
  `${shown} has neither tags nor takes untagged jobs in GitLab, so that it never gets a job.`

function isEqual(a: Value | null, b: Value): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null) return a === b
  const set = new Set(a)
  return set.size === new Set(b).size && b.every((item) => set.has(item))
}

/** What stays keeps its place. */
function inOrderOf(before: readonly string[], now: readonly string[]): string[] {
  return [...before.filter((item) => now.includes(item)), ...now.filter((item) => !before.includes(item))]
}

function namesOf(names: readonly string[], before: readonly string[] | null): string[] {
  return inOrderOf(before ?? [], [...new Set(names)])
}
