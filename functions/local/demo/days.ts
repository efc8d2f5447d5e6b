/** The days of the demo, one after the other, played in a thread of their own: a day takes some time. */
import { Worker } from 'node:worker_threads'
import type { Instant } from '../../../shared/domain/event.ts'
import {
  type PlayedDay,
  type PlayedWebhook,
  playDay,
  webhooksOf,
} from '../../../shared/played-gitlab/index.ts'

export const DEMO_GITLAB = 'https://gitlab.demo.invalid'
export const DAY_MS = 86_400_000
const JOBS_A_DAY = 1500
const FIRST_ID = 500_001

/** What GitLab sends of a day, in the order of sending, how its jobs went on meanwhile, and the jobs themselves. */
export type DemoDay = Pick<PlayedDay, 'transitions' | 'jobs' | 'runners'> & { webhooks: PlayedWebhook[] }

/** @param index counts the days from 0; each has its own seed and ids, the same at every start of the demo. */
export function demoDay(startsAt: Instant, index: number): DemoDay {
  const seed = `demo ${index}`
  const day = playDay({
    seed,
    jobs: JOBS_A_DAY,
    startAt: startsAt + index * DAY_MS,
    firstJobId: FIRST_ID + index * JOBS_A_DAY,
    // No day has more pipelines than jobs.
    firstPipelineId: FIRST_ID + index * JOBS_A_DAY,
  })
  const { transitions, jobs, runners } = day
  return { webhooks: webhooksOf(day, { seed, instanceUrl: DEMO_GITLAB }), transitions, jobs, runners }
}

export type Days = { next(): Promise<DemoDay>; stop(): Promise<void> }

/** Always a day ahead of who asks. */
export function startDays(startsAt: Instant): Days {
  const worker = new Worker(new URL('./days-worker.ts', import.meta.url), { workerData: startsAt })
  const ready: DemoDay[] = []
  let waiting: { resolve(day: DemoDay): void; reject(error: unknown): void } | undefined
  let failure: unknown
  let coming: PlayedWebhook[] = []

  const ask = () => worker.postMessage('next')
  worker.on('message', (part: PlayedWebhook[] | Omit<DemoDay, 'webhooks'>) => {
    // In parts, so that taking one over holds nothing up; all but the webhooks comes with the last.
    if (Array.isArray(part)) {
      coming.push(...part)
      return
    }
    const day = { ...part, webhooks: coming }
    coming = []
    if (waiting === undefined) ready.push(day)
    else waiting.resolve(day)
    waiting = undefined
  })
  worker.on('error', (error) => {
    failure = error
    waiting?.reject(error)
  })
  ask()
  return {
    next() {
      ask()
      const day = ready.shift()
      if (day !== undefined) return Promise.resolve(day)
      if (failure !== undefined) return Promise.reject(failure)
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject }
      })
    },
    async stop() {
      await worker.terminate()
    },
  }
}
