/** What was found beside what should be, and the table of it. */
import type { Estimate } from './estimate.ts'

export type Finding = {
  what: string
  /** Left out: nothing is claimed of it. */
  expected?: Estimate
  found: Estimate
  /** Standard errors between the two; of a limit, by how many it is kept. */
  apart?: number
  verdict: 'ok' | 'FAILED' | 'shown'
}

/** So many standard errors apart is the same. */
const MOST_APART = 4

export function equal(what: string, expected: Estimate, found: Estimate): Finding {
  const apart = (found.mean - expected.mean) / Math.hypot(expected.error, found.error)
  return { what, expected, found, apart, verdict: Math.abs(apart) <= MOST_APART ? 'ok' : 'FAILED' }
}

/** That the lower end of a 95 % interval is not below the limit. */
export function atLeast(what: string, limit: number, found: Estimate): Finding {
  const apart = (found.mean - limit) / found.error
  return { what, expected: { mean: limit, error: 0 }, found, apart, verdict: apart >= 1.96 ? 'ok' : 'FAILED' }
}

export const shown = (what: string, found: Estimate): Finding => ({ what, found, verdict: 'shown' })

/** That means never fall, unless by less than chance explains. */
export function rising(what: string, found: readonly Estimate[]): Finding {
  const steps = found.slice(1).map((next, place) => {
    const { mean, error } = found[place] as Estimate
    return { mean: next.mean - mean, error: Math.hypot(error, next.error) }
  })
  const worst = steps.reduce((least, step) =>
    step.mean / step.error < least.mean / least.error ? step : least,
  )
  const apart = worst.mean / worst.error
  const isRising = apart >= -MOST_APART && (found.at(-1)?.mean ?? 0) > (found[0]?.mean ?? 0)
  return { what, expected: { mean: 0, error: 0 }, found: worst, apart, verdict: isRising ? 'ok' : 'FAILED' }
}

export function tableOf(findings: readonly Finding[]): string {
  const rows = [['what', 'expected', 'found', 'apart', ''], ...findings.map(cellsOf)]
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length))) ?? []
  const padded = (text: string, column: number) =>
    column === 0 || column === 4 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)
  return rows.map((row) => row.map(padded).join('  ').trimEnd()).join('\n')
}

function cellsOf({ what, expected, found, apart, verdict }: Finding): string[] {
  return [
    what,
    expected === undefined ? '–' : withError(expected),
    withError(found),
    apart === undefined ? '–' : `${apart.toFixed(1)} SE`,
    verdict,
  ]
}

function withError({ mean, error }: Estimate): string {
  const digits = Math.abs(mean) >= 1000 ? 0 : Math.abs(mean) >= 5 ? 1 : 3
  return error === 0 ? mean.toFixed(digits) : `${mean.toFixed(digits)} ± ${error.toFixed(digits)}`
}
