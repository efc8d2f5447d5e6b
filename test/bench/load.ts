/** The load: a bounded number of requests over connections that are kept alive, one at a time on each. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export type LoadResult = {
  byStatus: Record<number, number>
  /** Of the answers, heads included. */
  bytes: number
  /** Connections that were opened. */
  connections: number
}

/** As many as GitLab's workers may have under way at a time. */
const CONNECTIONS = 32
const HOST = '127.0.0.1'
const END_OF_HEAD = '\r\n\r\n'

/** Sends each request once. `requests` are whole ones, head and body. Nothing is sent twice. */
export async function sendAll(port: number, requests: Iterable<Buffer>): Promise<LoadResult> {
  const result: LoadResult = { byStatus: {}, bytes: 0, connections: 0 }
  // All connections take from the one iterator, each its next when it has the answer to its last.
  const queue = requests[Symbol.iterator]()
  const sender = async () => {
    let socket: Socket | undefined
    for (let next = queue.next(); !next.done; next = queue.next()) {
      if (socket === undefined || socket.destroyed || socket.readableEnded) {
        socket = await open(port)
        result.connections += 1
      }
      const { status, bytes, isLast } = await exchange(socket, next.value)
      result.byStatus[status] = (result.byStatus[status] ?? 0) + 1
      result.bytes += bytes
      if (isLast) socket = void socket.destroy()
    }
    socket?.destroy()
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, sender))
  return result
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: HOST, noDelay: true })
  await once(socket, 'connect')
  return socket
}

type Exchange = { status: number; bytes: number; isLast: boolean }

function exchange(socket: Socket, request: Buffer): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    let answer: Buffer = Buffer.alloc(0)
    let length: number | undefined
    let head = ''
    const end = (error?: Error) => {
      socket.off('data', onData)
      socket.off('error', end)
      socket.off('close', onClose)
      if (error !== undefined) reject(error)
    }
    const onClose = () =>
      end(new Error(`the connection was closed after ${answer.length} bytes of an answer`))
    const onData = (chunk: Buffer) => {
      answer = answer.length === 0 ? chunk : Buffer.concat([answer, chunk])
      if (length === undefined) {
        const at = answer.indexOf(END_OF_HEAD)
        if (at === -1) return
        head = answer.toString('latin1', 0, at)
        length = at + END_OF_HEAD.length + Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1])
        if (Number.isNaN(length)) return end(new Error(`an answer of unknown length: ${head}`))
      }
      if (answer.length < length) return
      end()
      const isLast = /\r\nconnection: close/i.test(head)
      resolve({ status: Number(head.slice(9, 12)), bytes: answer.length, isLast })
    }
    socket.on('data', onData)
    socket.on('error', end)
    socket.on('close', onClose)
    socket.write(request)
  })
}
