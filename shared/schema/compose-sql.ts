/** One statement out of a view and the views that it reads: asking needs no rights to make views, and parts can be swapped. */
import type { Catalogue } from './table.ts'

const NAME = /\bci_metrics\.([a-z_0-9]+)/g

/**
 * A SELECT that answers as `view` does. The views that it needs stand in it as `WITH a AS (…), b AS (…)`, in an order in
 * which each finds those before it; `ci_metrics.<view>` becomes `<view>`, tables stay what they are.
 * @param overrides view → the SELECT that is to stand in its place; it may read tables and views, too
 * @throws RangeError when there is no such view, or overrides read each other in a circle
 */
export function composed(
  view: string,
  { views }: Pick<Catalogue, 'views'>,
  overrides: Readonly<Record<string, string>> = {},
): string {
  const selects = new Map([...views, ...Object.entries(overrides)])
  const parts = new Map<string, string>()
  const include = (name: string, path: readonly string[]) => {
    const select = selects.get(name)
    if (select === undefined || parts.has(name)) return
    if (path.includes(name)) throw new RangeError(`views read each other: ${[...path, name].join(' → ')}`)
    for (const used of usedBy(select)) include(used, [...path, name])
    parts.set(name, select)
  }
  include(view, [])
  if (!parts.has(view)) throw new RangeError(`there is no view ${view}`)
  const inPlace = (select: string) =>
    select.replaceAll(NAME, (whole, name) => (parts.has(name) ? name : whole))
  // A text may end in a comment: the bracket stands on a line of its own.
  const bodies = [...parts].map(([name, select]) => `${name} AS (\n${inPlace(select.trim())}\n)`)
  return `WITH ${bodies.join(',\n\n')}\n\nSELECT * FROM ${view}`
}

function usedBy(select: string): Set<string> {
  return new Set([...select.matchAll(NAME)].map(([, name = '']) => name))
}
