/** What one reading finds wrong, and what it may cost: a few hundred bytes can ask for hours of work. */
import { InvalidInputError } from '../../errors.ts'
import type { Place } from './value.ts'

export type Reading = {
  /** Takes down a fault; reading goes on, so that all are told at once. */
  fault(at: Place, message: string): void
  /** Counts work before it is done, about half a microsecond a step; past the bound it ends the reading with a fault. */
  work(steps: number, at: Place): void
}

/** For all files together; about a second. */
const MAX_STEPS = 2_500_000
/** So many characters that are looked at are a step. */
const CHARACTERS = 64
/** So many characters that are kept, for a message or an answer. */
const CHARACTERS_KEPT = 8
const MAX_TOLD = 50
/** Of a fault's text, which may quote what is in the file. */
const MAX_MESSAGE = 1_000

export const stepsOf = (text: string) => 1 + Math.floor(text.length / CHARACTERS)
export const stepsToKeep = (text: string) => 1 + Math.floor(text.length / CHARACTERS_KEPT)

/** Where a reading ended; its faults say why. */
export class Ended extends Error {}

/** @param path of the first file. */
export function startReading(path: string): Reading & { refuseFaults(): void } {
  const faults = new Map<string, Place>()
  let left = MAX_STEPS

  function tell({ file, line }: Place, message: string): void {
    const told = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)} …` : message
    faults.set(`${file}:${line}: ${told}`, { file, line })
  }

  function work(steps: number, at: Place): void {
    left -= steps
    if (left >= 0) return
    tell(
      at,
      `is where reading ends: the files are, or become, too large (more than ${MAX_STEPS} steps of work)`,
    )
    throw new Ended()
  }

  return {
    work,
    fault(at, message) {
      work(stepsToKeep(message), at)
      tell(at, message)
    },
    refuseFaults() {
      if (faults.size === 0) return
      const lines = [...faults].sort(([, a], [, b]) => byPlace(a, b)).map(([line]) => `\n  - ${line}`)
      const told = lines.slice(0, MAX_TOLD).join('')
      const untold = faults.size > MAX_TOLD ? `\n  … and ${faults.size - MAX_TOLD} more` : ''
      const count = `${faults.size} fault${faults.size === 1 ? '' : 's'}`
      throw new InvalidInputError(`${path} has ${count}${told}${untold}`)
    },
  }
}

function byPlace(a: Place, b: Place): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line
}
