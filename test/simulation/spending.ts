/**
 * A fleet whose only machine may be started for money, in a world that goes wrong: the tick, its documents and its ledger
 * are the real ones; GitLab, the machines, the warehouse and the clock are played. Real time passes as the steps say,
 * whatever the clock shows.
 */
import { checkAvailability } from '../../functions/check-availability.ts'
import { openGcsDocuments } from '../../shared/adapters/gcp/documents.ts'
import type { AvailabilityRules } from '../../shared/domain/availability-rules.ts'
import { TransientError } from '../../shared/errors.ts'
import type { Documents, GitlabPendingJob, VmRef, VmStatus } from '../../shared/ports.ts'
import type { Deps } from '../../shared/runtime/handler.ts'
import { parseFleet } from '../../shared/schema/fleet.ts'
import { silentLog } from '../support/gcs.ts'
import { memoryBucket } from '../support/memory-bucket.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
const START = Date.parse('2026-11-21T20:00:00Z')
const BOOT_MS = 2 * MINUTE

export type Answers = 'fine' | 'down' | 'half' | 'none waits' | 'all wait' | 'garbage' | 'slow'
/** `late`: as with a lost answer, and the machine is still told to be off for a while. */
export type Provider = 'fine' | 'unavailable' | 'request lost' | 'answer lost' | 'late' | 'silent'

export type Tick = {
  gitlab: Answers
  vms: Provider
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
}

/** What is wrong on purpose, to see the simulation find it. */
export type Flaw = 'none' | 'no compare-and-set' | 'a new request id each time'

export const CALM: Tick = { gitlab: 'fine', vms: 'fine', diesAt: null, isWarehouseDown: false }

export type World = ReturnType<typeof playedWorld>

export const fleetWith = (availability: string) =>
  parseFleet(`
machines:
  cloud: { cost_per_hour_eur: 0.5, vm: { name: runner-vm, zone: europe-west1-b } }
  other: { cost_per_hour_eur: 0.5, vm: { name: other-vm, zone: europe-west1-b } }
executors: [docker]
runners:
  - { name: Cloud Runner, id: 1, machine: cloud, executor: docker, tags: [docker-any, big, cloud], own_tag: cloud }
  - { name: Other Runner, id: 2, machine: other, executor: docker, tags: [docker-any, other], own_tag: other }
availability: { start: true, tags: [big], ${availability} }
`)

export function playedWorld({ seed = 'spending', flaw = 'none' as Flaw, rules = '' } = {}) {
  const fleet = fleetWith(rules)
  const store = memoryBucket(seed)
  let realMs = 0
  let aheadMs = 0
  let ids = 0
  /** By real time; the first asking of each request id. */
  const starts: { requestId: string; realMs: number }[] = []
  const stops: { requestId: string; realMs: number }[] = []
  const audited = new Set<string>()
  const faults: string[] = []
  let onSince: number | null = null
  const onTimes: { from: number; to: number }[] = []
  let comesInSteps = 0
  let waitingSince: number | null = null
  let runningUntil: number | null = null
  const clock = { now: () => START + realMs + aheadMs }
  const ours = (vm: VmRef) => vm.name === 'runner-vm'

  function switchOff(): void {
    if (onSince !== null) onTimes.push({ from: onSince, to: realMs })
    onSince = null
    runningUntil = null
  }

  function statusOf(vm: VmRef): VmStatus {
    // Somebody else's, and on all the time.
    if (!ours(vm)) return 'running'
    if (onSince === null) return 'stopped'
    return realMs - onSince < BOOT_MS ? 'starting' : 'running'
  }

  function pass(ms: number): void {
    realMs += ms
    if (comesInSteps > 0) {
      comesInSteps -= 1
      if (comesInSteps === 0) onSince ??= realMs
    }
    if (onSince !== null && waitingSince !== null && realMs - onSince > BOOT_MS) {
      waitingSince = null
      runningUntil = realMs + 5 * MINUTE
    }
    if (runningUntil !== null && realMs >= runningUntil) runningUntil = null
  }

  /** Everything that one tick touches. */
  function depsOf(tick: Tick): Deps {
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
    async function meet(effect: () => void): Promise<void> {
      await store.pause(2)
      if (tick.vms === 'unavailable' || tick.vms === 'silent') throw new TransientError('503')
      if (tick.vms === 'request lost') throw new TransientError('reset by peer')
      effect()
      await store.pause(2)
      if (tick.vms === 'answer lost' || tick.vms === 'late') throw new TransientError('timed out')
    }
    return {
      clock,
      documents,
      fleet,
      log: silentLog,
      rng: {
        next: () => 0.5,
        id() {
          ids += 1
          return `request-${ids}`
        },
      },
      settings: { gitlabApiToken: 'token-of-nobody', instance: 'gitlab.example.com' },
      gitlab: () => gitlab,
      vms: {
        async status(vm: VmRef) {
          await store.pause(2)
          if (tick.vms === 'silent') throw new TransientError('503')
          return statusOf(vm)
        },
        async start(vm: VmRef, id: string) {
          ids += 1
          const requestId = flaw === 'a new request id each time' ? `${id} again ${ids}` : id
          if (!isFresh) faults.push(`${requestId} was started without a look that can be believed`)
          if (!audited.has(id)) faults.push(`${requestId} was started before it was told`)
          if (!ours(vm)) faults.push(`${vm.name} was started`)
          await meet(() => {
            if (starts.some((one) => one.requestId === requestId)) return
            starts.push({ requestId, realMs })
            if (tick.vms === 'late') comesInSteps = 3
            else onSince ??= realMs
          })
        },
        async stop(vm: VmRef, requestId: string) {
          if (!ours(vm)) faults.push(`${vm.name} was stopped, and not started by us`)
          await meet(() => {
            if (stops.some((one) => one.requestId === requestId)) return
            stops.push({ requestId, realMs })
            switchOff()
          })
        },
      },
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
    starts,
    stops,
    audited,
    faults,
    rules: fleet.availability as AvailabilityRules,
    now: () => realMs,
    isOn: () => onSince !== null,
    jobsCome(waitedMs = 0) {
      waitingSince ??= realMs - waitedMs
    },
    switchOff,
    /** Real euros of the day that ends now. */
    eurOfDay() {
      const times = onSince === null ? onTimes : [...onTimes, { from: onSince, to: realMs }]
      const onMs = times.map(({ from, to }) => Math.max(0, to - Math.max(from, realMs - 24 * HOUR)))
      return (onMs.reduce((sum, ms) => sum + ms, 0) / HOUR) * 0.5
    },
    async step({ minutes, jumpMs, ticks, jobsCome, isSwitchedOff }: Step): Promise<void> {
      pass(minutes * MINUTE)
      aheadMs += jumpMs
      if (jobsCome) waitingSince ??= realMs - 20 * MINUTE
      if (isSwitchedOff) switchOff()
      await Promise.all(ticks.map((tick) => checkAvailability(depsOf(tick)).catch(() => undefined)))
    },
  }
}
