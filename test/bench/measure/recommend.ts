/** What a recommendation costs, with its entry in the journal, for fleets of different sizes. */
import type { Bench } from '../child.ts'
import { ratios } from '../figures.ts'
import { writeFleet } from '../learned.ts'
import type { Measurement, Values } from '../measurement.ts'
import { gets } from '../requests.ts'
import { interleave } from '../rounds.ts'
import { bareServer, microsPerRequest, productServer, settings } from '../served.ts'

const BARE_REQUESTS = 3000
/** Fewer of the expensive ones: a round is to take about as long. */
const REQUESTS: Readonly<Record<number, number>> = { 11: 2000, 100: 800, 1000: 100 }

export const measure: Measurement = async (bench) => {
  const values: Values = {}
  for (const [arms, requests] of Object.entries(REQUESTS))
    Object.assign(values, await measureFleet(bench, Number(arms), requests))
  return values
}

async function measureFleet(bench: Bench, arms: number, requests: number): Promise<Values> {
  const env = settings(bench)
  const fleet = writeFleet(arms, env.RUNNER_BANDIT_DATA as string)
  const bare = await bareServer(bench)
  const product = await productServer(
    bench,
    { bus: 'local', handles: false },
    { ...env, RUNNER_BANDIT_FLEET: fleet },
  )
  const micros = await interleave(bench.rounds, {
    bare: microsPerRequest(bare, BARE_REQUESTS, 200, (count) => gets(count, () => '/recommend')),
    all: microsPerRequest(product, requests, 200, (count) => gets(count, asking('any-runner'))),
    third: microsPerRequest(product, requests, 200, (count) => gets(count, asking('docker-any'))),
  })
  for (const server of [bare, product]) await server.end()
  return {
    [`recommend, ${arms} arms, all feasible`]: ratios(micros.all, micros.bare),
    [`recommend, ${arms} arms, a third feasible`]: ratios(micros.third, micros.bare),
  }
}

/** Twenty job keys in turn. */
const asking = (tags: string) => (index: number) =>
  `/recommend?project=${101 + (index % 5)}&job=job%20${Math.floor(index / 5) % 4}&tags=${tags}`
