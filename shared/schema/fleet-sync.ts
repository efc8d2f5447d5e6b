/** A fleet file that says what GitLab says: the changes of the drift, made in its text. */
import { type Document, isScalar, isSeq, type YAMLMap } from 'yaml'
import {
  type ChangedKey,
  type Drift,
  driftOf,
  type FleetChange,
  type NewRunner,
  UNKNOWN,
} from '../domain/fleet-drift.ts'
import type { DescribedFleet, SeenFleet } from '../domain/fleet-match.ts'
import { ConfigError } from '../errors.ts'
import { openFleet } from './fleet.ts'
import {
  flowSeq,
  mapIn,
  mapOf,
  namedIn,
  openText,
  ownMapIn,
  seqIn,
  setItems,
  setScalar,
  textOf,
} from './fleet-edit.ts'
import { faultsOfFleet } from './fleet-faults.ts'
import { fleetFile } from './fleet-file.ts'

/** Says why a runner is offline, and is taken back when it is there again. */
const GONE = ' GitLab no longer has it'
const TO_FILL_IN = ' GitLab does not say; fill it in'

/** What an alias shares changes with one of its places, and is put right in the next round. */
const MOST_ROUNDS = 4

const NEW_FILE = `# Built from GitLab by "runner-bandit fleet sync". Run it again whenever GitLab has changed: it refreshes ids, tags,
# projects, architecture and who is paused, and leaves alone what you write: comments, order, costs, zones, names of
# runners and machines. What GitLab does not know is yours to say: cost_per_hour_eur, gpu, memory_gb, zone, maintenance
# and vm of a machine, own_tag and slots of a runner, arms (pools), fallback_tag.
machines: {}

executors: []

projects: []

runners: []
`

/** @throws ConfigError with every fault of the file. */
export function describeFleet(text: string | undefined, fileName: string): DescribedFleet {
  if (text === undefined) return { runners: [], projects: [], machines: new Map(), poolNames: [] }
  const { document, file } = openFleet(text, fileName)
  const isMarked = (index: number) => {
    const online = document.getIn(['runners', index, 'online'], true)
    return isScalar(online) && online.value === false && (online.comment?.includes(GONE.trim()) ?? false)
  }
  return {
    runners: file.runners.map((one, index) => ({
      name: one.name,
      id: one.id ?? null,
      machine: one.machine,
      executor: one.executor,
      tags: one.tags,
      runUntagged: one.run_untagged ?? null,
      refProtected: one.ref_protected,
      paused: one.paused,
      online: one.online,
      markedGone: isMarked(index),
      projects: one.projects ?? null,
      architecture: one.architecture ?? null,
    })),
    projects: file.projects.map(({ name, id, path }) => ({ name, id: id ?? null, path: path ?? null })),
    machines: new Map(Object.entries(file.machines).map(([name, one]) => [name, one.architecture ?? null])),
    poolNames: Object.keys(file.arms),
  }
}

/**
 * The text that says what GitLab says, and how the one from before differed: without drift it is the same, byte for byte.
 *
 * @param text undefined: a new file.
 * @throws ConfigError when it, or what would come of it, is at fault.
 */
export function followGitlab(
  text: string | undefined,
  seen: SeenFleet,
  fileName: string,
): { text: string; drift: Drift } {
  let described = describeFleet(text, fileName)
  const drift = driftOf(described, seen)
  if (text === undefined && !drift.changes.some(({ kind }) => kind === 'added'))
    throw new ConfigError(`There is nothing to build ${fileName} of:`, drift.notes)
  const notes = [...drift.notes]
  let { changes } = drift
  let now = text
  for (let round = 0; round < MOST_ROUNDS && changes.length > 0; round += 1) {
    const applied = applyChanges(now, changes, fileName)
    now = applied.text
    notes.push(...applied.notes)
    described = describeMade(now, fileName)
    changes = driftOf(described, seen).changes
  }
  const unknown = described.runners.filter(({ executor }) => executor === UNKNOWN)
  if (unknown.length > 0) {
    const names = unknown.map(({ name }) => name).join(', ')
    notes.push(`GitLab does not say what executor these have; fill it in in ${fileName}: ${names}.`)
  }
  return { text: now ?? '', drift: { changes: drift.changes, notes } }
}

/**
 * The text with the changes made.
 *
 * @param text undefined: a new file.
 * @returns notes: what had to be given up since it contradicts GitLab.
 */
function applyChanges(
  text: string | undefined,
  changes: readonly FleetChange[],
  fileName: string,
): { text: string; notes: string[] } {
  const before = text ?? NEW_FILE
  const document = openText(before, fileName)
  const entries = { projects: namedIn(document, 'projects'), runners: namedIn(document, 'runners') }
  for (const change of changes) apply(change, document, entries)
  const notes = reconcile(document)
  return { text: textOf(document, before), notes }
}

/** @throws ConfigError when the text that was made is no fleet. */
function describeMade(text: string, fileName: string): DescribedFleet {
  try {
    return describeFleet(text, fileName)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(
      `${fileName} was not written: with what GitLab says it would be at fault. Mend that in GitLab, or in the file:`,
      error.faults,
    )
  }
}

type Entries = Record<'projects' | 'runners', Map<unknown, YAMLMap>>

function apply(change: FleetChange, document: Document, entries: Entries): void {
  if (change.kind === 'added')
    return void entries.runners.set(change.runner.name, add(change.runner, document))
  if (change.kind === 'project_added') {
    const { name, id, path } = change
    return void seqIn(document, 'projects').items.push(mapOf({ name, id, path }))
  }
  const isOfProject = change.kind === 'project_identified'
  const entry = isOfProject ? entries.projects.get(change.name) : entries.runners.get(change.runner)
  if (entry === undefined) return
  if (isOfProject) {
    setScalar(entry, 'id', change.id)
    setScalar(entry, 'path', change.path)
  } else if (change.kind === 'gone') setScalar(entry, 'online', false, GONE)
  else if (change.kind === 'returned') entry.delete('online')
  else set(change, entry, document)
}

function set({ key, to, machine }: ChangedKey, runner: YAMLMap, document: Document): void {
  if (machine !== undefined) {
    setScalar(ownMapIn(mapIn(document, 'machines'), machine, document), 'architecture', to as string)
  } else if (typeof to === 'object') setItems(runner, key, to)
  else setScalar(runner, key, to)
  if (key === 'executor') {
    const node = runner.get('executor', true)
    if (isScalar(node) && node.comment === TO_FILL_IN) delete node.comment
    addExecutor(String(to), document)
  }
}

function add(runner: NewRunner, document: Document): YAMLMap {
  const machines = mapIn(document, 'machines')
  if (!machines.has(runner.machine)) machines.set(runner.machine, mapOf({}))
  addExecutor(runner.executor, document)
  const entry = mapOf({
    name: runner.name,
    id: runner.id,
    machine: runner.machine,
    executor: runner.executor,
    tags: flowSeq(runner.tags),
    run_untagged: runner.runUntagged ?? undefined,
    ref_protected: runner.refProtected || undefined,
    paused: runner.paused || undefined,
    projects: runner.projects === null ? undefined : flowSeq(runner.projects),
  })
  const executor = entry.get('executor', true)
  if (runner.executor === UNKNOWN && isScalar(executor)) executor.comment = TO_FILL_IN
  seqIn(document, 'runners').items.push(entry)
  return entry
}

function addExecutor(name: string, document: Document): void {
  const executors = document.get('executors')
  if (!isSeq(executors)) return void document.set('executors', flowSeq([name]))
  if (!executors.items.some((item) => isScalar(item) && item.value === name))
    executors.items.push(...flowSeq([name]).items)
}

/** Gives up what a person said and GitLab no longer bears out, and names what is new. */
function reconcile(document: Document): string[] {
  const notes: string[] = []
  const content = document.toJS() as Record<string, unknown>
  const declared = document.get('tags')
  const carried = fleetFile.shape.runners.safeParse(content.runners).data ?? []
  if (declared !== undefined && declared !== null) {
    const tags = mapIn(document, 'tags')
    for (const tag of new Set(carried.flatMap((one) => one.tags))) {
      if (!tags.has(tag)) tags.set(tag, 'new in GitLab; say what it promises')
    }
  }
  // Each loss is a fault of its own; the last ones first, so that places stay what they are.
  for (const { path, message } of faultsOfFleet(document.toJS()).reverse()) {
    const [section, key] = path
    if (section === 'tags') {
      seqIn(document, 'dead_tags').items.push(...flowSeq([String(key)]).items)
      document.deleteIn(path)
      notes.push(`No runner carries the tag "${key}" any more; it was moved from tags to dead_tags.`)
    } else if (section === 'fallback_tag' || path.at(-1) === 'own_tag') {
      // Several runners may speak against one tag.
      if (!document.hasIn(path)) continue
      notes.push(`${path.at(-1)} ${JSON.stringify(document.getIn(path))} was taken out: ${message}.`)
      document.deleteIn(path)
    } else revive(document.getIn(path), document, notes)
  }
  return notes
}

/** What is carried in GitLab is not dead. */
function revive(tag: unknown, document: Document, notes: string[]): void {
  const dead = document.get('dead_tags')
  if (!isSeq(dead)) return
  const rest = dead.items.filter((item) => !(isScalar(item) && item.value === tag))
  if (rest.length === dead.items.length) return
  dead.items = rest
  notes.push(`A runner carries "${tag}" in GitLab, so it is no dead tag; it was taken out of dead_tags.`)
}
