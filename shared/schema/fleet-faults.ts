/** What is wrong with a `fleet.yaml`: all of it, so that it takes one round to mend. */
import type * as z from 'zod'
import { type Fault, faultsAt } from './fault-words.ts'
import { armsOf, type FleetFile, fleetFile } from './fleet-file.ts'
import { faultsOfRules, standInForRule } from './fleet-rules.ts'

/** Stands where a faulty text stood, so that the rest of the file can be looked at, too. */
const FAULTY = '\u0000'

/** Every fault of the file's content; none when it is a fleet. */
export function faultsOfFleet(content: unknown): Fault[] {
  const parsed = fleetFile.safeParse(content)
  if (parsed.success) return crossFaults(parsed.data)
  const ofShape = parsed.error.issues.flatMap(faultsAt)
  const mended = fleetFile.safeParse(withoutFaults(content, parsed.error.issues))
  const between = mended.success ? crossFaults(mended.data) : []
  const isNew = ({ path, message }: Fault) =>
    !message.includes(FAULTY) && !ofShape.some((fault) => fault.path.join('.') === path.join('.'))
  return [...ofShape, ...between.filter(isNew)]
}

/** A copy in which each faulty part is left out, or is a text that stands for it where one is needed. */
function withoutFaults(content: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy = structuredClone(content)
  for (const issue of issues) {
    if (issue.path[0] === 'rules' && issue.path.length > 1) {
      standInForRule(copy as { rules: unknown[] }, Number(issue.path[1]))
      continue
    }
    const whole = partWithout(issue.path)
    if (whole !== undefined) {
      delete (nodeAt(copy, whole.slice(0, -1)) as Record<PropertyKey, unknown> | undefined)?.[
        whole.at(-1) ?? ''
      ]
      continue
    }
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [issue.path.at(-1)]
    const place = issue.code === 'unrecognized_keys' ? issue.path : issue.path.slice(0, -1)
    const parent = nodeAt(copy, place)
    if (typeof parent !== 'object' || parent === null) continue
    for (const key of keys as PropertyKey[]) {
      const isNeeded = Array.isArray(parent) || ['name', 'machine', 'executor'].includes(String(key))
      if (isNeeded) (parent as Record<PropertyKey, unknown>)[key] = FAULTY
      else delete (parent as Record<PropertyKey, unknown>)[key]
    }
  }
  return copy
}

/** The path of the smallest part that nothing else refers to, and that may be left out whole. */
function partWithout(path: readonly PropertyKey[]): readonly PropertyKey[] | undefined {
  const [section] = path
  if (['rules', 'availability', 'canary'].includes(String(section))) return path.slice(0, 1)
  const isOfEntry = section === 'machines' || (section === 'projects' && path[2] === 'canary')
  return isOfEntry && path.length > 3 ? path.slice(0, 3) : undefined
}

function nodeAt(content: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (node, key) => (node as Record<PropertyKey, unknown> | undefined)?.[key],
    content,
  )
}

/** What the shape alone does not show: names that point nowhere, doubles, tags that cannot route. */
export function crossFaults(file: FleetFile): Fault[] {
  const faults: Fault[] = []
  const fault = (path: Fault['path'], message: string) => faults.push({ path, message })
  const dead = new Set(file.dead_tags)
  const carried = new Set(file.runners.flatMap(({ tags }) => tags))
  const poolsOf = new Map<string, string>()
  const runnerNames = new Set(file.runners.map((one) => one.name))

  const projectNames = new Set<string>()
  for (const [index, { name, id, mode, canary }] of file.projects.entries()) {
    if (id === undefined && (mode ?? canary) !== undefined)
      fault(
        ['projects', index, mode === undefined ? 'canary' : 'mode'],
        `"${name}" needs its id, too: jobs ask by it`,
      )
    if (projectNames.has(name)) fault(['projects', index, 'name'], `a second project is called "${name}"`)
    projectNames.add(name)
  }
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
      if (!projectNames.has(project)) {
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
  faultsOfRules(file.rules, file.executors, fault)
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
