/** The path of a webhook through the deployed functions, each a process of functions-framework. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rebuild } from '../../../functions/rebuild.ts'
import { API_TOKEN, type PlayedCloud, startPlayedCloud } from '../../support/cloud/index.ts'
import { startPubsubEmulator } from '../../support/pubsub-emulator.ts'
import { postWebhook } from '../../support/server.ts'
import { jobWebhook, running } from '../../support/webhook.ts'

const started = await startPubsubEmulator()
const cleanups: (() => unknown)[] = []
afterAll(async () => {
  for (const cleanUp of cleanups.reverse()) await cleanUp()
})

const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { interval: 200, timeout: 30_000 })

describe.skipIf('missing' in started)(
  `the deployed functions${'missing' in started ? ` (${started.missing})` : ''}`,
  () => {
    let cloud: PlayedCloud

    beforeAll(async () => {
      if ('missing' in started) return
      cloud = await startPlayedCloud(started.emulator, (cleanUp) => cleanups.push(cleanUp))
    }, 120_000)

    const ask = (path: string, init: RequestInit = {}) =>
      fetch(`${cloud.functionOf('recommend').url}${path}`, {
        ...init,
        headers: { authorization: `Bearer ${API_TOKEN}` },
      })
    const count = async (table: string) => {
      const [row] = await cloud.warehouse.query(`SELECT COUNT(*) AS n FROM ci_metrics.${table}`)
      return row?.n
    }

    test('a webhook becomes rows and state, and a question is answered from it', async () => {
      const { url } = cloud.functionOf('ingest')
      const take = async (body: unknown) => {
        const answer = await postWebhook(url, body)
        const { status } = (await answer.json()) as { status: string }
        expect([answer.status, status]).toEqual([202, 'accepted'])
      }
      await take(running())
      await eventually(() => count('runner_decisions')).toBe(1)
      // The bus remembers nothing, so a repeat is accepted; it counts once all the same.
      await take(jobWebhook())
      await take(jobWebhook())
      await eventually(() => count('decision_outcomes WHERE job_status IS NOT NULL')).toBe(1)
      await eventually(
        async () => ((await (await ask('/stats')).json()) as { observations: number }).observations,
      ).toBe(1)
      expect(await count('job_event_log')).toBe(2)
      const [row] = await cloud.warehouse.query(
        'SELECT job_status, decided_late FROM ci_metrics.decision_outcomes',
      )
      expect(row).toEqual({ job_status: 'success', decided_late: false })
      const deps = cloud.openDeps()
      expect(await rebuild({ check: true }, deps)).toMatchObject({ equal: true, events: 1, unlearned: 0 })

      const answer = await ask('/recommend?project=crm&job=x&tags=docker-any')
      const { decision_id: id, kind, state } = (await answer.json()) as Record<string, unknown>
      expect([answer.status, kind, (state as { observations: number }).observations]).toEqual([200, 'arm', 1])
      await eventually(() => count('recommendations')).toBe(1)
      await eventually(() => count('choice_sets')).toBe(1)
      const [drawn] = await cloud.warehouse.query(
        `SELECT decision_id, choice_set_id IN (SELECT choice_set_id FROM ci_metrics.choice_sets) AS has_set
         FROM ci_metrics.recommendations`,
      )
      expect(drawn).toEqual({ decision_id: id, has_set: true })
    })

    test('each function serves its own paths alone', async () => {
      expect((await ask('/webhooks/gitlab', { method: 'POST' })).status).toBe(404)
      expect((await fetch(`${cloud.functionOf('ingest').url}/recommend`)).status).toBe(404)
      expect((await fetch(`${cloud.functionOf('ingest').url}/push/learn`, { method: 'POST' })).status).toBe(
        404,
      )
      expect((await ask('/')).status).toBe(200)
      expect((await ask('/health')).status).toBe(200)
    })

    test('a message that nobody can handle becomes a dead letter with the reason', async () => {
      await cloud.pubsub.topic('quarantine').publishMessage({ data: Buffer.from('{"no":"row"}') })
      await cloud.pubsub.topic('quarantine').publishMessage({ data: Buffer.from('not json') })
      const deps = cloud.openDeps()
      await eventually(async () => (await deps.deadLetters.list({ limit: 10 })).length).toBe(2)
      const letters = await deps.deadLetters.list({ limit: 10 })
      expect(letters.map(({ subscription }) => subscription)).toEqual([
        'record-quarantine',
        'record-quarantine',
      ])
      expect(letters.map(({ reason }) => reason).sort()).toEqual([
        expect.stringContaining('quarantine_id: is missing'),
        expect.stringContaining('not JSON'),
      ])
    })

    test('a request in hand is answered before the function ends', async () => {
      const ingest = cloud.functionOf('ingest')
      const answers = Array.from({ length: 20 }, (_, index) =>
        postWebhook(ingest.url, jobWebhook({ build_id: 9000 + index })),
      )
      await new Promise((resolve) => setTimeout(resolve, 5))
      process.kill(ingest.pid(), 'SIGTERM')
      const settled = await Promise.allSettled(answers)
      // What was taken is answered; what comes too late finds nobody.
      for (const one of settled) if (one.status === 'fulfilled') expect(one.value.status).toBe(202)
      await ingest.kill()
    })
  },
)
