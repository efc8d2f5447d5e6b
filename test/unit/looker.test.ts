/** docs/looker against the descriptions it is made from, and against a parser of LookML that is not ours. */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, describe as group, test } from 'vitest'
import { describe } from '../../shared/runtime/sql.ts'
import { files, MARTS } from '../check/looker.ts'

type Fields = Record<string, { sql?: string }>
type Parsed = {
  view: Record<
    string,
    { sql_table_name: string; dimension: Fields; dimension_group?: Fields; measure: Fields }
  >
  explore: Record<string, unknown>
}

/** It has no types of its own. */
const lookml: { parse(text: string): Parsed } = createRequire(import.meta.url)('lookml-parser')

const FOLDER = join(import.meta.dirname, '../../docs/looker')
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8')

test('docs/looker is what "npm run docs" writes', () => {
  expect(readdirSync(FOLDER).sort()).toEqual(
    files()
      .map(([name]) => name)
      .sort(),
  )
  for (const [name, text] of files()) expect(read(name), name).toBe(text)
})

group.each(MARTS)('%s.view.lkml', (mart) => {
  const view = lookml.parse(read(`${mart}.view.lkml`)).view[mart] as Parsed['view'][string]

  test('reads the view of this name, and has a field for every column', () => {
    expect(view.sql_table_name.trim()).toBe(`ci_metrics.${mart}`)
    const fields = { ...view.dimension, ...view.dimension_group }
    const columns = Object.entries(fields).flatMap(([name, field]) =>
      name.startsWith('$') ? [] : [field.sql?.trim()],
    )
    expect(columns.sort()).toEqual(
      describe(mart)
        .columns.map(({ name }) => `\${TABLE}.${name}`)
        .sort(),
    )
  })

  test('has no two fields of one name', () => {
    const names = [view.dimension, view.dimension_group, view.measure].flatMap((fields) =>
      Object.keys(fields ?? {}).filter((name) => !name.startsWith('$')),
    )
    expect(new Set(names).size).toBe(names.length)
  })
})

test('the model explores every mart', () => {
  const model = lookml.parse(read('runner_bandit.model.lkml'))
  expect(Object.keys(model.explore).filter((name) => !name.startsWith('$'))).toEqual(MARTS)
})
