/**
 * learn as it is deployed, from the body of a push to its answer: `learner.ts <shards> <shard>`. The framework and the
 * identity token, which every push passes before, are not in it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { pushOf } from '../../../functions/cloud/push.ts'
import { learnBatch } from '../../../functions/learn-batch.ts'
import { routes } from '../../../functions/routes.ts'
import { totalObservations } from '../../../shared/domain/state.ts'
import type { Inbox, StateStore } from '../../../shared/ports.ts'
import { loadConfig } from '../../../shared/runtime/config.ts'
import { openCloudDeps } from '../../../shared/runtime/deps-cloud.ts'
import { isTopicRoute } from '../../../shared/runtime/handler.ts'
import { createLog } from '../../../shared/runtime/log.ts'
import { answerBench } from '../answers.ts'
import { stateWith } from '../learned.ts'
import { eventBodies, pushes, REALISTIC } from '../pushes.ts'

const [shards, shard] = process.argv.slice(2).map(Number) as [number, number]
const deps = openCloudDeps(loadConfig(), createLog('warning'), { service: 'learn' })
const store = deps.shards[shard] as StateStore
const route = routes.filter(isTopicRoute).find(({ name }) => name === 'learn')
if (route === undefined) throw new Error('there is no route "learn" of a topic any more')
const push = pushOf(route, deps)
let ready: Buffer[] = []

/** Milliseconds from when a push was due to its answer, and how many were answered while they came. */
export type Driven = { ackMs: number[]; inTime: number; cpuMicros: number }

/** Sends what is ready at an even pace, whether answers come or not, and waits for all of them. */
async function drive({ perSecond }: { perSecond: number }): Promise<Driven> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  const ackMs: number[] = []
  const endMs = (1000 * ready.length) / perSecond
  let inTime = 0
  const send = async (body: Buffer, dueMs: number) => {
    const { status } = await push({
      method: 'POST',
      query: new URLSearchParams(),
      headers: {},
      body: async () => body,
      drain: async () => 0,
    })
    if (status !== 204) throw new Error(`a push was answered ${status}`)
    const now = performance.now() - start
    ackMs.push(now - dueMs)
    if (now <= endMs) inTime += 1
  }
  const sent: Promise<void>[] = []
  while (sent.length < ready.length) {
    const due = Math.min(ready.length, Math.floor(((performance.now() - start) * perSecond) / 1000))
    while (sent.length < due) sent.push(send(ready[sent.length] as Buffer, (1000 * sent.length) / perSecond))
    await sleep(5)
  }
  await Promise.all(sent)
  const { user, system } = process.cpuUsage(cpu)
  return { ackMs, inTime, cpuMicros: user + system }
}

/** One run of the scheduled pull over what is ready, and what it took. */
async function drain(): Promise<{ seconds: number; cpuMicros: number }> {
  const waiting = ready
  const inbox: Inbox = {
    async take(_subscription, max) {
      const bodies = waiting.splice(0, max).map((data) => JSON.parse(data.toString()))
      return {
        bodies,
        bury: () => Promise.reject(new Error('nothing is at fault')),
        ack: async () => {},
        giveBack: async () => {},
      }
    },
  }
  const cpu = process.cpuUsage()
  const start = performance.now()
  await learnBatch({ ...deps, inbox }, shard)
  const { user, system } = process.cpuUsage(cpu)
  if (waiting.length > 0) throw new Error(`${waiting.length} messages were left when the run ended`)
  return { seconds: (performance.now() - start) / 1000, cpuMicros: user + system }
}

type Planned = { count: number; after: number }

answerBench(undefined, {
  /** A state that has so many ids in its window. */
  seed: async (ids) => {
    await store.write(stateWith(ids as number, REALISTIC), (await store.read()).generation)
  },
  pushes: (input) => {
    const { count, after } = input as Planned
    ready = pushes(count, after, { shard, shards })
  },
  messages: (input) => {
    const { count, after } = input as Planned
    ready = eventBodies(count, after, { shard, shards })
  },
  drive: (input) => drive(input as { perSecond: number }),
  drain,
  observations: async () => totalObservations((await store.read()).state),
})
