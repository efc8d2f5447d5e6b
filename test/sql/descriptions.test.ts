/** What sql/ci_metrics/<name>.yaml says of numbers: nobody can read a number without its unit or its range. */
import { describe, expect, test } from 'vitest'
import { describe as describeTable, loadCatalogue } from '../../shared/runtime/sql.ts'

const { tables, views } = loadCatalogue()

const UNIT = /\b(seconds|minutes|bytes|EUR)\b/i
const RANGE = /[<>]=? ?-?\d|\bin [[(]-?\d+, ?\d+[\])]/

/** An id is a name made of digits: it has neither. */
const isId = (name: string) => /(^|_)id$/.test(name)

describe.each([...tables.keys(), ...views.keys()])('%s', (name) => {
  const { columns } = describeTable(name)

  test('says unit or range of every number', () => {
    const numbers = columns.filter(({ name, type }) => ['INT64', 'FLOAT64'].includes(type) && !isId(name))
    const unclear = numbers.filter(({ description }) => !UNIT.test(description) && !RANGE.test(description))
    expect(unclear.map(({ name, description }) => `${name}: ${description}`)).toEqual([])
  })

  test('says the unit that a name ends in', () => {
    const units: [end: string, unit: RegExp][] = [
      ['_seconds', /\bseconds\b/i],
      ['_bytes', /\bbytes\b/i],
      ['_eur', /\bEUR\b/],
    ]
    const unclear = columns.filter(({ name, description }) =>
      units.some(([end, unit]) => name.endsWith(end) && !unit.test(description)),
    )
    expect(unclear.map(({ name, description }) => `${name}: ${description}`)).toEqual([])
  })
})
