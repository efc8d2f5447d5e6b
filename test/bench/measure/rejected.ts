/** What requests without the token cost, and whether they leave anything behind: on one machine and as deployed. */
import { gzipSync } from 'node:zlib'
import type { Bench, Child } from '../child.ts'
import { deployedIngest } from '../deployed.ts'
import { ratios } from '../figures.ts'
import type { Measurement } from '../measurement.ts'
import { post, WEBHOOK_TOKEN, webhooks } from '../requests.ts'
import { interleave } from '../rounds.ts'
import { bareServer, microsPerRequest, productServer, sendExpecting } from '../served.ts'

const REQUESTS = 2500
const ATTACKS = 10_000
const WARM_UP = 3000
const MEGABYTE = 1e6
/** Memory depends on what else the machine does less than time; each round takes as long as all of the rest. */
const GROWTH_ROUNDS = 3

const WRONG_TOKEN = `X-Gitlab-Token: ${WEBHOOK_TOKEN.slice(0, -1)}!`

export const measure: Measurement = async (bench) => {
  const local = () => productServer(bench, { bus: 'local', handles: false })
  const deployed = () => deployedIngest(bench, 'memory')
  const servers = { bare: await bareServer(bench), local: await local(), deployed: await deployed() }
  const rejected = (server: Child) =>
    microsPerRequest(server, REQUESTS, 401, (count) => webhooks(count, [WRONG_TOKEN]))
  const micros = await interleave(bench.rounds, {
    bare: microsPerRequest(servers.bare, REQUESTS, 202, webhooks),
    local: rejected(servers.local),
    deployed: rejected(servers.deployed),
  })
  for (const server of Object.values(servers)) await server.end()
  const ofLocal = await growth(bench, local)
  const ofDeployed = await growth(bench, deployed)
  return {
    'rejected request': ratios(micros.local, micros.bare),
    'growth over 10,000 attacks': ofLocal.first,
    'growth over 10,000 more': ofLocal.more,
    'rejected request, function': ratios(micros.deployed, micros.bare),
    'growth over 10,000 attacks, function': ofDeployed.first,
    'growth over 10,000 more, function': ofDeployed.more,
  }
}

/** In megabytes: of a fresh process each time, and after as many again in the first. */
async function growth(
  { rounds }: Bench,
  start: () => Promise<Child>,
): Promise<{ first: number[]; more: number[] }> {
  const first: number[] = []
  const more: number[] = []
  for (let round = 0; round < Math.min(rounds, GROWTH_ROUNDS); round += 1) {
    const attacked = await start()
    const before = await megabytesAfter(attacked, WARM_UP, 202, webhooks(WARM_UP))
    const after = await megabytesAfter(attacked, ATTACKS, 401, attacks(ATTACKS))
    first.push(after - before)
    if (round === 0) more.push((await megabytesAfter(attacked, ATTACKS, 401, attacks(ATTACKS))) - after)
    await attacked.end()
  }
  return { first, more }
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
