/** Cells between the port's JSON and the reference's values. */
import type { ColumnType } from '../../shared/schema/table.ts'

/** The reference's names of the types that columns have. */
export const TYPE_KIND: Record<ColumnType, string> = {
  STRING: 'TYPE_STRING',
  INT64: 'TYPE_INT64',
  FLOAT64: 'TYPE_DOUBLE',
  BOOL: 'TYPE_BOOL',
  TIMESTAMP: 'TYPE_TIMESTAMP',
}

/** A value as gRPC carries it: one field, named by the type; none is NULL. Zero is left out of an instant. */
export type Cell = {
  stringValue?: string
  int64Value?: string
  doubleValue?: number
  boolValue?: boolean
  timestampValue?: { seconds?: string; nanos?: number }
}

const MS_PER_SECOND = 1000
const NANOS_PER_MS = 1_000_000

export function toCell(type: ColumnType, value: unknown): Cell {
  if (value === null || value === undefined) return {}
  switch (type) {
    case 'STRING':
      return { stringValue: value as string }
    case 'INT64':
      return { int64Value: String(value) }
    case 'FLOAT64':
      return { doubleValue: value as number }
    case 'BOOL':
      return { boolValue: value as boolean }
    case 'TIMESTAMP': {
      const ms = Date.parse(value as string)
      const seconds = Math.floor(ms / MS_PER_SECOND)
      return {
        timestampValue: { seconds: String(seconds), nanos: (ms - seconds * MS_PER_SECOND) * NANOS_PER_MS },
      }
    }
  }
}

/** Integers as numbers and instants in ISO 8601, as the warehouse answers. */
export function fromCell(cell: Cell): string | number | boolean | null {
  if (cell.int64Value !== undefined) return Number(cell.int64Value)
  if (cell.timestampValue !== undefined) {
    const { seconds = '0', nanos = 0 } = cell.timestampValue
    return new Date(Number(seconds) * MS_PER_SECOND + nanos / NANOS_PER_MS).toISOString()
  }
  return cell.stringValue ?? cell.doubleValue ?? cell.boolValue ?? null
}
