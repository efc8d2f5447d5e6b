/** Where the demo is shown: a terminal that is drawn anew in place, or plain text one block after the other. */
import type { WriteStream } from 'node:tty'
import type { Line, Size } from './frame.ts'

export type Screen = {
  /** How long a frame stays. */
  everyMs: number
  size(): Size
  draw(lines: readonly Line[]): void
  /** Gives the terminal back as it was. */
  close(): void
}

const TERMINAL_EVERY_MS = 500
const PLAIN_EVERY_MS = 10_000
const PLAIN_SIZE: Size = { columns: 110, rows: 40 }

const OPEN = '\x1b[?1049h\x1b[?25l\x1b[2J'
const CLOSE = '\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const END_OF_LINE = '\x1b[K'
const REST = '\x1b[J'
const LOOKS: Record<Line['look'], readonly [string, string]> = {
  plain: ['', ''],
  bold: ['\x1b[1m', '\x1b[22m'],
  faint: ['\x1b[2m', '\x1b[22m'],
}

export function screenOn(stream: NodeJS.WriteStream): Screen {
  return stream.isTTY ? terminal(stream) : plainText(stream)
}

/** Each line is written over the old one, so nothing flickers; what a person had on the screen comes back after it. */
function terminal(stream: WriteStream): Screen {
  let isOpen = false
  const close = () => {
    if (isOpen) stream.write(CLOSE)
    isOpen = false
  }
  // However the process ends, short of being killed.
  process.once('exit', close)
  return {
    everyMs: TERMINAL_EVERY_MS,
    size: () => ({ columns: stream.columns, rows: stream.rows }),
    draw(lines) {
      const text = lines.map(({ text, look }) => `${LOOKS[look][0]}${text}${LOOKS[look][1]}${END_OF_LINE}`)
      stream.write(`${isOpen ? '' : OPEN}${HOME}${text.join('\r\n')}${REST}`)
      isOpen = true
    },
    close,
  }
}

function plainText(stream: NodeJS.WritableStream): Screen {
  return {
    everyMs: PLAIN_EVERY_MS,
    size: () => PLAIN_SIZE,
    draw: (lines) => void stream.write(`${lines.map(({ text }) => text).join('\n')}\n\n`),
    close() {},
  }
}
