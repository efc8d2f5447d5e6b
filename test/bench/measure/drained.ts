/** What a webhook costs in all: answered, logged, learned from, shadowed and in the tables. */
import { ratios } from '../figures.ts'
import type { Measurement } from '../measurement.ts'
import { webhooks } from '../requests.ts'
import { interleave } from '../rounds.ts'
import { bareServer, microsPerRequest, productServer, sendExpecting } from '../served.ts'

const REQUESTS = 2000

export const measure: Measurement = async (bench) => {
  const bare = await bareServer(bench)
  const product = await productServer(bench, { bus: 'local', handles: true })
  const micros = await interleave(bench.rounds, {
    bare: microsPerRequest(bare, REQUESTS, 202, webhooks),
    drained: async () => {
      const before = await product.usage()
      await sendExpecting(product, REQUESTS, 202, webhooks(REQUESTS))
      await product.ask('drained')
      return ((await product.usage()).cpuMicros - before.cpuMicros) / REQUESTS
    },
  })
  for (const server of [bare, product]) await server.end()
  return {
    'webhook, everything': micros.drained,
    'webhook, everything, against bare': ratios(micros.drained, micros.bare),
  }
}
