/** Connections to read by: one for each read, so that reads neither wait for nor cut off each other. */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { TransientError } from '../../errors.ts'

export type Readers = {
  open(): Promise<DuckDBConnection>
  /** Passes a call of the engine on; a connection that is closed under a call would leave it without an answer. */
  during<T>(call: () => Promise<T>): Promise<T>
  close(connection: DuckDBConnection): void
  /** Interrupts what runs, waits for its end, and closes every connection. */
  closeAll(): Promise<void>
}

const INTERRUPT_EVERY_MS = 50

export function openReaders(instance: DuckDBInstance): Readers {
  const connections = new Set<DuckDBConnection>()
  const calls = new Set<Promise<unknown>>()
  let closed = false

  async function during<T>(call: () => Promise<T>): Promise<T> {
    if (closed) throw new TransientError('the warehouse is closed')
    const result = call()
    calls.add(result)
    try {
      return await result
    } catch (error) {
      if (closed) throw new TransientError('the warehouse was closed', { cause: error })
      throw error
    } finally {
      calls.delete(result)
    }
  }

  return {
    during,
    open: () =>
      during(async () => {
        const connection = await instance.connect()
        connections.add(connection)
        return connection
      }),
    close(connection) {
      connections.delete(connection)
      connection.closeSync()
    },
    async closeAll() {
      closed = true
      // A query that has not begun to run takes no notice of an interrupt.
      const interrupt = () => {
        for (const connection of connections) connection.interrupt()
      }
      interrupt()
      const again = setInterval(interrupt, INTERRUPT_EVERY_MS)
      await Promise.allSettled(calls)
      clearInterval(again)
      for (const connection of connections) connection.closeSync()
    },
  }
}
