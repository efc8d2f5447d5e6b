/** The figures as a table for a terminal, for docs/performance.md, and as JSON. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Figure } from './figures.ts'
import type { Target } from './targets.ts'

/** `failed`: why there is no figure. */
export type Line = { target: Target; values: readonly number[] } & ({ figure: Figure } | { failed: string })

/** What the figures depend on. */
export type Facts = {
  takenAt: string
  machine: string
  node: string
  pinned: string
  rounds: number
  /** Commit, with a "+" when files differ from it. */
  revision: string
  /** Load average of the last minute before the run: what else the machine had to do. */
  load: string
}

const DOCUMENT = join(import.meta.dirname, '../../docs/performance.md')
const BEGIN = '<!-- figures: made by "npm run bench -- --markdown" -->\n'
const END = '<!-- end of figures -->'
const HEAD = ['figure', 'median', 'spread', 'limit', 'verdict']

/** Below that many digits before the point, as many digits in all. */
const DIGITS = 3

export function terminalTable(lines: readonly Line[]): string {
  const cells = [HEAD, ...lines.map(cellsOf)]
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const isNumber = (column: number) => column > 0 && column < 4
  return cells
    .map((row) =>
      row
        .map((text, column) => {
          const width = widths[column] as number
          return isNumber(column) ? text.padStart(width) : text.padEnd(width)
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Replaces what is between the markers of docs/performance.md. */
export function writeMarkdown(lines: readonly Line[], facts: Facts): void {
  const present = readFileSync(DOCUMENT, 'utf8')
  const start = present.indexOf(BEGIN) + BEGIN.length
  const end = present.indexOf(END)
  if (end < start) throw new Error('docs/performance.md has lost the markers of its figures')
  writeFileSync(DOCUMENT, present.slice(0, start) + markdown(lines, facts) + present.slice(end))
}

function markdown(lines: readonly Line[], facts: Facts): string {
  const { takenAt, machine, node, pinned, rounds, revision, load } = facts
  const rows = [HEAD, ['---', '--:', '--:', '--:', '---'], ...lines.map(cellsOf)]
  const table = rows.map((row) => `| ${row.join(' | ')} |`).join('\n')
  const where = `${machine}, Node ${node}, ${pinned}, load average ${load} before`
  return `${takenAt.slice(0, 10)}, revision ${revision}, ${where}, ${rounds} rounds.\n\n${table}\n`
}

export function asJson(lines: readonly Line[], facts: Facts): string {
  const figures = lines.map(({ target, values, ...rest }) => ({ ...target, ...rest, values }))
  return `${JSON.stringify({ ...facts, figures }, null, 2)}\n`
}

function cellsOf(line: Line): string[] {
  const { target } = line
  const limit =
    target.limit === undefined ? '–' : `${target.limit.bound} ${withUnit(target.limit.value, target)}`
  if ('failed' in line) return [target.name, '–', '–', limit, 'FAILED']
  const { median, least, most, verdict, missedBy } = line.figure
  const spread = line.values.length === 1 ? '–' : `${short(least)} … ${short(most)}`
  const says = { met: 'met', plain: '–', missed: `MISSED by ${withUnit(missedBy, target)}` }[verdict]
  return [target.name, withUnit(median, target), spread, limit, says]
}

function withUnit(value: number, { unit }: Target): string {
  return `${short(value)} ${unit}`.trimEnd()
}

/** Three digits, or all of those before the point. */
function short(value: number): string {
  const before = Math.max(1, Math.floor(Math.log10(Math.abs(value) || 1)) + 1)
  return value.toLocaleString('en', { maximumFractionDigits: Math.max(0, DIGITS - before) })
}
