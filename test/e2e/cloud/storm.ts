/**
 * Outcomes through the deployed functions, in bad weather: pushes that come twice, late, or whose answer is lost,
 * a Cloud Storage with its real limits that fails and loses answers, and a function killed every few seconds.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { rebuild } from '../../../functions/rebuild.ts'
import { seededDraws } from '../../../shared/domain/rng.ts'
import type { BanditState } from '../../../shared/domain/state.ts'
import type { ServiceName } from '../../../shared/runtime/handler.ts'
import { type PlayedCloud, startPlayedCloud } from '../../support/cloud/index.ts'
import { whenFileDone } from '../../support/file-done.ts'
import { buildOf, pipelineWebhook } from '../../support/pipeline-webhook.ts'
import { startPubsubEmulator } from '../../support/pubsub-emulator.ts'
import { postWebhook } from '../../support/server.ts'
import { jobWebhook, running } from '../../support/webhook.ts'

const JOBS_A_PIPELINE = 20
/** Of one in so many jobs the start is told, too. */
const STARTS = 5
const SENDERS = 24
const KILL_EVERY_MS = 5000
const KILLED: readonly ServiceName[] = ['learn', 'shadow', 'ingest', 'learn', 'record']

const started = await startPubsubEmulator()

/** GitLab does not send again; here the sender does, so that what is lost is lost by the functions. */
async function sendUntilTaken(url: string, body: unknown): Promise<void> {
  while (true) {
    const answer = await postWebhook(url, body).catch(() => undefined)
    if (answer?.status === 202) return
    await sleep(200)
  }
}

const RUNNERS = [
  'Mac Docker Runner',
  'Mac2 Docker Runner',
  'Linux Yoga Docker Runner',
  'gitlab-runner-nordic',
]

/** Pipeline hooks of all outcomes, and job hooks of some starts, in no order. */
function webhooks(outcomes: number, draw: () => number): unknown[] {
  const now = Date.now()
  const jobOf = (index: number) => {
    const description = RUNNERS[index % RUNNERS.length]
    return {
      build_id: index + 1,
      build_name: `job ${index % 7}`,
      build_status: index % 9 === 0 ? 'failed' : 'success',
      build_duration: 5 + ((index * 7919) % 600),
      runner: { id: 50 + (index % RUNNERS.length), description, tags: ['docker-any'] },
    }
  }
  const starts = Array.from({ length: outcomes / STARTS }, (_, index) => {
    const { build_id, build_name, runner } = jobOf(index)
    return running({ build_id, build_name, runner })
  })
  const ends = Array.from({ length: outcomes / JOBS_A_PIPELINE }, (_, pipeline) =>
    pipelineWebhook(
      Array.from({ length: JOBS_A_PIPELINE }, (_, job) =>
        buildOf(jobWebhook(jobOf(pipeline * JOBS_A_PIPELINE + job), now)),
      ),
    ),
  )
  const order = new Map([...starts, ...ends].map((body) => [body, draw()]))
  return [...order.keys()].sort((a, b) => (order.get(a) as number) - (order.get(b) as number))
}

/** The state as it is in the bucket now. */
async function freshState(cloud: PlayedCloud): Promise<BanditState> {
  return (await cloud.openDeps().state.read()).state
}

/** Declares the test. */
export function storm(outcomes: number): void {
  const missing = 'missing' in started ? ` (${started.missing})` : ''
  test.skipIf(missing !== '')(
    `a storm over ${outcomes} outcomes loses none and counts none twice${missing}`,
    async () => {
      if ('missing' in started) return
      const draw = seededDraws('storm')
      const cloud = await startPlayedCloud(started.emulator, whenFileDone, {
        manyAtOnce: true,
        run: ['ingest', 'learn', 'shadow', 'record'],
        weather: { draw, twice: 0.05, lost: 0.03, delayMs: 300 },
        storage: {
          writeIntervalMs: 1000,
          getMs: 25,
          putMs: 60,
          chances: { unavailable: 0.03, lostResponse: 0.03 },
        },
      })
      const { url } = cloud.functionOf('ingest')
      let isOver = false
      const killing = (async () => {
        for (let kills = 0; !isOver; kills += 1) {
          await sleep(KILL_EVERY_MS)
          await cloud.functionOf(KILLED[kills % KILLED.length] as ServiceName).kill()
        }
      })()
      const bodies = webhooks(outcomes, draw)
      await Promise.all(
        Array.from({ length: SENDERS }, async () => {
          for (let body = bodies.pop(); body !== undefined; body = bodies.pop())
            await sendUntilTaken(url, body)
        }),
      )
      const deps = cloud.openDeps()
      const count = async (rows: string) => {
        const [row] = await cloud.warehouse.query(`SELECT COUNT(*) AS n FROM ${rows}`)
        return row?.n
      }
      const observed = async () =>
        [...(await freshState(cloud)).arms.values()].reduce((sum, { n }) => sum + n, 0)
      const settle = { interval: 3000, timeout: 300_000 }
      await expect.poll(observed, settle).toBe(outcomes)
      await expect
        .poll(() => count('(SELECT DISTINCT event_id FROM ci_metrics.job_outcomes)'), settle)
        .toBe(outcomes)
      isOver = true
      await killing

      // One row for each job, with its decision and its outcome.
      expect(await count('ci_metrics.decision_outcomes WHERE job_status IS NOT NULL')).toBe(outcomes)

      expect(await count("ci_metrics.job_event_log WHERE kind = 'job.finished'")).toBe(outcomes)
      expect(await rebuild({ check: true }, cloud.openDeps())).toMatchObject({
        equal: true,
        events: outcomes,
        unlearned: 0,
      })
      expect(await deps.deadLetters.list({ limit: 10 })).toEqual([])
    },
    600_000,
  )
}
