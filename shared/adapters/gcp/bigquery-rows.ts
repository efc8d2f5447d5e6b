/** Rows on their way into a table: checked against its description, and cut into requests. */
import { InvalidInputError, TransientError } from '../../errors.ts'
import type { Row } from '../../ports.ts'
import type { ColumnType, TableDescription } from '../../schema/table.ts'
import { type BigqueryFailure, columnMissing } from './bigquery-errors.ts'

/** More rows a request are slower, says Google; a request has 10 MB at most, and there is something around the rows. */
const MAX_ROWS = 500
const MAX_BYTES = 9_000_000
/** `{"json":…},` */
const BYTES_AROUND_A_ROW = 10

/** A row as tabledata.insertAll has it; without an insertId, which would promise what it does not keep. */
export type RawRow = { json: object }

/**
 * All rows are checked before the first is sent: BigQuery refuses a whole request for one row, and others of the
 * same call would be in by then.
 * @throws InvalidInputError for a row that the table does not take.
 */
export function batchesOf(table: string, description: TableDescription, rows: readonly object[]): RawRow[][] {
  const faultOf = checkerOf(description)
  const batches: RawRow[][] = []
  let batch: RawRow[] = []
  let bytes = 0
  for (const [index, row] of rows.entries()) {
    const refused = (fault: string) =>
      new InvalidInputError(`row ${index + 1} of ${rows.length} for ${table}: ${fault}`)
    // Before it becomes JSON, which nothing can that is nested deep enough.
    const fault = faultOf(row as Row)
    if (fault !== undefined) throw refused(fault)
    const rowBytes = Buffer.byteLength(JSON.stringify(row)) + BYTES_AROUND_A_ROW
    if (rowBytes > MAX_BYTES) throw refused(`it has ${rowBytes} bytes, over ${MAX_BYTES}`)
    if (batch.length === 0 || batch.length === MAX_ROWS || bytes + rowBytes > MAX_BYTES) {
      batch = []
      bytes = 0
      batches.push(batch)
    }
    batch.push({ json: row })
    bytes += rowBytes
  }
  return batches
}

/** Says what is wrong with a row, if anything. */
function checkerOf({ columns }: TableDescription): (row: Row) => string | undefined {
  const typeOf = new Map(columns.map(({ name, type }) => [name, type]))
  const required = columns.filter(({ mode }) => mode === 'REQUIRED').map(({ name }) => name)
  return (row) => {
    const missing = required.find((name) => row[name] === null || row[name] === undefined)
    if (missing !== undefined) return `${missing} is missing`
    for (const [name, value] of Object.entries(row)) {
      const type = typeOf.get(name)
      if (type === undefined) return `there is no column ${name}`
      if (value !== null && value !== undefined && !TAKES[type](value)) return `${name} is no ${type}`
    }
    return undefined
  }
}

const TAKES: Record<ColumnType, (value: unknown) => boolean> = {
  STRING: (value) => typeof value === 'string',
  INT64: (value) => Number.isSafeInteger(value),
  FLOAT64: (value) => Number.isFinite(value),
  BOOL: (value) => typeof value === 'boolean',
  TIMESTAMP: (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
}

type RefusedRow = { row: RawRow; errors: readonly { reason: string; message: string }[] }

/**
 * What an insert that was refused for some of its rows means; other errors are left as they are. A row that was
 * refused only because of another one has the reason "stopped".
 */
export function afterRefusedRows(error: unknown, table: string, batch: readonly RawRow[]): unknown {
  if (!(error instanceof Error) || error.name !== 'PartialFailureError') return error
  const refused = (error as BigqueryFailure).errors as unknown as readonly RefusedRow[]
  const faults = refused.flatMap(({ row, errors }) => errors.map((fault) => ({ row, ...fault })))
  const fault = faults.find(({ reason }) => reason === 'invalid')
  if (fault === undefined) {
    const reasons = new Set(faults.map(({ reason, message }) => message || reason))
    return new TransientError(`BigQuery did not take all rows for ${table}: ${[...reasons].join('; ')}`, {
      cause: error,
    })
  }
  if (/no such field/i.test(fault.message)) return columnMissing(table, fault.message, error)
  const which = batch.indexOf(fault.row) + 1
  return new InvalidInputError(`row ${which} of ${batch.length} for ${table}: ${fault.message}`, {
    cause: error,
  })
}
