/** tabledata.insertAll: what BigQuery takes of a row, and what it says of one that it does not take. */
import { invalid, Refusal, refuseUnknown } from './answers.ts'
import type { Field } from './cells.ts'
import type { Table } from './store.ts'

/** BigQuery recommends at most 500 rows a request; here more are an error. */
const MAX_ROWS = 500
const YEAR_MS = 365.25 * 86_400_000

export type RowError = {
  index: number
  errors: { reason: string; location: string; debugInfo: string; message: string }[]
}

/** The rows of a request. @throws Refusal when the request as a whole is refused. */
export function rowsOf(body: Record<string, unknown>): Record<string, unknown>[] {
  refuseUnknown(
    body,
    ['kind', 'rows', 'skipInvalidRows', 'ignoreUnknownValues', 'templateSuffix', 'traceId'],
    'TableDataInsertAllRequest',
  )
  if (body.skipInvalidRows === true || body.ignoreUnknownValues === true)
    throw new Refusal(501, 'notImplemented', 'The fake only knows requests that are strict.')
  const { rows } = body
  if (!Array.isArray(rows) || rows.length === 0) throw invalid('No rows present in the request.')
  if (rows.length > MAX_ROWS)
    throw invalid(`too many rows present in the request, limit: ${MAX_ROWS} row count: ${rows.length}.`)
  for (const row of rows) refuseUnknown(row, ['insertId', 'json'], 'rows')
  return rows.map(({ json }) => json)
}

/** Empty when all rows can be taken; else no row is, and who is not to blame is told "stopped". */
export function faultsOf(rows: readonly Record<string, unknown>[], table: Table, nowMs: number): RowError[] {
  const faults = rows.map((row) => faultOf(row, table, nowMs))
  if (faults.every((fault) => fault === undefined)) return []
  return faults.map((fault, index) => ({
    index,
    errors: [
      fault === undefined
        ? { reason: 'stopped', location: '', debugInfo: '', message: '' }
        : { reason: 'invalid', location: fault.location, debugInfo: '', message: fault.message },
    ],
  }))
}

type Fault = { location: string; message: string }

function faultOf(
  row: Record<string, unknown>,
  { fields, partitionBy }: Table,
  nowMs: number,
): Fault | undefined {
  const unknown = Object.keys(row).find((name) => !fields.some((field) => field.name === name))
  if (unknown !== undefined) return { location: unknown, message: `no such field: ${unknown}.` }
  for (const field of fields) {
    const value = row[field.name]
    if (value === null || value === undefined) {
      if (field.mode !== 'REQUIRED') continue
      return {
        location: field.name,
        message: `Missing required field: Msg_0_CLOUD_QUERY_TABLE.${field.name}.`,
      }
    }
    const message = faultOfCell(value, field)
    if (message !== undefined) return { location: field.name, message }
  }
  if (partitionBy === undefined) return undefined
  const at = Date.parse(String(row[partitionBy]))
  if (at > nowMs - 10 * YEAR_MS && at < nowMs + YEAR_MS) return undefined
  return {
    location: partitionBy,
    message: `You can only stream to date range within 3650 days in the past and 366 days in the future relative to the current date.`,
  }
}

const INSTANT = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?( ?UTC|Z|[+-]\d{2}:\d{2})?$/

function faultOfCell(value: unknown, { name, type }: Field): string | undefined {
  switch (type) {
    case 'STRING':
      return typeof value === 'string' ? undefined : `Cannot convert value of ${name} to string.`
    case 'INTEGER':
      return Number.isInteger(value) || (typeof value === 'string' && /^-?\d{1,19}$/.test(value))
        ? undefined
        : `Cannot convert value to integer (bad value): ${value}`
    case 'FLOAT':
      return typeof value === 'number'
        ? undefined
        : `Cannot convert value to floating point (bad value): ${value}`
    case 'BOOLEAN':
      return typeof value === 'boolean' ? undefined : `Cannot convert value to boolean (bad value): ${value}`
    case 'TIMESTAMP':
      return typeof value === 'string' && INSTANT.test(value) && !Number.isNaN(Date.parse(value))
        ? undefined
        : `Could not parse '${value}' as a timestamp.`
    default:
      return `The fake has no ${type}.`
  }
}
