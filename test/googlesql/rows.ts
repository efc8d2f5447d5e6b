/** Rows of two engines side by side. */
import type { Row } from '../../shared/ports.ts'
import type { TableDescription } from '../../shared/schema/table.ts'

type Column = Pick<TableDescription['columns'][number], 'name' | 'type'>

/** Engines add floats up in different orders; nothing else may tell their answers apart. */
const TOLERANCE = 1e-9

/** The columns of the rows that are named, and the rows in an order of their own, which floats decide last. */
export function sorted(rows: readonly Row[], columns: readonly Column[]): Row[] {
  const floats = columns.filter(({ type }) => type === 'FLOAT64').map(({ name }) => name)
  const exact = columns.filter(({ type }) => type !== 'FLOAT64').map(({ name }) => name)
  return rows
    .map((row) => ({
      row: Object.fromEntries(columns.map(({ name }) => [name, row[name]])),
      key: JSON.stringify(exact.map((name) => row[name])),
      numbers: floats.map((name) => Number(row[name] ?? Number.NEGATIVE_INFINITY)),
    }))
    .sort((a, b) => {
      if (a.key !== b.key) return a.key < b.key ? -1 : 1
      const at = a.numbers.findIndex((number, index) => number !== b.numbers[index])
      return at === -1 ? 0 : Number(a.numbers[at]) - Number(b.numbers[at])
    })
    .map(({ row }) => row)
}

/** `rows` with each float that is as good as its counterpart put as that one, so that toEqual tells the rest. */
export function snapped(
  rows: readonly Row[],
  counterparts: readonly Row[],
  columns: readonly Column[],
): Row[] {
  const floats = new Set(columns.filter(({ type }) => type === 'FLOAT64').map(({ name }) => name))
  return rows.map((row, index) =>
    Object.fromEntries(
      Object.entries(row).map(([name, cell]) => {
        const other = counterparts[index]?.[name]
        return [name, floats.has(name) && isClose(cell, other) ? other : cell]
      }),
    ),
  )
}

function isClose(a: unknown, b: unknown): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return false
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b))
}
