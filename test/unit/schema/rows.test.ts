import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { eventRow } from '../../../shared/schema/event.ts'
import {
  auditRow,
  choiceSetRow,
  decisionRow,
  outcomeRow,
  potentialOutcomeRow,
  quarantineRow,
  recommendationRow,
  resetRow,
} from '../../../shared/schema/rows.ts'
import { parseTable } from '../../../shared/schema/table.ts'

const folder = join(import.meta.dirname, '../../../sql/ci_metrics')
const files = readdirSync(folder)
// A view has its own SQL; a table has only a description.
const tables = files.filter(
  (name) => name.endsWith('.yaml') && !files.includes(name.replace('.yaml', '.sql')),
)

const schemas: Record<string, z.ZodObject> = {
  audit_log: auditRow,
  job_events: eventRow,
  runner_decisions: decisionRow,
  job_outcomes: outcomeRow,
  recommendations: recommendationRow,
  choice_sets: choiceSetRow,
  quarantine: quarantineRow,
  resets: resetRow,
  potential_outcomes: potentialOutcomeRow,
}

type Form = { type?: string | string[]; format?: string; anyOf?: Form[] }

/** The column that a value of this JSON form needs. */
function columnOf({ anyOf, type, format }: Form): { type: string; mode: 'REQUIRED' | 'NULLABLE' } {
  const kinds = anyOf?.flatMap((form) => form.type ?? []) ?? [type ?? []].flat()
  const mode = kinds.includes('null') ? 'NULLABLE' : 'REQUIRED'
  const [kind, ...others] = kinds.filter((name) => name !== 'null')
  const isInstant = (anyOf?.[0]?.format ?? format) === 'date-time'
  const columns: Record<string, string> = {
    string: isInstant ? 'TIMESTAMP' : 'STRING',
    integer: 'INT64',
    number: 'FLOAT64',
    boolean: 'BOOL',
  }
  return { type: others.length > 0 ? kinds.join(' or ') : (columns[kind ?? ''] ?? 'unknown'), mode }
}

describe('a table is described as its rows are written', () => {
  test('all of them', () => {
    expect(tables.toSorted()).toEqual(
      Object.keys(schemas)
        .map((name) => `${name}.yaml`)
        .toSorted(),
    )
  })

  test.each(Object.entries(schemas))(
    '%s: the same columns, of the same types, NULL where a value may be missing',
    (name, schema) => {
      const { columns, partition_by, cluster_by } = parseTable(
        readFileSync(join(folder, `${name}.yaml`), 'utf8'),
      )
      const described = Object.fromEntries(columns.map(({ name, type, mode }) => [name, { type, mode }]))
      const forms = z.toJSONSchema(schema, { io: 'input' }).properties as Record<string, Form>
      const written = Object.fromEntries(Object.entries(forms).map(([key, form]) => [key, columnOf(form)]))
      expect(described).toEqual(written)
      expect(Object.keys(described)).toHaveLength(columns.length)

      expect(described[partition_by ?? '']).toEqual({ type: 'TIMESTAMP', mode: 'REQUIRED' })
      for (const column of cluster_by ?? []) expect(described).toHaveProperty(column)
      for (const { description } of columns) expect(description).toMatch(/\.$/)
    },
  )
})
