/**
 * What stands between Pub/Sub and a function in the cloud and is missing here: the identity token that Pub/Sub signs.
 * It also does what a network does: says things twice, late, or not before the sender has given up.
 */
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export type FrontEnd = {
  /** Under which a function is pushed to: `<url>/<service>/push/<route>`. */
  url: string
  pushes: number
  close(): Promise<void>
}

export type Weather = {
  /** Uniform in [0, 1). */
  draw: () => number
  /** Share of the requests that are sent twice, and of those whose answer is lost. */
  twice: number
  lost: number
  /** Every request waits for up to this long, so that they overtake each other. */
  delayMs: number
}

export const FAIR: Weather = { draw: Math.random, twice: 0, lost: 0, delayMs: 0 }

/** Sends a push on; resolves with the status, 502 when nobody answers, or undefined when the answer is lost. */
export type Send = (url: string, body: Buffer) => Promise<number | undefined>

export function sendIn(weather: Weather, token: () => string): Send {
  const agent = new Agent({ keepAlive: true, maxSockets: 512 })
  return async (url, body) => {
    await sleep(weather.draw() * weather.delayMs)
    const once = () => forward(url, body, token(), agent)
    const isTwice = weather.draw() < weather.twice
    const [status] = await Promise.all(isTwice ? [once(), once()] : [once()])
    return weather.draw() < weather.lost ? undefined : status
  }
}

export async function startFrontEnd(
  addressOf: (service: string) => string | undefined,
  send: Send,
): Promise<FrontEnd> {
  const server = createServer(async (incoming, response) => {
    const body = Buffer.concat(await incoming.toArray())
    const [, service = '', ...rest] = (incoming.url ?? '').split('/')
    const address = addressOf(service)
    frontEnd.pushes += 1
    const status = await send(`${address}/${rest.join('/')}`, body)
    if (status === undefined) return response.destroy()
    response.writeHead(status).end()
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const frontEnd: FrontEnd = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pushes: 0,
    async close() {
      server.closeAllConnections()
      server.close()
    },
  }
  return frontEnd
}

/** The status; 502 when nobody answers. */
function forward(url: string, body: Buffer, token: string, agent: Agent): Promise<number> {
  return new Promise((resolve) => {
    const outgoing = request(url, {
      method: 'POST',
      agent,
      headers: {
        'content-type': 'application/json',
        'content-length': body.length,
        authorization: `Bearer ${token}`,
      },
    })
    outgoing.on('response', (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 502))
      response.on('error', () => resolve(502))
    })
    outgoing.on('error', () => resolve(502))
    outgoing.end(body)
  })
}
