import type { WriteStream } from 'node:tty'
import { expect, test } from 'vitest'
import { progressOn } from '../../../functions/local/say.ts'

/** What a terminal shows of it, line after line. */
function shownOn(isTTY: boolean): { written: string[]; stream: WriteStream } {
  const written: string[] = []
  const stream = { isTTY, write: (text: string) => written.push(text) } as unknown as WriteStream
  return { written, stream }
}

test('shows how far a long operation is, and where, on one line', () => {
  const { written, stream } = shownOn(true)
  const progress = progressOn(stream)
  progress({ doing: 'reading jobs', done: 1200, at: '2026-11-03' })
  progress({ doing: 'deciding', done: 1000, total: 2400 })
  progress.end()
  expect(written).toEqual([
    '\r\x1b[Kreading jobs: 1,200 (2026-11-03)',
    '\r\x1b[Kdeciding: 1,000 of 2,400',
    '\r\x1b[K',
  ])
})

test('shows nothing where no person watches', () => {
  const { written, stream } = shownOn(false)
  const progress = progressOn(stream)
  progress({ doing: 'reading jobs', done: 1 })
  progress.end()
  expect(written).toEqual([])
})
