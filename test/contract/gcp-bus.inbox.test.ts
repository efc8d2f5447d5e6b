/** What waits for a function that comes on a schedule: taken, kept from others, and gone when acknowledged. */
import { setTimeout as sleep } from 'node:timers/promises'
import { PubSub } from '@google-cloud/pubsub'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { PubsubOptions } from '../../shared/adapters/gcp/pubsub.ts'
import { ConfigError } from '../../shared/errors.ts'
import { startPubsubEmulator } from '../support/pubsub-emulator.ts'
import { numbers } from './event-bus.harness.ts'
import { freshProject } from './gcp-bus.harness.ts'

const started = await startPubsubEmulator()

if ('missing' in started) test.skip(`inbox on Pub/Sub (${started.missing})`)
else
  describe('inbox on Pub/Sub', () => {
    const { emulator } = started

    async function freshPlace(ackDeadlineSeconds = 60) {
      const place = await freshProject(emulator, [
        { name: 'learn', topic: 'job-events', ackDeadlineSeconds },
        { name: 'shadow', topic: 'job-events' },
      ])
      const open = (options: Partial<PubsubOptions> = {}) => {
        const bus = place.open(options)
        onTestFinished(() => bus.close())
        return bus
      }
      const pubsub = new PubSub({ projectId: place.projectId, apiEndpoint: emulator.host })
      onTestFinished(() => pubsub.close())
      return { open, topic: pubsub.topic('job-events') }
    }

    const ascending = (bodies: unknown[]) => (bodies as number[]).sort((a, b) => a - b)

    test('gives as many as are asked for, and what is left with the next call', async () => {
      const { open } = await freshPlace()
      const bus = open()
      await Promise.all(numbers(1500).map((body) => bus.publish({ topic: 'job-events', body })))
      const all: unknown[] = []
      for (const count of [1001, 499, 0]) {
        const { bodies, ack } = await bus.inbox.take('learn', 1001)
        expect(bodies).toHaveLength(count)
        all.push(...bodies)
        await ack()
      }
      expect(ascending(all)).toEqual(numbers(1500))
    })

    test('keeps what is taken from others, longer than the subscription would, until it is given back', async () => {
      const { open } = await freshPlace(10)
      const [one, other] = [open({ leaseSeconds: 2 }), open()]
      await Promise.all(numbers(20).map((body) => one.publish({ topic: 'job-events', body })))
      expect((await one.inbox.take('learn', 100)).bodies).toHaveLength(20)
      await sleep(2_500)
      expect((await other.inbox.take('learn', 100)).bodies).toEqual([])
      await one.close()
      const { bodies, ack } = await other.inbox.take('learn', 100)
      expect(ascending(bodies)).toEqual(numbers(20))
      await ack()
    })

    test('gives back at once what could not be handled', async () => {
      const { open } = await freshPlace()
      const [one, other] = [open(), open()]
      await Promise.all(numbers(5).map((body) => one.publish({ topic: 'job-events', body })))
      const taken = await one.inbox.take('learn', 100)
      expect(taken.bodies).toHaveLength(5)
      await taken.giveBack()
      const { bodies, ack } = await other.inbox.take('learn', 100)
      expect(ascending(bodies)).toEqual(numbers(5))
      await ack()
    })

    test('keeps nothing of a process that died: it comes back when the lease has run out', async () => {
      const { open, topic } = await freshPlace()
      await topic.publishMessage({ data: Buffer.from('1') })
      // Renewed a thousand seconds from now, which no test sees.
      const dying = open({ leaseSeconds: 600 })
      expect((await dying.inbox.take('learn', 1)).bodies).toEqual([1])
      expect((await open().inbox.take('learn', 1)).bodies).toEqual([])
      await dying.close()
      expect((await open().inbox.take('learn', 1)).bodies).toEqual([1])
    })

    test('makes what is not JSON a dead letter, and gives the rest', async () => {
      const { open, topic } = await freshPlace()
      const bus = open()
      const bodies = ['{"job_id":9007199254740993}', '{', '\\u0000', '{"a":1}'].map((text) =>
        Buffer.from(text),
      )
      bodies.push(Buffer.from([0x22, 0xff, 0x22]))
      await Promise.all(bodies.map((data) => topic.publishMessage({ data, attributes: { type: 'x' } })))
      const taken = await bus.inbox.take('learn', 10)
      await taken.ack()
      expect(taken.bodies).toHaveLength(2)
      expect(taken.bodies).toContainEqual({ a: 1 })
      const letters = await bus.deadLetters.list({ limit: 10 })
      expect(letters.map(({ subscription, reason }) => [subscription, reason])).toEqual(
        Array(3).fill(['learn', 'it is not JSON in UTF-8']),
      )
      expect((await bus.inbox.take('learn', 10)).bodies).toEqual([])
    })

    test('makes a body a dead letter that its reader cannot handle', async () => {
      const { open, topic } = await freshPlace()
      const bus = open()
      await Promise.all(
        ['[1]', '[2]'].map((text) =>
          topic.publishMessage({ data: Buffer.from(text), attributes: { type: 'x' } }),
        ),
      )
      const taken = await bus.inbox.take('learn', 10)
      const second = taken.bodies.find((body) => JSON.stringify(body) === '[2]')
      await taken.bury(second, 'two is no event')
      await taken.ack()
      expect(await bus.deadLetters.list({ limit: 10 })).toMatchObject([
        { subscription: 'learn', body: [2], reason: 'two is no event' },
      ])
      expect((await bus.inbox.take('learn', 10)).bodies).toEqual([])
      await expect(taken.bury([3], 'not taken')).rejects.toThrow(RangeError)
    })

    test('is drained of ten thousand, batch by batch', async () => {
      const { open } = await freshPlace()
      const bus = open({ emptyAfterMs: 5_000 })
      await Promise.all(numbers(10_000).map((body) => bus.publish({ topic: 'job-events', body })))
      const all = new Set<unknown>()
      while (all.size < 10_000) {
        const { bodies, ack } = await bus.inbox.take('learn', 2_500)
        expect(bodies.length).toBeGreaterThan(0)
        for (const body of bodies) all.add(body)
        await ack()
      }
      expect((await bus.inbox.take('learn', 2_500)).bodies).toEqual([])
    })

    test('says what to do where there is no subscription of that name', async () => {
      const { open } = await freshPlace()
      await expect(open().inbox.take('nobody', 1)).rejects.toThrow(ConfigError)
    })
  })
