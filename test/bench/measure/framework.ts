/** What the function adapter adds to functions-framework's own cost. */
import { startChild } from '../child.ts'
import { ratios } from '../figures.ts'
import type { Measurement } from '../measurement.ts'
import { webhooks } from '../requests.ts'
import { interleave } from '../rounds.ts'
import { bareServer, microsPerRequest, settings } from '../served.ts'

const REQUESTS = 1000

export const measure: Measurement = async (bench) => {
  const serve = (kind: string) =>
    startChild(bench, 'server/framework.ts', { args: [kind], env: settings(bench) })
  const bare = await bareServer(bench)
  const [empty, memory, local] = [await serve('empty'), await serve('memory'), await serve('local')]
  const micros = await interleave(bench.rounds, {
    bare: microsPerRequest(bare, REQUESTS, 202, webhooks),
    empty: microsPerRequest(empty, REQUESTS, 202, webhooks),
    memory: microsPerRequest(memory, REQUESTS, 202, webhooks),
    local: microsPerRequest(local, REQUESTS, 202, webhooks),
  })
  for (const server of [bare, empty, memory, local]) await server.end()
  return {
    'empty framework handler': ratios(micros.empty, micros.bare),
    'function adapter': ratios(micros.memory, micros.empty),
    'function adapter, local bus': ratios(micros.local, micros.empty),
  }
}
