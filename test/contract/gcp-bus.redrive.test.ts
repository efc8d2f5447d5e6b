/** What was given up on in the cloud, and the way back: interrupted, addressed to nobody, or Pub/Sub's own doing. */
import { once } from 'node:events'
import { join } from 'node:path'
import { PubSub } from '@google-cloud/pubsub'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ConfigError } from '../../shared/errors.ts'
import type { Log } from '../../shared/ports.ts'
import { startPubsubEmulator } from '../support/pubsub-emulator.ts'
import { numbers } from './event-bus.harness.ts'
import { freshProject, type PubsubPlace, silent } from './gcp-bus.harness.ts'
import { startInNode } from './process.ts'

const started = await startPubsubEmulator()
const LETTERS = 3_000
const ADAPTER = join(import.meta.dirname, '../../shared/adapters/gcp/pubsub.ts')

if ('missing' in started) test.skip(`dead letters on Pub/Sub (${started.missing})`)
else
  describe('dead letters on Pub/Sub', () => {
    const { emulator } = started

    async function freshPlace() {
      const place = await freshProject(emulator)
      const bus = place.open()
      const pubsub = new PubSub({ projectId: place.projectId, apiEndpoint: emulator.host })
      onTestFinished(async () => {
        await bus.close()
        await pubsub.close()
      })
      return { place, bus, pubsub }
    }

    const bury = (bus: ReturnType<PubsubPlace['open']>, subscription: string, bodies: readonly number[]) =>
      Promise.all(
        bodies.map((body) =>
          bus.bury({
            subscription,
            topic: 'job-events',
            data: Buffer.from(JSON.stringify(body)),
            attributes: { type: 'job.finished', shard: '0' },
            reason: 'no event',
          }),
        ),
      )

    /** Everything that waits for a subscription, taken and acknowledged. */
    async function everything(bus: ReturnType<PubsubPlace['open']>, subscription: string) {
      const bodies: unknown[] = []
      while (true) {
        const taken = await bus.inbox.take(subscription, 20_000)
        await taken.ack()
        if (taken.bodies.length === 0) return bodies
        bodies.push(...taken.bodies)
      }
    }

    /** Redrives in a process of its own, and dies once it has said that it has begun. */
    async function redriveAndDie(projectId: string): Promise<void> {
      const child = startInNode(
        `
        import { writeSync } from 'node:fs'
        import { openPubsubBus } from '${ADAPTER}'
        const log = { debug() {}, info() {}, warning() {}, error() {} }
        const bus = openPubsubBus({ projectId: '${projectId}', shards: 1, log, journal() {}, leaseSeconds: 3 })
        await bus.deadLetters.redrive({}, (done) => writeSync(1, done + '\\n'))
        writeSync(1, 'finished')`,
        { PUBSUB_EMULATOR_HOST: emulator.host, METADATA_SERVER_DETECTION: 'none' },
      )
      let said = ''
      child.stdout?.on('data', (text) => {
        said += text
        if (Number(said.split('\n').at(-2)) >= LETTERS / 5) child.kill('SIGKILL')
      })
      await once(child, 'exit')
      expect(said).not.toContain('finished')
    }

    test('a redrive of three thousand that is killed is finished by the next: none is lost', async () => {
      const { place, bus } = await freshPlace()
      await bury(bus, 'mended', numbers(LETTERS))
      await redriveAndDie(place.projectId)
      const given = new Set<unknown>()
      let byTheNext = 0
      // What the dead process had in hand comes back when its lease has run out.
      const goOn = async () => {
        byTheNext += (await bus.deadLetters.redrive({})).mended ?? 0
        for (const body of await everything(bus, 'mended')) given.add(body)
        return given.size
      }
      await expect.poll(goOn, { interval: 200, timeout: 90_000 }).toBe(LETTERS)
      expect(given).toEqual(new Set(numbers(LETTERS)))
      expect(byTheNext).toBeLessThan(LETTERS)
      expect(await bus.deadLetters.list({ limit: 1 })).toEqual([])
      expect(await bus.deadLetters.redrive({})).toEqual({})
    }, 120_000)

    test('what is given back carries whom it is for, and nothing of its death', async () => {
      const { bus, pubsub } = await freshPlace()
      await bury(bus, 'mended', [1])
      await bus.deadLetters.redrive({})
      const subscription = pubsub.subscription('well')
      const [message] = await once(subscription, 'message')
      message.ack()
      await subscription.close()
      expect(message.data.toString()).toBe('1')
      expect(message.attributes).toEqual({
        type: 'job.finished',
        shard: '0',
        redrive_for: 'mended',
        redriven_at: expect.stringMatching(/^\d{13}$/),
      })
      // Every subscription of the topic is sent it where filters are not applied; only its own takes it.
      expect(await everything(bus, 'well')).toEqual([])
      expect(await everything(bus, 'mended')).toEqual([1])
    })

    test('what Pub/Sub itself gave up on is told with the number of attempts, and goes back', async () => {
      const { bus, pubsub } = await freshPlace()
      await bus.publish({ topic: 'job-events', body: { event_id: 'e' } })
      const subscription = pubsub.subscription('reader')
      subscription.on('message', (message) => message.nack())
      const listed = () => bus.deadLetters.list({ limit: 2 })
      await expect.poll(listed, { timeout: 20_000 }).toHaveLength(1)
      await subscription.close()
      expect(await listed()).toMatchObject([
        { subscription: 'reader', body: { event_id: 'e' }, reason: 'gave up after 5 attempts' },
      ])
      expect(await bus.deadLetters.redrive({})).toEqual({ reader: 1 })
      expect(await everything(bus, 'reader')).toEqual([{ event_id: 'e' }])
    })

    test('a letter whose subscription is gone, or that names none, stays and is told', async () => {
      const { place, bus, pubsub } = await freshPlace()
      await bury(bus, 'mended', [1])
      await bury(bus, 'learn-7', [2])
      await pubsub.topic('dead-letters').publishMessage({ data: Buffer.from('{') })
      const warnings: unknown[] = []
      const log: Log = { ...silent, warning: (message, fields) => warnings.push([message, fields]) }
      const operator = place.open({ log })
      onTestFinished(() => operator.close())
      expect(await operator.deadLetters.redrive({})).toEqual({ mended: 1 })
      expect(warnings).toEqual([['letters.unaddressed', { letters: 2 }]])
      const left = await bus.deadLetters.list({ limit: 10 })
      expect(left.map(({ subscription, body }) => [subscription, body]).sort()).toEqual([
        ['learn-7', 2],
        ['unknown', '{'],
      ])
    })

    test('a letter that dies again meanwhile is left for the next redrive, so that each one ends', async () => {
      const { bus, pubsub } = await freshPlace()
      // More than one batch of a redrive: the first die again while the next are given back.
      await bury(bus, 'mended', numbers(1500))
      const subscription = pubsub.subscription('mended')
      subscription.on('message', async (message) => {
        const { data, attributes } = message
        await bus.bury({ subscription: 'mended', data, attributes, reason: 'again' })
        message.ack()
      })
      onTestFinished(() => subscription.close())
      for (let time = 0; time < 2; time += 1) {
        expect(await bus.deadLetters.redrive({})).toEqual({ mended: 1500 })
        const again = async () =>
          (await bus.deadLetters.list({ limit: 9000 })).filter(({ reason }) => reason === 'again').length
        await expect.poll(again, { timeout: 30_000 }).toBe(1500)
      }
    })

    test('says what to do where there is no subscription of that name', async () => {
      const { pubsub, bus } = await freshPlace()
      await pubsub.subscription('dead-letters').delete()
      const advice = /^Pub\/Sub has no subscription dead-letters in project p-.*Apply infra\//
      await expect(bus.deadLetters.list({ limit: 1 })).rejects.toThrow(advice)
      await expect(bus.deadLetters.redrive({})).rejects.toThrow(ConfigError)
    })
  })
