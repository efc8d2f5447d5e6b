/** Spooled entries on disk: a file of NDJSON for each name, which a crash leaves with at most half a line at its end. */
import { createReadStream } from 'node:fs'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidInputError, TransientError } from '../../errors.ts'
import type { Spool, SpooledEntries } from '../../ports.ts'
import { linesOf } from './lines.ts'

const LINE_FEED = 0x0a
const BLOCK_BYTES = 64 * 1024

/** One process owns the folder (the bus's lock), so who has a name open is known here. */
export function openLocalSpool(folder: string): Spool {
  const inUse = new Set<string>()
  return {
    async open(name) {
      if (inUse.has(name))
        throw new TransientError(`"${name}" is being read already; ask again when it is done`)
      inUse.add(name)
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 })
        const path = join(folder, `${encodeURIComponent(name)}.ndjson`)
        await dropHalfLine(path)
        return entriesIn(path, () => inUse.delete(name))
      } catch (error) {
        inUse.delete(name)
        throw error
      }
    },
  }
}

function entriesIn(path: string, onClose: () => void): SpooledEntries {
  return {
    async append(entry) {
      const file = await open(path, 'a', 0o600)
      try {
        await file.appendFile(`${JSON.stringify(entry)}\n`)
        await file.datasync()
      } catch (cause) {
        throw new TransientError(`${path} could not be written`, { cause })
      } finally {
        await file.close()
      }
    },
    async *entries() {
      try {
        for await (const line of linesOf(createReadStream(path))) if (line.length > 0) yield parse(line, path)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    },
    clear: () => rm(path, { force: true }),
    async close() {
      onClose()
    },
  }
}

function parse(line: Buffer, path: string): unknown {
  try {
    return JSON.parse(line.toString('utf8'))
  } catch (cause) {
    throw new InvalidInputError(`${path} is damaged; delete it to read everything anew`, { cause })
  }
}

/** Cuts off what comes after the last line feed. */
async function dropHalfLine(path: string): Promise<void> {
  const file = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (file === undefined) return
  try {
    let end = (await file.stat()).size
    const block = Buffer.alloc(BLOCK_BYTES)
    while (end > 0) {
      const start = Math.max(0, end - BLOCK_BYTES)
      const { bytesRead } = await file.read(block, 0, end - start, start)
      const last = block.subarray(0, bytesRead).lastIndexOf(LINE_FEED)
      end = last === -1 ? start : start + last + 1
      if (last !== -1) break
    }
    await file.truncate(end)
  } finally {
    await file.close()
  }
}
