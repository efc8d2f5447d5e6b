/** `fleet.yaml`: the owner's description of the fleet. Every fault is reported, with its line, not only the first. */
import { type Document, LineCounter, parseDocument } from 'yaml'
import * as z from 'zod'
import { type Arm, type Fleet, fleetOf, type Runner } from '../domain/fleet.ts'
import { ConfigError } from '../errors.ts'
import { isDotenvValue } from './dotenv.ts'

const name = z.string().min(1).max(255)
const tag = z
  .string()
  .regex(/^[^,\s]+$/, 'a tag has no spaces and no commas')
  .max(255)
/** /recommend hands it on in a dotenv file, where it has to arrive letter by letter. */
const routingTag = tag.refine(
  isDotenvValue,
  'a tag that jobs are sent to has only letters, digits and . : / @ + - _',
)
const MAX_TAGS_PER_RUNNER = 50

const runner = z.strictObject({
  /** Exactly as GitLab's runner description. */
  name,
  id: z.int().positive().optional(),
  machine: name,
  executor: name,
  tags: z.array(tag).max(MAX_TAGS_PER_RUNNER).default([]),
  /** The tag that only this runner (or its pool) carries; found by itself when left out. */
  own_tag: routingTag.optional(),
  run_untagged: z.boolean().optional(),
  ref_protected: z.boolean().default(false),
  paused: z.boolean().default(false),
  online: z.boolean().default(true),
  /** Names from `projects`; left out: every project. */
  projects: z.array(name).optional(),
  cost_per_hour_eur: z.number().min(0).optional(),
})

const fleetFile = z.strictObject({
  machines: z.record(name, z.strictObject({ cost_per_hour_eur: z.number().min(0).default(0) })),
  executors: z.array(name).min(1),
  projects: z
    .array(z.strictObject({ name, id: z.int().positive().optional(), path: name.optional() }))
    .default([]),
  /** What each tag means. When given, a tag that is not in it is a typing error. */
  tags: z.record(tag, z.string()).optional(),
  dead_tags: z.array(tag).default([]),
  fallback_tag: routingTag.optional(),
  runners: z.array(runner).min(1),
  /** Pools: several runners that are one arm. A runner in no pool is an arm of its own. */
  arms: z
    .record(name, z.strictObject({ runners: z.array(name).min(1), own_tag: routingTag.optional() }))
    .default({}),
})
type FleetFile = z.output<typeof fleetFile>
type Fault = { path: (string | number)[]; message: string }

/** @throws ConfigError listing every fault of the file. */
export function parseFleet(text: string, fileName = 'fleet.yaml'): Fleet {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  if (document.errors.length > 0) {
    throw new ConfigError(
      `${fileName} is not YAML`,
      document.errors.map((error) => error.message),
    )
  }
  const parsed = fleetFile.safeParse(unfold(document, fileName))
  const faults: Fault[] = parsed.success
    ? crossFaults(parsed.data)
    : parsed.error.issues.flatMap(faultsOfIssue)
  if (!parsed.success || faults.length > 0) {
    const located = faults.map(({ path, message }) => {
      const line = lineOf(path)
      return `${line === undefined ? '' : `line ${line}: `}${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`
    })
    throw new ConfigError(
      `${fileName} has ${located.length} fault${located.length === 1 ? '' : 's'}`,
      located,
    )
  }
  return fleetFrom(parsed.data)

  function lineOf(path: readonly (string | number)[]): number | undefined {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true) as { range?: [number] } | undefined
      if (node?.range !== undefined) return lines.linePos(node.range[0]).line
    }
    return undefined
  }
}

/** @throws ConfigError for a document that unfolds without end. */
function unfold(document: Document, fileName: string): unknown {
  try {
    return document.toJS()
  } catch (error) {
    throw new ConfigError(`${fileName} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
}

/** One fault per unknown key, at the key itself and not at the object that has it. */
function faultsOfIssue(issue: z.core.$ZodIssue): Fault[] {
  const path = issue.path as Fault['path']
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }]
  return issue.keys.map((key) => ({ path: [...path, key], message: `there is no key "${key}"` }))
}

/** What the shape alone does not show: names that point nowhere, doubles, tags that cannot route. */
function crossFaults(file: FleetFile): Fault[] {
  const faults: Fault[] = []
  const fault = (path: Fault['path'], message: string) => faults.push({ path, message })
  const projects = new Set(file.projects.map((project) => project.name))
  const dead = new Set(file.dead_tags)
  const carried = new Set(file.runners.flatMap(({ tags }) => tags))
  const poolsOf = new Map<string, string>()
  const runnerNames = new Set(file.runners.map((one) => one.name))

  for (const [pool, { runners }] of Object.entries(file.arms)) {
    for (const [index, member] of runners.entries()) {
      const path = ['arms', pool, 'runners', index]
      if (!runnerNames.has(member)) fault(path, `no runner is called "${member}"`)
      const other = poolsOf.get(member)
      if (other !== undefined) fault(path, `"${member}" is in the arm "${other}" already`)
      poolsOf.set(member, pool)
    }
  }
  const seen = { name: new Set<string>(), id: new Set<number>() }
  for (const [index, one] of file.runners.entries()) {
    const at = (key: string) => ['runners', index, key]
    if (seen.name.has(one.name)) fault(at('name'), `a second runner is called "${one.name}"`)
    seen.name.add(one.name)
    if (one.id !== undefined && seen.id.has(one.id)) fault(at('id'), `a second runner has the id ${one.id}`)
    if (one.id !== undefined) seen.id.add(one.id)
    if (!Object.hasOwn(file.machines, one.machine))
      fault(at('machine'), `no machine is called "${one.machine}"`)
    if (!file.executors.includes(one.executor)) fault(at('executor'), `"${one.executor}" is not in executors`)
    if (one.tags.length === 0 && one.run_untagged === false) {
      fault(at('tags'), 'a runner without tags that takes no untagged jobs never gets a job')
    }
    for (const [position, item] of one.tags.entries()) {
      const path = ['runners', index, 'tags', position]
      if (dead.has(item)) fault(path, `"${item}" is a dead tag`)
      else if (file.tags !== undefined && !Object.hasOwn(file.tags, item))
        fault(path, `"${item}" is not in tags`)
    }
    for (const [position, project] of (one.projects ?? []).entries()) {
      if (!projects.has(project)) {
        fault(['runners', index, 'projects', position], `no project is called "${project}"`)
      }
    }
    if (Object.hasOwn(file.arms, one.name) && poolsOf.get(one.name) === undefined) {
      fault(at('name'), `the arm "${one.name}" has the name of a runner that is not in it`)
    }
  }
  for (const item of Object.keys(file.tags ?? {})) {
    if (!carried.has(item))
      fault(['tags', item], 'no runner carries this tag; move it to dead_tags or delete it')
  }
  if (file.fallback_tag !== undefined && !carried.has(file.fallback_tag)) {
    fault(['fallback_tag'], `no runner carries the tag "${file.fallback_tag}"`)
  }
  for (const { id, path, ownTag, members } of armsOf(file)) {
    if (ownTag === undefined) continue
    const outsiders = file.runners.filter((one) => one.tags.includes(ownTag) && !members.includes(one))
    if (!members.every((one) => one.tags.includes(ownTag)))
      fault(path, `"${id}" does not carry "${ownTag}" itself`)
    for (const { name: outsider } of outsiders) {
      fault(path, `"${ownTag}" is also carried by "${outsider}", so it cannot route to "${id}" alone`)
    }
  }
  return faults
}

type ArmEntry = { id: string; path: Fault['path']; ownTag: string | undefined; members: FleetFile['runners'] }

function armsOf(file: FleetFile): ArmEntry[] {
  const pooled = new Set(Object.values(file.arms).flatMap(({ runners }) => runners))
  return [
    ...Object.entries(file.arms).map(([id, { runners, own_tag }]) => ({
      id,
      path: ['arms', id, 'own_tag'],
      ownTag: own_tag,
      members: file.runners.filter((one) => runners.includes(one.name)),
    })),
    ...file.runners.flatMap((one, index) =>
      pooled.has(one.name)
        ? []
        : [{ id: one.name, path: ['runners', index, 'own_tag'], ownTag: one.own_tag, members: [one] }],
    ),
  ]
}

function fleetFrom(file: FleetFile): Fleet {
  const arms = armsOf(file).map(({ id, ownTag, members }): Arm => {
    const others = file.runners.filter((one) => !members.includes(one))
    const isOwn = (item: string) =>
      isDotenvValue(item) &&
      members.every(({ tags }) => tags.includes(item)) &&
      !others.some(({ tags }) => tags.includes(item))
    const found = members[0]?.tags.find(isOwn)
    return { id, tag: ownTag ?? found ?? null, runners: members.map((one) => runnerFrom(one, file)) }
  })
  const projectIds = file.projects.flatMap(({ name: project, id, path }): [string, number][] =>
    id === undefined
      ? []
      : [[project, id], ...(path === undefined ? [] : ([[path, id]] as [string, number][]))],
  )
  return fleetOf(arms, file.fallback_tag ?? null, new Set(file.dead_tags), new Map(projectIds))
}

function runnerFrom(one: FleetFile['runners'][number], file: FleetFile): Runner {
  const names = (wanted: string) => {
    const project = file.projects.find((item) => item.name === wanted)
    const exact = [project?.path, project?.id?.toString()].filter((item) => item !== undefined)
    // A bare name is any project of that name; one with an id or a path is that one only.
    return exact.length > 0 ? exact : [wanted]
  }
  return {
    name: one.name,
    id: one.id ?? null,
    machine: one.machine,
    executor: one.executor,
    tags: new Set(one.tags),
    // GitLab's own default: a runner registered without tags takes untagged jobs, one with tags does not.
    runUntagged: one.run_untagged ?? one.tags.length === 0,
    refProtected: one.ref_protected,
    paused: one.paused,
    online: one.online,
    projects: one.projects === undefined ? null : new Set(one.projects.flatMap(names)),
    costPerHourEur: one.cost_per_hour_eur ?? file.machines[one.machine]?.cost_per_hour_eur ?? 0,
  }
}
