/** What the function adapter costs of what functions-framework costs by itself. */
import { startChild } from '../child.ts'
import { deployedIngest, emptyFunction } from '../deployed.ts'
import { ratios } from '../figures.ts'
import type { Measurement } from '../measurement.ts'
import { webhooks } from '../requests.ts'
import { interleave } from '../rounds.ts'
import { bareServer, microsPerRequest } from '../served.ts'

const REQUESTS = 1000

export const measure: Measurement = async (bench) => {
  const nobody = await startChild(bench, 'server/null-pubsub.ts', { isBeside: true })
  const bare = await bareServer(bench)
  const empty = await emptyFunction(bench)
  const ingest = await deployedIngest(bench, 'memory')
  const published = await deployedIngest(bench, { port: nobody.ready as number })
  const micros = await interleave(bench.rounds, {
    bare: microsPerRequest(bare, REQUESTS, 202, webhooks),
    empty: microsPerRequest(empty, REQUESTS, 202, webhooks),
    ingest: microsPerRequest(ingest, REQUESTS, 202, webhooks),
    published: microsPerRequest(published, REQUESTS, 202, webhooks),
  })
  const sent = (bench.rounds + 1) * REQUESTS
  const arrived = await nobody.ask('published')
  if (arrived !== sent) throw new Error(`${arrived} messages of ${sent} were published`)
  for (const server of [bare, empty, ingest, published, nobody]) await server.end()
  return {
    'empty framework handler': ratios(micros.empty, micros.bare),
    'function adapter': ratios(micros.ingest, micros.empty),
    'function adapter, against bare': ratios(micros.ingest, micros.bare),
    "function adapter, with Pub/Sub's client": ratios(micros.published, micros.empty),
  }
}
