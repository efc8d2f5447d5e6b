/** What requests without the token cost, and whether they leave anything behind. */
import { gzipSync } from 'node:zlib'
import type { Child } from '../child.ts'
import { ratios } from '../figures.ts'
import type { Measurement } from '../measurement.ts'
import { post, WEBHOOK_TOKEN, webhooks } from '../requests.ts'
import { interleave } from '../rounds.ts'
import { bareServer, microsPerRequest, productServer, sendExpecting } from '../served.ts'

const REQUESTS = 2500
const ATTACKS = 10_000
const WARM_UP = 3000
const MEGABYTE = 1e6

const WRONG_TOKEN = `X-Gitlab-Token: ${WEBHOOK_TOKEN.slice(0, -1)}!`

export const measure: Measurement = async (bench) => {
  const bare = await bareServer(bench)
  const product = await productServer(bench, { bus: 'local', handles: false })
  const micros = await interleave(bench.rounds, {
    bare: microsPerRequest(bare, REQUESTS, 202, webhooks),
    rejected: microsPerRequest(product, REQUESTS, 401, (count) => webhooks(count, [WRONG_TOKEN])),
  })
  for (const server of [bare, product]) await server.end()
  const growth: number[] = []
  const more: number[] = []
  for (let round = 0; round < bench.rounds; round += 1) {
    const attacked = await productServer(bench, { bus: 'local', handles: false })
    const before = await megabytesAfter(attacked, WARM_UP, 202, webhooks(WARM_UP))
    const after = await megabytesAfter(attacked, ATTACKS, 401, attacks(ATTACKS))
    growth.push(after - before)
    if (round === 0) more.push((await megabytesAfter(attacked, ATTACKS, 401, attacks(ATTACKS))) - after)
    await attacked.end()
  }
  return {
    'rejected request': ratios(micros.rejected, micros.bare),
    'growth over 10,000 attacks': growth,
    'growth over 10,000 more': more,
  }
}

/** Resident memory, when all were answered. */
async function megabytesAfter(
  server: Child,
  count: number,
  status: number,
  requests: Iterable<Buffer>,
): Promise<number> {
  await sendExpecting(server, count, status, requests)
  return (await server.usage()).rssBytes / MEGABYTE
}

/** In turn: a wrong token of the right length, none, a gzip bomb of 3 MB, and a body that is said to be of 100 MB. */
function* attacks(count: number) {
  const bomb = post(gzipSync(Buffer.alloc(3 * MEGABYTE)), ['Content-Encoding: gzip'])
  const endless = Buffer.from(
    post(Buffer.alloc(0), [WRONG_TOKEN])
      .toString('latin1')
      .replace('Content-Length: 0', 'Content-Length: 104857600'),
  )
  const wrong = webhooks(count, [WRONG_TOKEN])
  const none = webhooks(count, [])
  for (let sent = 0; sent < count; sent += 1) {
    if (sent % 4 < 2) yield (sent % 4 === 0 ? wrong : none).next().value as Buffer
    else yield sent % 4 === 2 ? bomb : endless
  }
}
