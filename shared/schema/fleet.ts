/** `fleet.yaml`: the owner's description of the fleet. Every fault is reported, with its line; of what is no YAML the first. */
import { type Document, LineCounter, parseDocument } from 'yaml'
import { type Arm, type Fleet, fleetOf, type Runner } from '../domain/fleet.ts'
import { ConfigError } from '../errors.ts'
import { isRoutingTag } from './dotenv.ts'
import { availabilityOf } from './fleet-availability.ts'
import { faultsOfFleet } from './fleet-faults.ts'
import { armsOf, type FleetFile, fleetFile } from './fleet-file.ts'
import { modesOf } from './fleet-modes.ts'
import { rulesOf } from './fleet-rules.ts'

/** @throws ConfigError listing every fault of the file. */
export function parseFleet(text: string, fileName = 'fleet.yaml'): Fleet {
  return fleetFrom(openFleet(text, fileName).file)
}

/** The file's document and its content. @throws ConfigError listing every fault of it. */
export function openFleet(text: string, fileName: string): { document: Document; file: FleetFile } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  // The others mostly follow from the first.
  const [unread] = document.errors
  if (unread !== undefined) {
    const [ofParser = ''] = unread.message.split(/ at line \d+|\n/)
    const said = unread.code === 'MULTILINE_IMPLICIT_KEY' ? `${ofParser} (is a colon missing?)` : ofParser
    throw new ConfigError(`${fileName} is not YAML`, [`line ${lines.linePos(unread.pos[0]).line}: ${said}`])
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
  return { document, file: fleetFile.parse(content) }

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
  const carriers = new Map<string, number>()
  for (const { tags } of file.runners)
    for (const item of new Set(tags)) carriers.set(item, (carriers.get(item) ?? 0) + 1)
  const arms = armsOf(file).map(({ id, ownTag, members }): Arm => {
    const isOwn = (item: string) =>
      isRoutingTag(item) &&
      members.every(({ tags }) => tags.includes(item)) &&
      carriers.get(item) === members.length
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
    availability: availabilityOf(file.availability),
    modes: modesOf(file.projects, file),
    rules: rulesOf(file.rules),
    vms: new Map(
      Object.entries(file.machines).flatMap(([machine, { vm, cost_per_hour_eur: costPerHourEur }]) =>
        vm === undefined ? [] : [[machine, { ...vm, project: vm.project ?? null, costPerHourEur }] as const],
      ),
    ),
  })
}

function runnerFrom(one: FleetFile['runners'][number], file: FleetFile): Runner {
  const names = (wanted: string) => {
    const project = file.projects.find((item) => item.name === wanted)
    const exact = [project?.path, project?.id?.toString()].filter((item) => item !== undefined)
    // A bare name is any project of that name; one with an id or a path is that one only.
    return exact.length > 0 ? exact : [wanted]
  }
  const machine = file.machines[one.machine]
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
    costPerHourEur: one.cost_per_hour_eur ?? machine?.cost_per_hour_eur ?? 0,
    architecture: one.architecture ?? machine?.architecture ?? null,
    gpu: one.gpu ?? machine?.gpu ?? null,
    memoryGb: one.memory_gb ?? machine?.memory_gb ?? null,
    zone: one.zone ?? machine?.zone ?? machine?.vm?.zone ?? null,
    slots: one.slots ?? null,
    maintenance: machine?.maintenance ?? [],
  }
}
