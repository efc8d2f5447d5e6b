/** What a webhook costs until it is answered 202: the request path alone, nothing that handles it afterwards. */
import { ratios } from '../figures.ts'
import type { Measurement } from '../measurement.ts'
import { webhooks } from '../requests.ts'
import { interleave } from '../rounds.ts'
import { bareServer, microsPerRequest, productServer } from '../served.ts'

const REQUESTS = 2500

export const measure: Measurement = async (bench) => {
  const bare = await bareServer(bench)
  const memory = await productServer(bench, { bus: 'memory', handles: false })
  const durable = await productServer(bench, { bus: 'local', handles: false })
  const micros = await interleave(bench.rounds, {
    bare: microsPerRequest(bare, REQUESTS, 202, webhooks),
    memory: microsPerRequest(memory, REQUESTS, 202, webhooks),
    durable: microsPerRequest(durable, REQUESTS, 202, webhooks),
  })
  for (const server of [bare, memory, durable]) await server.end()
  return {
    'bare POST': micros.bare,
    'ingest, nothing on disk': ratios(micros.memory, micros.bare),
    'ingest, durable': ratios(micros.durable, micros.bare),
  }
}
