import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InvalidInputError, TransientError } from '../../../shared/errors.ts'
import { type GatherOptions, gather } from '../../../shared/runtime/gather.ts'

/** A clock that moves only when somebody sleeps, and batches that end when they are told to. */
function world(options: Partial<GatherOptions> = {}) {
  let now = 0
  const batches: { at: number; bodies: unknown[]; end(error?: unknown): void }[] = []
  const take = gather(
    (bodies) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const end = (error?: unknown) => (error === undefined ? resolve() : reject(error))
      batches.push({ at: now, bodies, end })
      return promise
    },
    {
      everyMs: 1000,
      maxBatch: 3,
      now: () => now,
      async sleep(ms) {
        now += ms
        await settled()
      },
      ...options,
    },
  )
  return {
    batches,
    take,
    pass: (ms: number) => {
      now += ms
    },
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('what comes together is handled together, and the first at once', async () => {
  const { take, batches } = world()
  const taken = Promise.all([take('a'), take('b')])
  await settled()
  expect(batches).toMatchObject([{ at: 0, bodies: ['a', 'b'] }])
  batches[0]?.end()
  await taken
})

test('what comes while a batch runs waits for the next, which starts a second after its end', async () => {
  const { take, batches, pass } = world()
  const first = take('a')
  await settled()
  const later = [take('b'), take('c')]
  pass(300)
  await settled()
  expect(batches).toHaveLength(1)
  batches[0]?.end()
  await first
  await settled()
  await settled()
  expect(batches[1]).toMatchObject({ at: 1300, bodies: ['b', 'c'] })
  batches[1]?.end()
  await Promise.all(later)
})

test('after a pause the next is handled at once', async () => {
  const { take, batches, pass } = world()
  const first = take('a')
  await settled()
  batches[0]?.end()
  await first
  pass(5000)
  void take('b')
  await settled()
  await settled()
  expect(batches[1]).toMatchObject({ at: 5000 })
})

test('nobody is told before the batch is handled', async () => {
  const { take, batches } = world()
  let told = false
  const taken = take('a').then(() => {
    told = true
  })
  await settled()
  expect(told).toBe(false)
  batches[0]?.end()
  await taken
})

test('a batch that fails for now fails for all in it', async () => {
  const { take, batches } = world()
  const taken = Promise.allSettled([take('a'), take('b')])
  await settled()
  batches[0]?.end(new TransientError('not now'))
  expect(await taken).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }])
})

test('only those at fault hear of a fault, wherever they stand, and every other is handled', async () => {
  const bodies = fc.array(fc.record({ id: fc.nat(), bad: fc.boolean() }), { minLength: 1, maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(bodies, fc.integer({ min: 1, max: 20 }), async (all, maxBatch) => {
      const handled: unknown[] = []
      const take = gather(
        async (some) => {
          if (some.some((body) => (body as { bad: boolean }).bad)) throw new InvalidInputError('bad')
          handled.push(...some)
        },
        { everyMs: 0, maxBatch },
      )
      const results = await Promise.allSettled(all.map((body) => take(body)))
      expect(results.map(({ status }) => status)).toEqual(
        all.map(({ bad }) => (bad ? 'rejected' : 'fulfilled')),
      )
      expect(handled).toEqual(all.filter(({ bad }) => !bad))
    }),
    { numRuns: 50 },
  )
})
