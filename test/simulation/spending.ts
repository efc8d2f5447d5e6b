/**
 * A fleet whose only machine may be started for money, in a world that goes wrong: the tick, its documents and its ledger
 * are the real ones; GitLab, the machines, the warehouse and the clock are played. Real time passes as the steps say,
 * whatever the clock shows.
 */
import { checkAvailability } from '../../functions/check-availability.ts'
import { openGcsDocuments } from '../../shared/adapters/gcp/documents.ts'
import type { AvailabilityRules } from '../../shared/domain/availability-rules.ts'
import { TransientError } from '../../shared/errors.ts'
import type { Documents, GitlabPendingJob, Log, Vms } from '../../shared/ports.ts'
import type { Deps } from '../../shared/runtime/handler.ts'
import { parseFleet } from '../../shared/schema/fleet.ts'
import { silentLog } from '../support/gcs.ts'
import { memoryBucket } from '../support/memory-bucket.ts'
import {
  COST_PER_HOUR_EUR,
  HOUR,
  isOurs,
  MINUTE,
  type Provider,
  playedProvider,
  START,
  type Told,
} from './played-provider.ts'

export type Answers = 'fine' | 'down' | 'half' | 'none waits' | 'all wait' | 'garbage' | 'slow'
export type Tick = {
  gitlab: Answers
  vms: Provider
  tells: Told
  /** How far the clock of who makes it is from the others'. */
  apartMs: number
  /** It dies at the so-manieth request to the bucket; null: never. */
  diesAt: number | null
  isWarehouseDown: boolean
}

export type Step = {
  /** Real time that passes before it. */
  minutes: number
  /** What the clock jumps by besides. */
  jumpMs: number
  /** At the same time. */
  ticks: readonly Tick[]
  /** Jobs come that wait for the tag. */
  jobsCome: boolean
  /** The machine is switched off by somebody else. */
  isSwitchedOff: boolean
  /** What is configured from then on; null: as before. */
  becomes: Configuration | null
}

/** What the operator has done to the settings and to fleet.yaml. */
export type Configuration = 'whole' | 'without a token' | 'renamed' | 'removed'

/** What is wrong on purpose, to see the simulation find it. */
export type Flaw = 'none' | 'no compare-and-set' | 'a new request id each time'

export const CALM: Tick = {
  ...{ gitlab: 'fine', vms: 'fine', tells: 'the truth', apartMs: 0 },
  ...{ diesAt: null, isWarehouseDown: false },
}

export type World = ReturnType<typeof playedWorld>

const OURS = `vm: { name: runner-vm, zone: europe-west1-b }`
const fleetWith = (availability: string, machine: string | null = 'cloud') =>
  parseFleet(`
machines:
  ${machine === null ? '' : `${machine}: { cost_per_hour_eur: ${COST_PER_HOUR_EUR}, ${OURS} }`}
  other: { cost_per_hour_eur: 0.5, vm: { name: other-vm, zone: europe-west1-b } }
executors: [docker]
runners:
  ${machine === null ? '' : `- { name: Cloud Runner, id: 1, machine: ${machine}, executor: docker, tags: [docker-any, big, cloud], own_tag: cloud }`}
  - { name: Other Runner, id: 2, machine: other, executor: docker, tags: [docker-any, other], own_tag: other }
availability: { start: true, tags: [big], ${availability} }
`)

export function playedWorld({ seed = 'spending', flaw = 'none' as Flaw, rules = '' } = {}) {
  const whole = fleetWith(rules)
  const fleets = {
    ...{ whole, 'without a token': whole },
    ...{ renamed: fleetWith(rules, 'cloud-2'), removed: fleetWith(rules, null) },
  }
  const store = memoryBucket(seed)
  let configuration: Configuration = 'whole'
  let realMs = 0
  let aheadMs = 0
  let ids = 0
  const provider = playedProvider({ now: () => realMs, pause: () => store.pause(2) })
  const audited = new Set<string>()
  const faults: string[] = []
  const errors: string[] = []
  const log: Log = { ...silentLog, error: (message) => void errors.push(message) }
  const jumps: number[] = []
  let waitingSince: number | null = null
  let runningUntil: number | null = null

  function pass(ms: number): void {
    realMs += ms
    provider.pass()
    if (provider.isUp() && waitingSince !== null) {
      waitingSince = null
      runningUntil = realMs + 5 * MINUTE
    }
    if (runningUntil !== null && (realMs >= runningUntil || provider.onSince() === null)) runningUntil = null
  }

  /** The provider as one tick meets it, which must not ask for what it may not. */
  function vmsOf(tick: Tick, isFresh: () => boolean): Vms {
    const vms = provider.asSeenBy(tick)
    return {
      ...vms,
      start(vm, id) {
        ids += 1
        const requestId = flaw === 'a new request id each time' ? `${id} again ${ids}` : id
        if (!isFresh()) faults.push(`${requestId} was started without a look that can be believed`)
        if (!audited.has(id)) faults.push(`${requestId} was started before it was told`)
        if (!isOurs(vm)) faults.push(`${vm.name} was started`)
        return vms.start(vm, requestId)
      },
      stop(vm, requestId) {
        if (!isOurs(vm)) faults.push(`${vm.name} was stopped, and not started by us`)
        return vms.stop(vm, requestId)
      },
    }
  }

  /** Everything that one tick touches. */
  function depsOf(tick: Tick): Deps {
    const clock = { now: () => START + realMs + aheadMs + tick.apartMs }
    const process = store.process(2)
    if (tick.diesAt !== null) process.killAfter(tick.diesAt)
    const real = openGcsDocuments({ bucket: process.bucket, log: silentLog })
    const documents: Documents =
      flaw === 'no compare-and-set'
        ? {
            ...real,
            write: async (name, value) => real.write(name, value, (await real.read(name)).generation),
          }
        : real
    let isFresh = true
    async function answer<T>(fine: T, lie: T): Promise<T> {
      await store.pause(2)
      if (tick.gitlab === 'fine') return fine
      if (tick.gitlab === 'none waits' || tick.gitlab === 'all wait') return lie
      isFresh = false
      if (tick.gitlab === 'slow') realMs += 40_000
      if (tick.gitlab === 'slow') return fine
      throw new TransientError('GitLab does not answer')
    }
    const job = (id: number, createdAt: number): GitlabPendingJob => ({
      ...{ id, name: 'test', tags: ['big'], refProtected: null, createdAt, queuedSeconds: null },
    })
    const gitlab = {
      async pendingJobs(project: number) {
        if (tick.gitlab === 'half' && project === 7) return []
        if (tick.gitlab === 'garbage') {
          isFresh = false
          return [{ ...job(1, Number.NaN), tags: 'big' }] as unknown as GitlabPendingJob[]
        }
        const real = waitingSince === null || project !== 8 ? [] : [job(5, START + waitingSince)]
        const everything = [1, 2, 3].map((id) => job(id, START + realMs - HOUR))
        return answer(real, tick.gitlab === 'all wait' ? everything : [])
      },
      runners: () => answer([], []),
    } as unknown as ReturnType<Deps['gitlab']>
    return {
      clock,
      documents,
      fleet: fleets[configuration],
      log,
      rng: {
        next: () => 0.5,
        id() {
          ids += 1
          return `request-${ids}`
        },
      },
      settings: {
        gitlabApiToken: configuration === 'without a token' ? undefined : 'token-of-nobody',
        instance: 'gitlab.example.com',
      },
      gitlab: () => gitlab,
      vms: vmsOf(tick, () => isFresh),
      warehouse: {
        async query(sql: string) {
          await store.pause(2)
          if (tick.isWarehouseDown) throw new TransientError('no warehouse')
          if (sql.includes('project_path'))
            return [7, 8].map((id) => ({ project_id: id, project_path: `a/p${id}` }))
          if (runningUntil === null) return []
          const startedAt = new Date(clock.now() - MINUTE).toISOString()
          const its = { runner_id: 1, runner_description: 'Cloud Runner', started_at: startedAt }
          return [{ ...its, finished_at: null, running: 1 }]
        },
        async insert(_table: string, rows: readonly { audit_id: string }[]) {
          await store.pause(2)
          if (tick.isWarehouseDown) throw new TransientError('no warehouse')
          for (const row of rows) audited.add(row.audit_id)
        },
      },
    } as unknown as Deps
  }

  return {
    provider,
    starts: provider.starts,
    stops: provider.stops,
    audited,
    faults,
    /** What was logged as an error. */
    errors,
    /** When the clock jumped, in real time. */
    jumps,
    rules: whole.availability as AvailabilityRules,
    now: () => realMs,
    isOn: () => provider.onSince() !== null,
    jobsCome(waitedMs = 0) {
      waitingSince ??= realMs - waitedMs
    },
    async step({ minutes, jumpMs, ticks, jobsCome, isSwitchedOff, becomes }: Step): Promise<void> {
      pass(minutes * MINUTE)
      aheadMs += jumpMs
      if (jumpMs !== 0) jumps.push(realMs)
      if (jobsCome) waitingSince ??= realMs - 20 * MINUTE
      if (isSwitchedOff) provider.switchOff()
      configuration = becomes ?? configuration
      await Promise.all(ticks.map((tick) => checkAvailability(depsOf(tick)).catch(() => undefined)))
    },
  }
}
