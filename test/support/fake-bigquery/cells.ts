/** DuckDB's values as BigQuery's REST API writes them: every scalar is text. */
import {
  type DuckDBListType,
  type DuckDBListValue,
  type DuckDBPreparedStatement,
  type DuckDBStructType,
  type DuckDBStructValue,
  type DuckDBTimestampTZValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api'

export type Field = { name: string; type: string; mode: string; description?: string; fields?: Field[] }
export type Cell = { v: unknown }
/** As DuckDB has it. */
export type Column = { name: string; type: DuckDBType }

const SCALARS: Partial<Record<DuckDBTypeId, string>> = {
  [DuckDBTypeId.BOOLEAN]: 'BOOLEAN',
  [DuckDBTypeId.TINYINT]: 'INTEGER',
  [DuckDBTypeId.SMALLINT]: 'INTEGER',
  [DuckDBTypeId.INTEGER]: 'INTEGER',
  [DuckDBTypeId.BIGINT]: 'INTEGER',
  [DuckDBTypeId.UBIGINT]: 'INTEGER',
  [DuckDBTypeId.HUGEINT]: 'INTEGER',
  [DuckDBTypeId.FLOAT]: 'FLOAT',
  [DuckDBTypeId.DOUBLE]: 'FLOAT',
  // GoogleSQL's 1.5 is a FLOAT64.
  [DuckDBTypeId.DECIMAL]: 'FLOAT',
  [DuckDBTypeId.DATE]: 'DATE',
  [DuckDBTypeId.TIME]: 'TIME',
  [DuckDBTypeId.TIMESTAMP]: 'DATETIME',
  [DuckDBTypeId.TIMESTAMP_TZ]: 'TIMESTAMP',
}

export function fieldOf({ name, type }: Column): Field {
  if (type.typeId === DuckDBTypeId.LIST) {
    return { ...fieldOf({ name, type: (type as DuckDBListType).valueType }), mode: 'REPEATED' }
  }
  if (type.typeId === DuckDBTypeId.STRUCT) {
    const { entryNames, entryTypes } = type as DuckDBStructType
    const fields = entryNames.map((entry, index) =>
      fieldOf({ name: entry, type: entryTypes[index] as DuckDBType }),
    )
    return { name, type: 'RECORD', mode: 'NULLABLE', fields }
  }
  return { name, type: SCALARS[type.typeId] ?? 'STRING', mode: 'NULLABLE' }
}

/** Of the rows that a statement gives. */
export const columnsOf = (prepared: DuckDBPreparedStatement): Column[] =>
  Array.from({ length: prepared.columnCount }, (_, index) => ({
    name: prepared.columnName(index),
    type: prepared.columnType(index),
  }))

/** An instant as microseconds since 1970; `asAsked` makes it what the request wants. */
export function cellOf(value: DuckDBValue, field: Field): Cell {
  if (value === null) return { v: field.mode === 'REPEATED' ? [] : null }
  if (field.mode === 'REPEATED') {
    const item = { ...field, mode: 'NULLABLE' }
    return { v: (value as DuckDBListValue).items.map((each) => cellOf(each, item)) }
  }
  switch (field.type) {
    case 'RECORD': {
      const { entries } = value as DuckDBStructValue
      return { v: { f: field.fields?.map((entry) => cellOf(entries[entry.name] as DuckDBValue, entry)) } }
    }
    case 'TIMESTAMP':
      return { v: String((value as DuckDBTimestampTZValue).micros) }
    case 'DATETIME':
      return { v: String(value).replace(' ', 'T') }
    default:
      return { v: String(value) }
  }
}

/** Without formatOptions.useInt64Timestamp an instant is seconds, as a float's text. */
export function asAsked(cell: Cell, field: Field, useInt64Timestamp: boolean): Cell {
  if (useInt64Timestamp || field.type !== 'TIMESTAMP' || typeof cell.v !== 'string') return cell
  return { v: (Number(cell.v) / 1e6).toExponential() }
}
