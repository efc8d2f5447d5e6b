/** Whether there is anyone to take a tag's jobs, judged by what one look at GitLab, the log and the machines has shown. */
import { type Constraint, gitlabRule, type JobRequirements } from './constraint.ts'
import type { Instant } from './event.ts'
import type { Fleet, Runner } from './fleet.ts'

export type VmStatus = 'running' | 'starting' | 'stopping' | 'stopped' | 'missing'

/** A virtual machine as its provider tells of it; `startedAt`: when it last came on, where that is told. */
export type VmState = { status: VmStatus; startedAt: Instant | null }

/** Whether a machine is there, or on its way. */
export const isOn = (status: VmStatus | undefined) => status === 'running' || status === 'starting'
const isOff = (status: VmStatus | undefined) => status !== undefined && !isOn(status)

/** A job that no runner has taken yet. */
export type WaitingJob = JobRequirements & { waitedMs: number }

/** What was seen of a runner of the fleet; null: nothing, or nobody tells. */
export type RunnerSigns = {
  name: string
  /** When it last asked GitLab for a job; GitLab writes that down once in 40 to 55 minutes. */
  contactedAt: Instant | null
  startedAt: Instant | null
  finishedAt: Instant | null
  /** Jobs of the last day that it began and has not ended. */
  running: number
}

/** A look that is older says nothing of now: it is told, and nobody acts on it. */
export const STALE_AFTER_MS = 15 * 60_000

/** One look, all of it of the same minute. */
export type Observation = {
  at: Instant
  waiting: readonly WaitingJob[]
  runners: ReadonlyMap<string, RunnerSigns>
  /** By the name of the machine, of those that are virtual. */
  machines: ReadonlyMap<string, VmStatus>
}

export type TagStatus = 'healthy' | 'degraded' | 'down'

export type TagAvailability = {
  tag: string
  status: TagStatus
  /** Since when it has been so in every look. */
  since: Instant
  /** A sentence. */
  reason: string
  waiting: number
  oldestWaitSeconds: number | null
  /** The newest sign of any of its runners. */
  lastSeenAt: Instant | null
  runners: number
  silent: number
  running: number
  machines: readonly { machine: string; status: VmStatus }[]
}

/** Tags that say what a job needs, not who shall have it: those that route to one arm are watched only when named. */
export function watchedTags({ arms, availability }: Fleet): string[] {
  const routing = new Set([...arms.values()].map(({ tag }) => tag))
  const carried = new Set(
    [...arms.values()].flatMap(({ runners }) => runners.flatMap(({ tags }) => [...tags])),
  )
  const shared = [...carried].filter((tag) => !routing.has(tag))
  return [...new Set([...shared, ...availability.tags])].sort()
}

export function lastSeenAt(signs: RunnerSigns | undefined): Instant | null {
  const seen = [signs?.contactedAt, signs?.startedAt, signs?.finishedAt].filter(
    (at): at is Instant => typeof at === 'number',
  )
  return seen.length === 0 ? null : Math.max(...seen)
}

/** @param before what the look before this one said. */
export function judgeTags(
  observation: Observation,
  fleet: Fleet,
  before: readonly TagAvailability[],
): TagAvailability[] {
  return watchedTags(fleet).map((tag) => {
    const now = judgeTag(tag, observation, fleet)
    const last = before.find((one) => one.tag === tag)
    const since = last?.status === now.status ? last.since : observation.at
    return { ...now, since }
  })
}

function judgeTag(tag: string, { at, waiting, runners, machines }: Observation, fleet: Fleet) {
  const { degradedAfterMs, downAfterMs, silentAfterMs } = fleet.availability
  const carriers = runnersOf(fleet).filter(({ tags, paused }) => tags.has(tag) && !paused)
  const asking = waiting.filter(({ tags }) => tags?.includes(tag))
  const longest = Math.max(0, ...asking.map(({ waitedMs }) => waitedMs))
  const signs = carriers.map(({ name, machine }) => {
    const seenAt = lastSeenAt(runners.get(name))
    const ageMs = seenAt === null ? null : at - seenAt
    const running = runners.get(name)?.running ?? 0
    const status = machines.get(machine)
    const isSilent = ageMs !== null && ageMs > silentAfterMs
    const isHeard = ageMs !== null && (ageMs < downAfterMs || (running > 0 && !isSilent))
    return {
      machine,
      status,
      seenAt,
      running,
      isSilent,
      isAlive: isHeard && !isOff(status),
      isOff: isOff(status),
    }
  })
  const count = (which: 'isSilent' | 'isAlive' | 'isOff') => signs.filter((one) => one[which]).length
  const [silent, alive, off] = [count('isSilent'), count('isAlive'), count('isOff')]
  const seen = signs.flatMap(({ seenAt }) => (seenAt === null ? [] : [seenAt]))
  const waits = `${asking.length} ${asking.length === 1 ? 'job waits' : 'jobs wait'}, the oldest for ${minutes(longest)}`

  function judged(): [TagStatus, string] {
    if (carriers.length === 0) return ['down', 'No runner of the fleet takes jobs with this tag.']
    if (off === carriers.length) return ['down', 'The machines of all its runners are off.']
    if (longest >= downAfterMs && alive === 0)
      return ['down', `${waits}, and none of its runners gave a sign of life in ${minutes(downAfterMs)}.`]
    if (silent + off === carriers.length)
      return ['down', `None of its runners gave a sign of life in ${minutes(silentAfterMs)}.`]
    if (longest >= degradedAfterMs) return ['degraded', `${waits}.`]
    if (silent > 0)
      return [
        'degraded',
        `${silent} of its ${carriers.length} runners ${silent === 1 ? 'is' : 'are'} silent.`,
      ]
    return ['healthy', asking.length === 0 ? 'No job waits.' : `${waits}.`]
  }

  const [status, reason] = judged()
  const known = new Map(signs.flatMap((one) => (one.status === undefined ? [] : [[one.machine, one.status]])))
  return {
    tag,
    status,
    reason,
    waiting: asking.length,
    oldestWaitSeconds: asking.length === 0 ? null : Math.round(longest / 1000),
    lastSeenAt: seen.length === 0 ? null : Math.max(...seen),
    runners: carriers.length,
    silent,
    running: signs.reduce((sum, { running }) => sum + running, 0),
    machines: [...known].map(([machine, its]) => ({ machine, status: its })),
  }
}

/**
 * The machines to be started so that each job that waits for a tag that is down finds a runner, the most urgent first.
 * None for a job that a machine could take that is on, or is being started.
 *
 * @param started machines of which a start is under way.
 */
export function machinesWanted(
  { waiting, machines }: Pick<Observation, 'waiting' | 'machines'>,
  tags: readonly TagAvailability[],
  fleet: Fleet,
  started: ReadonlySet<string>,
): string[] {
  const down = new Set(tags.filter(({ status }) => status === 'down').map(({ tag }) => tag))
  const urgent = waiting
    .filter((job) => job.waitedMs >= fleet.availability.downAfterMs && job.tags?.some((tag) => down.has(tag)))
    .sort((a, b) => b.waitedMs - a.waitedMs)
  const wanted = new Set<string>()
  for (const job of urgent) {
    const able = machinesFor(job, fleet)
    if (able.some((machine) => wanted.has(machine) || started.has(machine) || isOn(machines.get(machine))))
      continue
    const [cheapest] = able.filter((machine) => machines.get(machine) === 'stopped')
    if (cheapest !== undefined) wanted.add(cheapest)
  }
  return [...wanted]
}

/** Whether a machine has work, or work waits that it could take. */
export function isBusy(machine: string, { waiting, runners }: Observation, fleet: Fleet): boolean {
  const own = runnersOf(fleet).filter((runner) => runner.machine === machine)
  return (
    own.some(({ name }) => (runners.get(name)?.running ?? 0) > 0) ||
    waiting.some((job) => own.some((runner) => mayTake(runner, job)))
  )
}

/** Virtual machines with a runner that may take the job, the cheapest first. */
function machinesFor(job: WaitingJob, fleet: Fleet): string[] {
  const runners = runnersOf(fleet)
  return [...fleet.vms]
    .filter(([machine]) => runners.some((runner) => runner.machine === machine && mayTake(runner, job)))
    .sort(([a, one], [b, other]) => one.costPerHourEur - other.costPerHourEur || (a < b ? -1 : 1))
    .map(([machine]) => machine)
}

/** GitLab's rule, but for being there: a machine that is off is why it is asked. */
const mayTake = (runner: Runner, job: WaitingJob) =>
  gitlabRule.every(
    (rule: Constraint) => rule.code === 'offline' || (rule.demandOf(job)?.isMetBy(runner) ?? true),
  )

export const runnersOf = ({ arms }: Fleet): Runner[] =>
  [...arms.values()].flatMap(({ runners }) => [...runners])

function minutes(ms: number): string {
  const count = Math.round(ms / 60_000)
  return `${count} ${count === 1 ? 'minute' : 'minutes'}`
}
