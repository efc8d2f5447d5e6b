/** A Pub/Sub that takes what is published as a test wants it: gRPC on node:http2, one method, no emulator. */
import { once } from 'node:events'
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import { protos } from '@google-cloud/pubsub'
import { onTestFinished } from 'vitest'

const { PublishRequest, PublishResponse } = protos.google.pubsub.v1

/** `silent`: no answer at all. A number: gRPC's code of a refusal. */
export type Reaction = 'ok' | 'silent' | number

export type PlayedPubsub = {
  host: string
  /** What was published, request by request: those that were refused, too. */
  requests: { topic: string; messages: { data: string; attributes: Record<string, string> }[] }[]
}

/** Reacts to the requests in turn, the last reaction again and again; stops with the test. */
export async function startPlayedPubsub(...reactions: [Reaction, ...Reaction[]]): Promise<PlayedPubsub> {
  // Credentials of a machine of Google's are looked for otherwise.
  process.env.METADATA_SERVER_DETECTION = 'none'
  const requests: PlayedPubsub['requests'] = []
  const sessions = new Set<ServerHttp2Session>()
  const server = createServer()
  server.on('session', (session) => sessions.add(session))
  server.on('stream', async (stream) => {
    stream.on('error', () => {})
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk)
    // A message of gRPC begins with five bytes: whether it is compressed, and its length.
    const { topic, messages } = PublishRequest.decode(Buffer.concat(chunks).subarray(5))
    requests.push({
      topic,
      messages: messages.map(({ data, attributes }) => ({
        data: Buffer.from(data as Uint8Array).toString(),
        attributes: { ...attributes },
      })),
    })
    answer(stream, reactions[requests.length - 1] ?? (reactions.at(-1) as Reaction), messages.length)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  return { host: `127.0.0.1:${(server.address() as { port: number }).port}`, requests }
}

function answer(stream: ServerHttp2Stream, reaction: Reaction, messages: number): void {
  if (reaction === 'silent' || stream.destroyed) return
  const headers = { ':status': 200, 'content-type': 'application/grpc+proto' }
  if (reaction !== 'ok') {
    stream.respond(
      { ...headers, 'grpc-status': String(reaction), 'grpc-message': 'as played' },
      { endStream: true },
    )
    return
  }
  const messageIds = Array.from({ length: messages }, (_, index) => String(index))
  const body = Buffer.from(PublishResponse.encode({ messageIds }).finish())
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(body.length, 1)
  stream.respond(headers, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(Buffer.concat([prefix, body]))
}
