/** What a deployment uses in a month of everything that is billed: counted from jobs, by what each causes. */
import type { Deployment } from './cost.ts'
import type { Meter } from './cost-prices.ts'

/** Assumptions that are the same for all. Latencies: reading and writing the state as measured, the others guessed. */
export const ASSUMED = {
  daysPerMonth: 30,
  /** created, pending, running, and the end: four webhooks, of which three make an event. */
  webhooksPerJob: 4,
  eventsPerJob: 3,
  webhookBytes: 3000,
  /** A decision at the start; at the finish an outcome and a late decision. */
  rowsPerJob: 3,
  rowBytes: 1000,
  publishSeconds: 0.03,
  readStateSeconds: 0.025,
  writeStateSeconds: 0.06,
  insertSeconds: 0.1,
  /** Readers of the state look for a newer one when theirs is so old. */
  pollSeconds: 2,
  requestCpuSeconds: 0.0004,
  /** Requests at once to an instance, and to the one of learn. */
  concurrency: 80,
  learnConcurrency: 1000,
  /** Of all messages, how many Pub/Sub delivers twice. */
  redelivered: 0.001,
  /** A line of the log in its envelope, as a sink publishes it. */
  journalBytes: 2000,
  loggedBytesPerEvent: 600,
  /** How long old generations of the state live. */
  oldGenerationDays: 1.5,
  /** Whether runners are alive is looked at every two minutes; each of the queries is billed 10 MB at least. */
  looksPerDay: 720,
  lookSeconds: 2,
  lookBytes: 10 * 2 ** 20,
} as const

/** So much of what is billed in a month, and for what. */
export type Usage = { meter: Meter; what: string; units: number }

const SECONDS_PER_DAY = 86_400
const MONTH_SECONDS = ASSUMED.daysPerMonth * SECONDS_PER_DAY
const BILLED_SECONDS = 0.1
const MIN_BYTES = 1000
const GIB = 2 ** 30

const billedBytes = (bytes: number) => Math.max(bytes, MIN_BYTES)
const billedSeconds = (seconds: number) =>
  Math.max(1, Math.ceil(seconds / BILLED_SECONDS - 1e-9)) * BILLED_SECONDS

/**
 * Seconds a month that instances are billed for: while at least one request is held, of requests that come independently
 * of each other; more than that when one instance is not enough for them.
 * @param held seconds that each is held; 100 ms are billed at least.
 * @param concurrency requests that one instance takes at once.
 */
export function instanceSeconds(perMonth: number, held: number, concurrency: number): number {
  const rate = perMonth / MONTH_SECONDS
  const busy = 1 - Math.exp(-rate * billedSeconds(held))
  return MONTH_SECONDS * Math.max(busy, (rate * held) / concurrency, rate * ASSUMED.requestCpuSeconds)
}

/**
 * Writes a month of one object that takes one a second: at once when the last is a second old, else when it is.
 * Between two writes lie that second and the time until the next event comes.
 */
export function stateWrites(eventsPerMonth: number): number {
  const rate = eventsPerMonth / MONTH_SECONDS
  return MONTH_SECONDS * (rate / (1 + rate))
}

/** Reads a month of a function that takes what it knows of the state for so many seconds before it looks again. */
function stateReads(requestsPerMonth: number): number {
  return requestsPerMonth / (1 + (requestsPerMonth / MONTH_SECONDS) * ASSUMED.pollSeconds)
}

/** Requests to a function: the requests, and what its instances are billed for. */
function served(what: string, requests: number, seconds: number, memoryGib: number): Usage[] {
  return [
    { meter: 'requests', what, units: requests },
    { meter: 'vcpuSeconds', what, units: seconds },
    { meter: 'memoryGibSeconds', what, units: seconds * memoryGib },
  ]
}

type Counts = { webhooks: number; events: number; finishes: number }

export function countsOf(jobsPerDay: number): Counts {
  const finishes = jobsPerDay * ASSUMED.daysPerMonth
  return {
    webhooks: finishes * ASSUMED.webhooksPerJob,
    events: finishes * ASSUMED.eventsPerJob,
    finishes,
  }
}

/** The way of a webhook: into the log, the state and the tables. `frugal`: what no design of this shape goes below. */
export function pathUsage(deployment: Deployment, frugal: boolean): Usage[] {
  const { webhooks, events, finishes } = countsOf(deployment.jobsPerDay)
  const again = frugal ? 1 : 1 + ASSUMED.redelivered
  const eventBytes = billedBytes(deployment.eventBytes)
  const shadowed = 2 * finishes * again
  const { publishSeconds, readStateSeconds, insertSeconds } = ASSUMED
  const instances = (requests: number, seconds: number) =>
    instanceSeconds(requests, frugal ? 0 : seconds, ASSUMED.concurrency)
  const { rowsPerJob, rowBytes } = ASSUMED
  const shadowSeconds = readStateSeconds + insertSeconds
  return [
    ...served('ingest', webhooks, instances(webhooks, publishSeconds), 0.5),
    { meter: 'pubsubBytes', what: 'events published', units: events * eventBytes },
    { meter: 'exportedBytes', what: 'the log', units: events * again * eventBytes },
    ...learnUsage(deployment, finishes, again),
    ...served('shadow', shadowed, instances(shadowed, shadowSeconds), 0.5),
    { meter: 'pubsubBytes', what: 'delivered to shadow', units: shadowed * eventBytes },
    ...(frugal
      ? []
      : [{ meter: 'reads', what: 'the state, by shadow', units: stateReads(shadowed) } as const]),
    {
      meter: 'insertedBytes',
      what: 'decisions and outcomes',
      units: finishes * rowsPerJob * rowBytes * again,
    },
  ]
}

/** Both drivers are what the object's one write a second makes of them, so the floor has them as they are. */
function learnUsage({ driver, shards, eventBytes }: Deployment, finishes: number, again: number): Usage[] {
  const perShard = (finishes * again) / shards
  const { readStateSeconds, writeStateSeconds } = ASSUMED
  const once = readStateSeconds + writeStateSeconds
  const delivered = finishes * again * (driver === 'push' ? billedBytes(eventBytes) : eventBytes)
  const rate = perShard / MONTH_SECONDS
  const runs = MONTH_SECONDS / 60
  const [requests, seconds, writes] =
    driver === 'push'
      ? [
          finishes * again,
          // Whoever comes within a second of a write waits for the next, half a second on the average.
          shards * instanceSeconds(perShard, once + (0.5 * rate) / (1 + rate), ASSUMED.learnConcurrency),
          shards * stateWrites(perShard),
        ]
      : [
          shards * runs,
          shards * (runs * billedSeconds(once) + perShard * ASSUMED.requestCpuSeconds * 0.1),
          // One a run in which anything came.
          shards * runs * (1 - Math.exp(-rate * 60)),
        ]
  return [
    ...served('learn', requests, seconds, 1),
    { meter: 'pubsubBytes', what: 'delivered to learn', units: delivered },
    { meter: 'writes', what: 'the state, by learn', units: writes },
    { meter: 'reads', what: 'the state, by learn', units: writes },
  ]
}

/** What comes besides: recommendations, work by the clock, and what is kept. */
export function otherUsage(deployment: Deployment): Usage[] {
  const { jobsPerDay, driver, shards, recommendationsPerJob, stateBytes, logDays } = deployment
  const { webhooks, finishes } = countsOf(jobsPerDay)
  const asked = finishes * recommendationsPerJob
  const writes = learnUsage(deployment, finishes, 1).find(({ meter }) => meter === 'writes')?.units ?? 0
  const logged = jobsPerDay * logDays * ASSUMED.eventsPerJob * ASSUMED.loggedBytesPerEvent
  const rows = jobsPerDay * logDays * (ASSUMED.rowsPerJob + recommendationsPerJob) * ASSUMED.rowBytes
  const { journalBytes, rowBytes, insertSeconds, oldGenerationDays, daysPerMonth } = ASSUMED
  const ready = deployment.readyInstances * MONTH_SECONDS
  const looks = ASSUMED.looksPerDay * daysPerMonth
  const usage: Usage[] = [
    ...served('recommend', asked, instanceSeconds(asked, 0, ASSUMED.concurrency), 0.5),
    { meter: 'reads', what: 'the state, by recommend', units: stateReads(asked) },
    ...served('record', asked, instanceSeconds(asked, insertSeconds, ASSUMED.concurrency), 0.5),
    { meter: 'pubsubBytes', what: 'recommendations, in and out', units: 2 * asked * journalBytes },
    { meter: 'insertedBytes', what: 'recommendations', units: asked * rowBytes },
    { meter: 'idleVcpuSeconds', what: 'recommend, kept ready', units: ready },
    { meter: 'idleMemoryGibSeconds', what: 'recommend, kept ready', units: ready * 0.5 },
    {
      meter: 'objectGibMonths',
      what: 'the state',
      units: ((writes / daysPerMonth) * oldGenerationDays * stateBytes) / GIB,
    },
    { meter: 'tableGibMonths', what: 'the log, decisions, outcomes', units: (logged + rows) / GIB },
    { meter: 'queriedBytes', what: 'check-state, once a day', units: logged * daysPerMonth },
    ...served('availability', looks, instanceSeconds(looks, ASSUMED.lookSeconds, 1), 0.5),
    { meter: 'queriedBytes', what: 'availability', units: looks * ASSUMED.lookBytes },
    { meter: 'schedules', what: 'ticks', units: 5 + (driver === 'pull' ? shards : 0) },
    { meter: 'secretVersions', what: 'tokens', units: 4 },
  ]
  if (!deployment.loadBalancer) return usage
  const takenIn = (webhooks * ASSUMED.webhookBytes + asked * 1000) / GIB
  return [
    ...usage,
    { meter: 'balancerHours', what: 'one base URL', units: MONTH_SECONDS / 3600 },
    { meter: 'balancedGib', what: 'webhooks and questions', units: takenIn },
  ]
}
