/** Two computations of the same figures, side by side. */

/** What one row says: numbers within 1e-9 of each other (relative, absolute below 1) are the same, all else as it is. */
export type Figures = Record<string, number | string | boolean | null>

const TOLERANCE = 1e-9
const SHOWN = 5

/** Rows by name. @throws RangeError when a name comes twice. */
export function named<T>(
  rows: Iterable<T>,
  nameOf: (row: T) => string,
  figuresOf: (row: T) => Figures,
): Map<string, Figures> {
  const byName = new Map<string, Figures>()
  for (const row of rows) {
    const name = nameOf(row)
    if (byName.has(name)) throw new RangeError(`there are two rows ${name}`)
    byName.set(name, figuresOf(row))
  }
  return byName
}

/** Where they differ, in words, the first few of each kind; nothing when they agree on every row. */
export function differences(ours: Map<string, Figures>, theirs: Map<string, Figures>): string[] {
  const missing = [...ours.keys()].filter((name) => !theirs.has(name)).map((name) => `they lack ${name}`)
  const added = [...theirs.keys()].filter((name) => !ours.has(name)).map((name) => `they have ${name}`)
  const unequal = [...ours].flatMap(([name, figures]) => {
    const other = theirs.get(name)
    if (other === undefined) return []
    return Object.entries(figures)
      .filter(([figure, value]) => !isSame(value, other[figure]))
      .map(([figure, value]) => `${figure} of ${name}: ${value} against ${other[figure]}`)
  })
  return [missing, added, unequal].flatMap((list) =>
    list.length > SHOWN ? [...list.slice(0, SHOWN), `… and ${list.length - SHOWN} more`] : list,
  )
}

function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return a === b
  return Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a), Math.abs(b))
}
