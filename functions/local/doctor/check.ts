/** What doctor says of one thing. */
export type Check = {
  name: string
  status: 'OK' | 'Warning' | 'Failed' | 'Skipped'
  finding: string
  /** A command, or what else to do; there for what is not well. */
  mend?: string
}

export type Verdict = Omit<Check, 'name'>

export const ok = (finding: string): Verdict => ({ status: 'OK', finding })
export const warning = (finding: string, mend: string): Verdict => ({ status: 'Warning', finding, mend })
export const failed = (finding: string, mend: string): Verdict => ({ status: 'Failed', finding, mend })
export const skipped = (finding: string): Verdict => ({ status: 'Skipped', finding })
export const named = (name: string, verdict: Verdict): Check => ({ name, ...verdict })

/** "3 h", for how long ago something was: in the largest unit of which there are two. */
export function span(ms: number): string {
  const [size, unit] = UNITS.find(([size]) => ms >= 2 * size) ?? SECONDS
  return `${Math.max(0, Math.floor(ms / size))} ${unit}`
}

const SECONDS: readonly [ms: number, unit: string] = [1000, 's']
const UNITS: readonly (readonly [ms: number, unit: string])[] = [
  [86_400_000, 'days'],
  [3_600_000, 'h'],
  [60_000, 'min'],
]

/** A path as a shell takes it. */
export function shell(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
