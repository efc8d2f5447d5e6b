/**
 * fleet sync, fleet diff: the fleet file beside what GitLab has, and made to say the same.
 *
 * Called by: the command line, which reads and writes the file. Reads: GitLab. Repetition: a file that says what GitLab
 * says stays as it is, byte for byte.
 */
import { type Drift, driftOf, type FleetChange } from '../shared/domain/fleet-drift.ts'
import type { DescribedFleet, SeenFleet } from '../shared/domain/fleet-match.ts'
import { InvalidInputError } from '../shared/errors.ts'
import type { Gitlab, GitlabProject } from '../shared/ports.ts'
import { describeFleet, followGitlab } from '../shared/schema/fleet-sync.ts'

/** Whose runners; without any, the projects of the file. */
export type FleetScope = { projects: readonly string[]; group?: string | undefined; instance: boolean }

/** The file as it is; its text is undefined when there is none. */
export type FleetText = { name: string; text: string | undefined }

/** `from` is null where the file says nothing, `to` is an object for a runner that is new. */
export type DriftRow = {
  change: FleetChange['kind']
  of: string
  key: string | null
  from: unknown
  to: unknown
}

export type DiffReport = { file: string; runners: number; drift: DriftRow[]; notes: string[] }

export type SyncReport = DiffReport & {
  /** What was done with the file; by a dry run, what would be. */
  action: 'created' | 'updated' | 'unchanged'
  dry_run: boolean
}

export async function diffFleet(file: FleetText, scope: FleetScope, gitlab: Gitlab): Promise<DiffReport> {
  const described = describeFleet(file.text, file.name)
  const seen = await seeFleet(scope, described, gitlab)
  return reportOf(file, seen, driftOf(described, seen))
}

/** The report, and the text that the file is to have. */
export async function syncFleet(
  file: FleetText,
  scope: FleetScope,
  gitlab: Gitlab,
): Promise<{ text: string; report: Omit<SyncReport, 'dry_run'> }> {
  const seen = await seeFleet(scope, describeFleet(file.text, file.name), gitlab)
  const { text, drift } = followGitlab(file.text, seen, file.name)
  const action = file.text === undefined ? 'created' : text === file.text ? 'unchanged' : 'updated'
  return { text, report: { ...reportOf(file, seen, drift), action } }
}

async function seeFleet(scope: FleetScope, described: DescribedFleet, gitlab: Gitlab): Promise<SeenFleet> {
  const seen = await list(scope, described, gitlab)
  if (seen.runners.length === 0)
    throw new InvalidInputError('GitLab lists no runners there, so nothing is known to compare with.')
  const listed = new Set(seen.runners.map(({ id }) => id))
  const exists = new Map<number, boolean | null>()
  for (const { id } of described.runners)
    if (id !== null && !listed.has(id)) exists.set(id, await gitlab.hasRunner(id))
  return { ...seen, exists }
}

async function list(
  { projects, group, instance }: FleetScope,
  described: DescribedFleet,
  gitlab: Gitlab,
): Promise<Omit<SeenFleet, 'exists'>> {
  if (instance) return { scope: 'instance', runners: await gitlab.runners('instance'), asked: [] }
  if (group !== undefined) return { scope: 'group', runners: await gitlab.runners({ group }), asked: [] }
  const ofFile = described.projects.flatMap(({ id, path }) => (id === null ? (path ?? []) : String(id)))
  const wanted = projects.length > 0 ? projects : ofFile
  if (wanted.length === 0)
    throw new InvalidInputError(
      'Whose runners? Say --project <id|path> (again for each), --group <id|path> or --instance; or give the projects of the file an id or a path.',
    )
  const runners = new Map<number, SeenFleet['runners'][number]>()
  const asked: (GitlabProject & { runners: Set<number> })[] = []
  for (const name of wanted) {
    const project = await gitlab.project(name)
    const serving = await gitlab.runners({ project: String(project.id) })
    for (const runner of serving) runners.set(runner.id, runner)
    asked.push({ ...project, runners: new Set(serving.map(({ id }) => id)) })
  }
  return { scope: 'projects', runners: [...runners.values()].sort((a, b) => a.id - b.id), asked }
}

function reportOf({ name }: FleetText, seen: SeenFleet, { changes, notes }: Drift): DiffReport {
  const added = new Set(changes.map((change) => (change.kind === 'added' ? change.runner.name : undefined)))
  // What is said of a runner that is new is no difference.
  const told = changes.filter((change) => change.kind !== 'changed' || !added.has(change.runner))
  return { file: name, runners: seen.runners.length, drift: told.map(rowOf), notes }
}

function rowOf(change: FleetChange): DriftRow {
  switch (change.kind) {
    case 'added': {
      const { name, runUntagged, refProtected, ...words } = change.runner
      const to = { ...words, run_untagged: runUntagged, ref_protected: refProtected }
      return { change: change.kind, of: name, key: null, from: null, to }
    }
    case 'changed': {
      const of = change.machine === undefined ? change.runner : `machine ${change.machine}`
      return { change: change.kind, of, key: change.key, from: change.from, to: change.to }
    }
    case 'gone':
      return { change: change.kind, of: change.runner, key: 'online', from: true, to: false }
    case 'returned':
      return { change: change.kind, of: change.runner, key: 'online', from: false, to: true }
    default: {
      const { kind, name, id, path } = change
      return { change: kind, of: name, key: null, from: null, to: { id, path } }
    }
  }
}
