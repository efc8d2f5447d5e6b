/** Cells between the port's JSON and DuckDB's values. */
import {
  type DuckDBAppender,
  DuckDBTimestampTZValue,
  DuckDBTypeId,
  type DuckDBValueConverter,
  type Json,
  JsonDuckDBValueConverter,
} from '@duckdb/node-api'
import type { ColumnType } from '../../schema/table.ts'

export const DUCKDB_TYPE: Record<ColumnType, string> = {
  STRING: 'VARCHAR',
  INT64: 'BIGINT',
  FLOAT64: 'DOUBLE',
  BOOL: 'BOOLEAN',
  TIMESTAMP: 'TIMESTAMPTZ',
}

const MICROS_PER_MS = 1000

/** @throws TypeError, RangeError or SyntaxError for a value that the type does not take. */
export function appendCell(appender: DuckDBAppender, type: ColumnType, value: unknown): void {
  if (value === null || value === undefined) return appender.appendNull()
  switch (type) {
    case 'STRING':
      return appender.appendVarchar(value as string)
    case 'INT64':
      return appender.appendBigInt(BigInt(value as number))
    case 'FLOAT64':
      return appender.appendDouble(value as number)
    case 'BOOL':
      return appender.appendBoolean(value as boolean)
    case 'TIMESTAMP':
      return appender.appendTimestampTZ(
        new DuckDBTimestampTZValue(BigInt(Date.parse(value as string) * MICROS_PER_MS)),
      )
  }
}

/**
 * DuckDB's own JSON form writes 64-bit integers and decimals as strings, and instants in the time zone of the
 * machine.
 */
export const cellOf: DuckDBValueConverter<Json> = (value, type, converter) => {
  if (value === null) return null
  switch (type.typeId) {
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UHUGEINT: {
      const number = Number(value)
      return Number.isSafeInteger(number) ? number : String(value)
    }
    case DuckDBTypeId.DECIMAL:
      return Number(String(value))
    case DuckDBTypeId.TIMESTAMP_TZ: {
      const instant = new Date(Math.floor(Number((value as DuckDBTimestampTZValue).micros) / MICROS_PER_MS))
      // Beyond what JavaScript can say: infinity, and years that no job ran in.
      return Number.isNaN(instant.getTime()) ? String(value) : instant.toISOString()
    }
    default:
      return JsonDuckDBValueConverter(value, type, converter)
  }
}
