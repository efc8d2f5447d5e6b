/**
 * What learn holds out on a Cloud Storage with its limits: one update a second an object, 25 ms for a read and 60 ms
 * for a write. Pushed to (driver A) on one object and on eight, and pulling (driver B).
 */
import { type Bench, type Child, startChild } from '../child.ts'
import { CLOUD_SETTINGS } from '../deployed.ts'
import type { Measurement } from '../measurement.ts'
import type { Driven } from '../server/learner.ts'

const LIMITS = { writeIntervalMs: 1000, getMs: 25, putMs: 60, isVersioned: false }
const SECONDS = 20
/** Instances live longer than it takes until their code is compiled. */
const WARM_UP_SECONDS = 2
/** So many jobs are none of those before. */
const LATER = 1_000_000
/** More is offered than has to be done: what came last is on its way when time is up. */
const OFFERED = 1.1
const ONE_OBJECT_PER_SECOND = 500
const SHARDS = 8
const SHARDS_PER_SECOND = 4000
const DRAINED = 100_000
/** In the window of the state before. */
const IDS = 100_000
const OBJECT_INTERVAL_MS = 1000

export const measure: Measurement = async (bench) => {
  const one = await pushed(bench, 1, ONE_OBJECT_PER_SECOND)
  const eight = await pushed(bench, SHARDS, SHARDS_PER_SECOND)
  const pulled = await pulling(bench)
  return {
    'learn, one object, done': [one.donePerSecond],
    'learn, one object, ack p50': [one.ackSeconds(0.5)],
    'learn, one object, ack p99': [one.ackSeconds(0.99)],
    'learn, one object, PUTs in 1,000 events': [one.putsPerThousand],
    'learn, one object, CPU an event': [one.microsPerEvent],
    'learn, 8 shards, done': [eight.donePerSecond],
    'learn, 8 shards, ack p50': [eight.ackSeconds(0.5)],
    'learn, 8 shards, ack p99': [eight.ackSeconds(0.99)],
    'learn, 8 shards, PUTs in 1,000 events': [eight.putsPerThousand],
    'learn, 8 shards, CPU an event': [eight.microsPerEvent],
    'learn-batch, 100,000 events': [pulled.seconds],
    'learn-batch, 100,000 events, PUTs': [pulled.puts],
    'learn-batch, CPU an event': [pulled.microsPerEvent],
  }
}

async function pushed(bench: Bench, shards: number, target: number) {
  const perSecond = (OFFERED * target) / shards
  const count = perSecond * SECONDS
  const { learners, puts, end } = await start(bench, shards)
  const ofAll = (question: string, input: unknown) =>
    Promise.all(learners.map((learner) => learner.ask(question, input)))
  const warmUp = WARM_UP_SECONDS * perSecond
  await ofAll('pushes', { count: warmUp, after: IDS })
  await ofAll('drive', { perSecond })
  await ofAll('pushes', { count, after: IDS + LATER })
  const before = await puts()
  const driven = (await ofAll('drive', { perSecond })) as Driven[]
  const made = (await puts()) - before
  await end(warmUp + count)
  const ackMs = driven.flatMap((one) => one.ackMs).sort((a, b) => a - b)
  const total = (of: (one: Driven) => number) => driven.reduce((sum, one) => sum + of(one), 0)
  return {
    donePerSecond: total(({ inTime }) => inTime) / SECONDS,
    ackSeconds: (share: number) => (ackMs[Math.ceil(share * ackMs.length) - 1] as number) / 1000,
    putsPerThousand: (1000 * made) / ackMs.length,
    microsPerEvent: total(({ cpuMicros }) => cpuMicros) / ackMs.length,
  }
}

async function pulling(bench: Bench) {
  const { learners, puts, end } = await start(bench, 1)
  const [learner] = learners as [Child]
  await learner.ask('messages', { count: DRAINED, after: IDS })
  const before = await puts()
  const { seconds, cpuMicros } = (await learner.ask('drain')) as { seconds: number; cpuMicros: number }
  const made = (await puts()) - before
  await end(DRAINED)
  return { seconds, puts: made, microsPerEvent: cpuMicros / DRAINED }
}

/** A bucket, and for each shard a process that learns; `end` checks how many events each has learned. */
async function start(bench: Bench, shards: number) {
  const storage = await startChild(bench, 'server/storage.ts', {
    args: [JSON.stringify(LIMITS)],
    isBeside: true,
  })
  const seeded = IDS / shards
  const learners: Child[] = []
  for (let shard = 0; shard < shards; shard += 1) {
    const learner = await startChild(bench, 'server/learner.ts', {
      args: [String(shards), String(shard)],
      env: {
        ...CLOUD_SETTINGS,
        STORAGE_EMULATOR_HOST: storage.ready as string,
        BANDIT_STATE_SHARDS: String(shards),
      },
      // Eight share two cores; each would have one to itself.
      isBeside: shard % 2 === 1,
    })
    await learner.ask('seed', seeded)
    learners.push(learner)
  }
  await new Promise((resolve) => setTimeout(resolve, OBJECT_INTERVAL_MS))
  return {
    learners,
    puts: async () => ((await storage.ask('counts')) as { put: number }).put,
    async end(count: number): Promise<void> {
      for (const learner of learners) {
        const learned = ((await learner.ask('observations')) as number) - seeded
        if (learned !== count) throw new Error(`of ${count} events ${learned} were learned`)
        await learner.end()
      }
      await storage.end()
    },
  }
}
