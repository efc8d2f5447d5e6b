/** What a recommendation costs, with its entry in the journal, for fleets of different sizes. */
import type { Bench } from '../child.ts'
import { ratios } from '../figures.ts'
import { writeFleet } from '../learned.ts'
import type { Measurement, Values } from '../measurement.ts'
import { gets } from '../requests.ts'
import { interleave } from '../rounds.ts'
import { bareServer, microsPerRequest, productServer, settings } from '../served.ts'

const MICROS_PER_MS = 1000
const REQUESTS = 2000
const FLEETS = [11, 100, 1000]
/** As many as there are different questions: what is made once for each is made before. */
const FIRST_QUESTIONS = 20

export const measure: Measurement = async (bench) => {
  const values: Values = {}
  for (const arms of FLEETS) Object.assign(values, await measureFleet(bench, arms))
  return values
}

async function measureFleet(bench: Bench, arms: number): Promise<Values> {
  const env = settings(bench)
  const fleet = writeFleet(arms, env.RUNNER_BANDIT_DATA as string)
  const bare = await bareServer(bench)
  const product = await productServer(
    bench,
    { bus: 'local', handles: false },
    { ...env, RUNNER_BANDIT_FLEET: fleet },
  )
  const asked = (count: number, tags: string) =>
    microsPerRequest(product, count, 200, (requests) => gets(requests, asking(tags)))
  const first = [await asked(FIRST_QUESTIONS, 'any-runner')(), await asked(FIRST_QUESTIONS, 'docker-any')()]
  const micros = await interleave(bench.rounds, {
    bare: microsPerRequest(bare, REQUESTS, 200, (count) => gets(count, () => '/recommend')),
    all: asked(REQUESTS, 'any-runner'),
    third: asked(REQUESTS, 'docker-any'),
  })
  for (const server of [bare, product]) await server.end()
  return {
    [`recommend, ${arms} arms, all feasible`]: ratios(micros.all, micros.bare),
    [`recommend, ${arms} arms, a third feasible`]: ratios(micros.third, micros.bare),
    [`recommend, ${arms} arms, first question of a state`]: first.map((value) => value / MICROS_PER_MS),
  }
}

/** Twenty job keys in turn. */
const asking = (tags: string) => (index: number) =>
  `/recommend?project=${101 + (index % 5)}&job=job%20${Math.floor(index / 5) % 4}&tags=${tags}`
