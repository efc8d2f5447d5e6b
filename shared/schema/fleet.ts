/** `fleet.yaml`: the owner's description of the fleet. Every fault is reported, with its line, not only the first. */
import { type Document, LineCounter, parseDocument } from 'yaml'
import { type Arm, type Fleet, fleetOf, type Runner } from '../domain/fleet.ts'
import { ConfigError } from '../errors.ts'
import { isDotenvValue } from './dotenv.ts'
import { faultsOfFleet } from './fleet-faults.ts'
import { armsOf, type FleetFile, fleetFile } from './fleet-file.ts'

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
  const content = unfold(document, fileName)
  const faults = faultsOfFleet(content)
  if (faults.length > 0) {
    const located = faults.map(({ path, message }) => {
      const line = lineOf(path)
      return `${line === undefined ? '' : `line ${line}: `}${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`
    })
    throw new ConfigError(
      `${fileName} has ${located.length} fault${located.length === 1 ? '' : 's'}`,
      located,
    )
  }
  return fleetFrom(fleetFile.parse(content))

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
  return fleetOf(arms, {
    fallbackTag: file.fallback_tag ?? null,
    deadTags: new Set(file.dead_tags),
    projectIds: new Map(projectIds),
  })
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
    architecture: null,
    gpu: null,
    memoryGb: null,
    zone: null,
    slots: null,
    maintenance: [],
  }
}
