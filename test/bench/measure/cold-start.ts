/**
 * What a new instance of each function costs until it has answered its first request, and until it has what its first
 * message needs, against an empty function that loads the same packages and none of this product's code.
 */
import type { ServiceName } from '../../../shared/runtime/handler.ts'
import { type Bench, type Child, startChild } from '../child.ts'
import { bundle, coldEmpty, coldService } from '../deployed.ts'
import { ratios } from '../figures.ts'
import { sendAll } from '../load.ts'
import type { Measurement, Values } from '../measurement.ts'
import { NEEDS } from '../needs.ts'
import { gets } from '../requests.ts'

/** What a function may load before its first message: these are a third of a second each. */
const CLIENTS = /^@google-cloud\/(pubsub|storage|bigquery)$/
const OF_ONE_MACHINE = /^@duckdb\/|^pino-pretty$|^commander$|\/shared\/adapters\/local\/(duckdb|bus)/

type Cold = { withoutMs: number; withMs: number }

export const measure: Measurement = async (bench) => {
  bundle()
  const storage = await startChild(bench, 'server/storage.ts', { isBeside: true })
  const env = { STORAGE_EMULATOR_HOST: storage.ready as string }
  const values: Values = {}
  for (const service of Object.keys(NEEDS) as ServiceName[]) {
    await refuseNeedless(bench, service, env)
    const { withFirst } = NEEDS[service]
    const starts = {
      own: () => cold(coldService(bench, service, env), withFirst),
      least: () => cold(coldEmpty(bench, NEEDS[service], env), withFirst),
    }
    const own: Cold[] = []
    const least: Cold[] = []
    for (let round = 0; round < bench.rounds; round += 1) {
      const inOrder = [
        async () => void own.push(await starts.own()),
        async () => void least.push(await starts.least()),
      ]
      for (const start of round % 2 === 0 ? inOrder : inOrder.toReversed()) await start()
    }
    const of = (colds: Cold[], part: keyof Cold) => colds.map((one) => one[part])
    values[`cold start, ${service}`] = ratios(of(own, 'withMs'), of(least, 'withMs'))
    values[`cold start, ${service}, without clients`] = ratios(of(own, 'withoutMs'), of(least, 'withoutMs'))
    values[`cold start, ${service}, CPU`] = of(own, 'withMs')
  }
  await storage.end()
  return values
}

async function cold(starting: Promise<Child>, withFirst: readonly string[]): Promise<Cold> {
  const child = await starting
  await sendAll(
    child.ready as number,
    gets(1, () => '/cold'),
  )
  const withoutMs = (await child.ask('cpuMs')) as number
  await child.ask('load', withFirst)
  const withMs = (await child.ask('cpuMs')) as number
  await child.end()
  return { withoutMs, withMs }
}

/** @throws Error when a function loads what it does not need to start. */
async function refuseNeedless(
  bench: Bench,
  service: ServiceName,
  env: Record<string, string>,
): Promise<void> {
  const child = await coldService(bench, service, { ...env, BENCH_LIST: 'true' })
  await sendAll(
    child.ready as number,
    gets(1, () => '/cold'),
  )
  const loaded = (await child.ask('loaded')) as string[]
  await child.end()
  const needless = loaded.filter(
    (name) => OF_ONE_MACHINE.test(name) || (CLIENTS.test(name) && !NEEDS[service].atStart.includes(name)),
  )
  if (needless.length > 0) throw new Error(`${service} loads ${needless.join(', ')} before its first message`)
}
