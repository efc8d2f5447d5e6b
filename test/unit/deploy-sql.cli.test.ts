/** The command deploy-sql: what it prints, and how it ends. */
import { Command } from 'commander'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { addDeploySql, sayDeployed } from '../../functions/cli/deploy.ts'
import { loadCatalogue } from '../../shared/runtime/sql.ts'
import { playedBigquery } from '../support/bigquery.ts'

const { tables, views } = loadCatalogue()
const ALL = tables.size + views.size

afterEach(() => {
  process.exitCode = undefined
})

/** What the command prints on stdout. */
async function run(schema: Awaited<ReturnType<typeof playedBigquery>>['schema'], ...args: string[]) {
  const printed: string[] = []
  const { log, error } = console
  console.log = (text: string) => printed.push(text)
  console.error = () => {}
  onTestFinished(() => {
    Object.assign(console, { log, error })
  })
  const program = new Command('runner-bandit').option('--json')
  addDeploySql(program, async () => schema)
  await program.parseAsync(['deploy-sql', ...args], { from: 'user' })
  Object.assign(console, { log, error })
  return printed.join('\n')
}

test('makes what is missing, and says so', async () => {
  const { schema } = await playedBigquery({ bare: true })
  expect(await run(schema)).toBe(`${1 + ALL} steps done. ci_metrics is what sql/ describes.`)
  expect(await schema.present()).toHaveLength(ALL)
})

test('a dry run prints statements that can be run as they are, and makes nothing', async () => {
  const { schema } = await playedBigquery({ bare: true })
  const printed = await run(schema, '--dry-run')
  expect(await schema.present()).toBeNull()
  expect(printed).toContain('-- create dataset ci_metrics: BigQuery takes it\nCREATE SCHEMA')
  expect(printed).toContain('-- create table resets: cannot be checked before')
  expect(printed).toMatch(
    new RegExp(`0 refused, ${ALL} that cannot be checked before others are done\\. Nothing was changed\\.$`),
  )
  for (const statement of printed.split(/;\n\n/).slice(0, -1)) await schema.define(statement)
  expect(await schema.present()).toHaveLength(ALL)
})

test('with --json prints the report', async () => {
  const { schema } = await playedBigquery()
  const report = JSON.parse(await run(schema, '--dry-run', '--json'))
  expect(report).toMatchObject({
    dry_run: true,
    steps: Array(views.size).fill({ check: { ok: true, reason: '' } }),
  })
  expect(process.exitCode).toBeUndefined()
})

test('a dry run that BigQuery refuses a statement of exits 1', async () => {
  const { fake, schema } = await playedBigquery()
  fake.faults.add({
    on: 'POST /jobs',
    how: { status: 400, reason: 'invalidQuery', message: 'No\nsuch view.' },
  })
  expect(await run(schema, '--dry-run')).toContain(': BIGQUERY REFUSES IT: No such view.\n')
  expect(process.exitCode).toBe(1)
})

test('one step is told as one', () => {
  expect(sayDeployed({ dry_run: false, steps: [{ what: 'create table t', ddl: '' }] })).toMatch(
    /^1 step done\./,
  )
})
