/** Cells between the port's JSON and the client's values. */
import type { Row } from '../../ports.ts'

/** For the client: an integer beyond what a number holds stays text. */
export const INTEGERS = {
  integerTypeCastFunction(text: string): number | string {
    const number = Number(text)
    return Number.isSafeInteger(number) ? number : text
  },
}

/** Named parameters as the REST API has them: a number without a fraction is INT64, others are FLOAT64. */
export function parametersOf(parameters: Readonly<Record<string, string | number>>) {
  return Object.entries(parameters).map(([name, value]) => ({
    name,
    parameterType: { type: typeOf(value) },
    parameterValue: { value: String(value) },
  }))
}

const typeOf = (value: string | number) =>
  typeof value === 'string' ? 'STRING' : Number.isSafeInteger(value) ? 'INT64' : 'FLOAT64'

export function rowOf(row: Row): Row {
  for (const name in row) row[name] = cellOf(row[name])
  return row
}

const TIMESTAMP = /^\d{4,}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/

/** The client has objects with a `value` for instants, days and the like, and decimals of their own. */
function cellOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(cellOf)
  if (Buffer.isBuffer(value)) return value.toString('base64')
  if (Object.getPrototypeOf(value) === Object.prototype) return rowOf(value as Row)
  const { value: inner } = value as { value?: unknown }
  if (typeof inner === 'string') return TIMESTAMP.test(inner) ? toTheMillisecond(inner) : inner
  if (typeof inner === 'object' && inner !== null) return inner
  return Number(String(value))
}

/** As the local warehouse says it. (Before 1970 the client has got fractions of a second wrong by then.) */
function toTheMillisecond(instant: string): string {
  const [seconds = '', fraction = ''] = instant.slice(0, -1).split('.')
  return `${seconds}.${fraction.padEnd(3, '0').slice(0, 3)}Z`
}
