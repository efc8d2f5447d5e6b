/** What `runner-bandit sql --help` says there is. */
import { Command } from 'commander'
import { expect, test } from 'vitest'
import { addQuestions } from '../../../functions/cli/questions.ts'
import { loadCatalogue } from '../../../shared/runtime/sql.ts'

const { tables, views } = loadCatalogue()

function helpOfSql(): string {
  const said: string[] = []
  const program = new Command('runner-bandit')
  addQuestions(program)
  const sql = program.commands.find((command) => command.name() === 'sql')
  sql?.configureOutput({ writeOut: (text) => said.push(text) }).outputHelp()
  return said.join('')
}

test('the help of sql lists every table, and every view that no other view reads', () => {
  const help = helpOfSql()
  const said = (name: string) => new RegExp(`\\b${name}\\b`).test(help)
  const texts = [...views.values()].join('\n')
  const last = [...views.keys()].filter((name) => !new RegExp(`ci_metrics\\.${name}\\b`).test(texts))
  expect(last.length).toBeGreaterThan(5)
  expect([...tables.keys(), ...last].filter((name) => !said(name))).toEqual([])
})

test('the help of sql lists no view that is not there, and fits a terminal', () => {
  const help = helpOfSql()
  const listed = [...help.matchAll(/^ {2}([a-z]+_[a-z_]+|drift) {2}/gm)].map(([, name]) => name)
  expect(listed.length).toBeGreaterThan(10)
  expect(listed.filter((name) => !views.has(name ?? ''))).toEqual([])
  expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120)
})
