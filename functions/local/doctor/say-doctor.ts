/** The findings of doctor for a terminal: a line each, and under it the command that mends it. */
import { harmless } from '../say.ts'
import type { Check } from './check.ts'

const COLOURS: Record<Check['status'], number> = { OK: 32, Warning: 33, Failed: 31, Skipped: 90 }

/** @param isColoured whether a terminal shows it. */
export function diagnosis(checks: readonly Check[], isColoured: boolean): string {
  const statusWidth = Math.max(...checks.map(({ status }) => status.length))
  const nameWidth = Math.max(...checks.map(({ name }) => name.length))
  const indent = ' '.repeat(statusWidth + nameWidth + 4)
  const lines = checks.flatMap(({ name, status, finding, mend }) => {
    const [first = '', ...more] = harmless(finding).split('\n')
    const padded = status.padEnd(statusWidth)
    const shown = isColoured ? `\x1b[${COLOURS[status]}m${padded}\x1b[0m` : padded
    return [
      `${shown}  ${name.padEnd(nameWidth)}  ${first}`,
      ...more.map((line) => `${indent}${line.trim()}`),
      ...(mend === undefined ? [] : [`${indent}→ ${harmless(mend)}`]),
    ]
  })
  return [...lines, '', summary(checks)].join('\n')
}

function summary(checks: readonly Check[]): string {
  const counts = (['Failed', 'Warning', 'Skipped'] as const).flatMap((status) => {
    const count = checks.filter((check) => check.status === status).length
    const word = status === 'Warning' && count > 1 ? 'warnings' : status.toLowerCase()
    return count === 0 ? [] : [`${count} ${word}`]
  })
  return counts.length === 0 ? 'All is well.' : `${counts.join(', ')}; the rest is well.`
}
