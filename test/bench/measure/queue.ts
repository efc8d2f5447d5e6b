/** A queue that nobody works off: how large the process gets, and where it says 503. */
import type { Child } from '../child.ts'
import { sendAll } from '../load.ts'
import type { Measurement } from '../measurement.ts'
import { webhooks } from '../requests.ts'
import { productServer } from '../served.ts'

const BOUND = 10_000
const BEYOND = 500
const MEGABYTE = 1e6

export const measure: Measurement = async (bench) => {
  const queued: Full[] = []
  const peaks: number[] = []
  for (let round = 0; round < bench.rounds; round += 1) {
    const product = await productServer(bench, { bus: 'local', handles: true })
    queued.push(await fill(product))
    // It takes as long as all that went before, so once has to do.
    if (round === 0) peaks.push(await workOff(product))
    await product.end()
  }
  return {
    'process with 10,000 events queued': queued.map(({ megabytes }) => megabytes),
    'webhooks taken before 503': queued.map(({ taken }) => taken),
    'process at its largest, working them off': peaks,
  }
}

type Full = { megabytes: number; taken: number }

async function fill(product: Child): Promise<Full> {
  await product.ask('hold')
  const { byStatus } = await sendAll(product.ready as number, webhooks(BOUND + BEYOND))
  const { 202: taken = 0, 503: refused = 0 } = byStatus
  if (taken + refused !== BOUND + BEYOND || refused === 0)
    throw new Error(`the queue has no bound: ${JSON.stringify(byStatus)}`)
  return { megabytes: (await product.usage()).rssBytes / MEGABYTE, taken }
}

async function workOff(product: Child): Promise<number> {
  await product.ask('release')
  await product.ask('drained')
  return (await product.usage()).peakRssBytes / MEGABYTE
}
